package callback

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/varco-id/varco/provider/internal/sealing"
)

// nonceLife is how long a nonce is offered; the one before it is taken too, so each is good for one to two times this long.
const nonceLife = 2 * time.Minute

// nonces are the server's nonces for DPoP proofs (RFC 9449 section 8), the same on every replica and stored nowhere: each is derived
// from the time it belongs to. They say that a proof was made just now by whoever holds the key, whatever the phone's own clock says.
type nonces struct {
	box sealing.Box
}

func (n nonces) at(instance string, now time.Time, back int64) string {
	period := now.Unix()/int64(nonceLife/time.Second) - back
	mac := n.box.MAC(sealing.PurposeNonce, instance, strconv.FormatInt(period, 10))
	return base64.RawURLEncoding.EncodeToString(mac[:16])
}

// current is the nonce to use from now on.
func (n nonces) current(instance string, now time.Time) string { return n.at(instance, now, 0) }

// good says whether a proof made with the nonce is fresh.
func (n nonces) good(instance, nonce string, now time.Time) bool {
	ok := 0
	for back := range int64(2) {
		ok |= subtle.ConstantTimeCompare([]byte(nonce), []byte(n.at(instance, now, back)))
	}
	return ok == 1
}
