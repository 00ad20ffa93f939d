package session

import (
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/sealing"
)

// Limits is the operator's part of the configuration.
type Limits struct {
	Inactivity time.Duration // 5 min (RTS article 4(3)(d))
	Absolute   time.Duration // 12 h
}

// Cookie derives the value of a session's cookie. Nothing of it is stored: a stolen database holds no session.
func Cookie(box sealing.Box, id string) string {
	m := box.MAC(sealing.PurposeSession, id)
	return id + "." + base64.RawURLEncoding.EncodeToString(m[:])
}

// FromCookie returns the session id of a cookie value that we made, false for anything else.
func FromCookie(box sealing.Box, value string) (string, bool) {
	id, mac, ok := strings.Cut(value, ".")
	if !ok || len(id) != 22 || len(mac) != 43 {
		return "", false
	}
	m := box.MAC(sealing.PurposeSession, id)
	want := base64.RawURLEncoding.EncodeToString(m[:])
	return id, subtle.ConstantTimeCompare([]byte(mac), []byte(want)) == 1
}
