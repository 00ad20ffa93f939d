package relyingparty

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

// NewSecret returns a secret of 256 random bits in URL-safe base64 (43 characters) and what is stored of it. The secret is
// shown once; one SHA-256 suffices, because nobody can enumerate 2^256 inputs.
func NewSecret() (secret string, hash []byte) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	secret = base64.RawURLEncoding.EncodeToString(b[:])
	return secret, hashSecret(secret)
}

func hashSecret(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// SecretMatches says whether secret is the relying party's, or its former one within the overlap of a rotation. Both are always
// compared, each in constant time, so that the time taken tells nothing.
func (c *Client) SecretMatches(secret string, now time.Time) bool {
	h := sha256.Sum256([]byte(secret))
	current := subtle.ConstantTimeCompare(h[:], c.SecretHash)
	former := subtle.ConstantTimeCompare(h[:], c.OldSecretHash)
	if !now.Before(c.OldSecretUntil) {
		former = 0
	}
	return current|former == 1
}
