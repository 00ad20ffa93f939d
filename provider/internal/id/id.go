// Package id makes identifiers. It owns their length and alphabet and nothing else.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
)

// New returns 128 random bits in URL-safe base64: 22 characters of [A-Za-z0-9_-].
func New() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewSubject returns an OIDC sub: 128 random bits in lower-case base32, 26 characters of [a-z2-7]. Relying parties
// put it in URLs, file names and case-insensitive columns, so it has neither case nor punctuation.
func NewSubject() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return lower.EncodeToString(b[:])
}
