package op

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/varco-id/varco/provider/internal/sealing"
)

// A refresh token is grant "." generation "." MAC. It is derived, never stored: a stolen database holds none, and a forged
// one is refused before the database is asked.

func refreshToken(box sealing.Box, grantID string, generation int64) string {
	g := strconv.FormatInt(generation, 10)
	return grantID + "." + g + "." + refreshMAC(box, grantID, g)
}

func refreshMAC(box sealing.Box, grantID, generation string) string {
	m := box.MAC(sealing.PurposeRefresh, grantID, generation)
	return base64.RawURLEncoding.EncodeToString(m[:])
}

// parseRefresh returns the grant and the generation of a refresh token that we made, false for anything else.
func parseRefresh(box sealing.Box, token string) (grantID string, generation int64, ok bool) {
	if len(token) > 128 {
		return "", 0, false
	}
	grantID, rest, ok := strings.Cut(token, ".")
	if !ok {
		return "", 0, false
	}
	g, mac, ok := strings.Cut(rest, ".")
	if !ok || subtle.ConstantTimeCompare([]byte(mac), []byte(refreshMAC(box, grantID, g))) != 1 {
		return "", 0, false
	}
	generation, err := strconv.ParseInt(g, 10, 64)
	return grantID, generation, err == nil
}
