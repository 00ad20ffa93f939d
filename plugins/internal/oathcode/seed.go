package oathcode

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strings"
	"unicode"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// algorithms are the hashes of RFC 6238, with the length that it gives the seed of each.
var algorithms = map[string]struct {
	otp     otp.Algorithm
	seedLen int
}{
	"SHA1":   {otp.AlgorithmSHA1, 20},
	"SHA256": {otp.AlgorithmSHA256, 32},
	"SHA512": {otp.AlgorithmSHA512, 64},
}

// SeedLength is the length in bytes of a new seed for an algorithm, 0 for one that does not exist.
func SeedLength(algorithm string) int { return algorithms[algorithm].seedLen }

// The sizes of a seed in bytes: 128 bits are required by RFC 4226 (R6).
const (
	minSeed = 16
	maxSeed = 128
)

// Seed is what a device and we share, and how codes are made of it.
type Seed struct {
	Secret    string `json:"secret"`    // base32 without padding
	Algorithm string `json:"algorithm"` // SHA1, SHA256 or SHA512
	Digits    int    `json:"digits"`    // 6 or 8
}

var base32NoPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

// EncodeSecret writes a secret as Seed.Secret has it.
func EncodeSecret(secret []byte) string { return base32NoPadding.EncodeToString(secret) }

// NewSeed makes a seed of the length that RFC 6238 gives the algorithm, which must exist.
func NewSeed(algorithm string, digits int) Seed {
	secret := make([]byte, SeedLength(algorithm))
	rand.Read(secret)
	return Seed{EncodeSecret(secret), algorithm, digits}
}

// Check refuses seeds that no code should be made of.
func (s Seed) Check() error {
	secret, err := base32NoPadding.DecodeString(s.Secret)
	switch {
	case err != nil || base32NoPadding.EncodeToString(secret) != s.Secret: // decoders read more than they write
		return errors.New("the secret must be base32 (A to Z, 2 to 7), complete")
	case len(secret) < minSeed:
		return errors.New("the secret must have 128 bits or more (26 characters), as RFC 4226 requires")
	case len(secret) > maxSeed:
		return errors.New("the secret must have at most 1,024 bits")
	case SeedLength(s.Algorithm) == 0:
		return errors.New("the algorithm must be SHA1, SHA256 or SHA512")
	case s.Digits != 6 && s.Digits != 8:
		return errors.New("the digits must be 6 or 8")
	}
	return nil
}

// Code returns the code of a moving factor: a count of presses or of periods.
func (s Seed) Code(factor int64) (string, error) {
	return hotp.GenerateCodeCustom(s.Secret, uint64(factor), hotp.ValidateOpts{
		Digits: otp.Digits(s.Digits), Algorithm: algorithms[s.Algorithm].otp,
	})
}

// Match returns the latest factor from first to last whose code this is. It computes and compares every code of the window, whichever
// matches, in constant time.
//
// Errors: the seed is damaged.
func (s Seed) Match(code string, first, last int64) (factor int64, ok bool, err error) {
	for at := first; at <= last; at++ {
		want, err := s.Code(at)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(code), []byte(want)) == 1 {
			factor, ok = at, true
		}
	}
	return factor, ok, nil
}

// Typed reads a code as people type it. It returns false for what cannot be a code of any device.
func Typed(s string) (code string, ok bool) {
	if len(s) > 64 {
		return "", false
	}
	code = strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || c == '-' {
			return -1
		}
		return c
	}, s)
	return code, (len(code) == 6 || len(code) == 8) && strings.Trim(code, "0123456789") == ""
}
