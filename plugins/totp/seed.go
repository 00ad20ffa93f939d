package totp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"time"

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

// The sizes of a seed in bytes: 128 bits are required by RFC 4226 (R6).
const (
	minSeed = 16
	maxSeed = 128
)

// maxDrift is how many steps a remembered clock may have gone wrong.
const maxDrift = 10

// seed is what the app and we share, and how codes are made of it.
type seed struct {
	Secret    string `json:"secret"` // base32 without padding
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    int    `json:"period"`
}

var base32NoPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

func newSeed(c Config) seed {
	secret := make([]byte, algorithms[c.Algorithm].seedLen)
	rand.Read(secret)
	return seed{base32NoPadding.EncodeToString(secret), c.Algorithm, c.Digits, c.Period}
}

// check refuses seeds that no code should be made of.
func (s seed) check() error {
	secret, err := base32NoPadding.DecodeString(s.Secret)
	switch {
	case err != nil || base32NoPadding.EncodeToString(secret) != s.Secret: // decoders read more than they write
		return errors.New("the secret must be base32 (A to Z, 2 to 7), complete")
	case len(secret) < minSeed:
		return errors.New("the secret must have 128 bits or more (26 characters), as RFC 4226 requires")
	case len(secret) > maxSeed:
		return errors.New("the secret must have at most 1,024 bits")
	case algorithms[s.Algorithm].seedLen == 0:
		return errors.New("the algorithm must be SHA1, SHA256 or SHA512")
	case s.Digits != 6 && s.Digits != 8:
		return errors.New("the digits must be 6 or 8")
	case s.Period != 30 && s.Period != 60:
		return errors.New("the period must be 30 or 60 seconds")
	}
	return nil
}

// stepAt counts periods since 1970 (RFC 6238 section 4).
func (s seed) stepAt(now time.Time) int64 { return now.Unix() / int64(s.Period) }

// code returns the code of a step.
func (s seed) code(step int64) (string, error) {
	return hotp.GenerateCodeCustom(s.Secret, uint64(step), hotp.ValidateOpts{
		Digits: otp.Digits(s.Digits), Algorithm: algorithms[s.Algorithm].otp,
	})
}

// match returns the latest step within skew of center whose code this is. It computes and compares every code of the
// window, whichever matches, in constant time.
//
// Errors: the seed is damaged.
func (s seed) match(code string, center int64, skew int) (step int64, ok bool, err error) {
	for at := center - int64(skew); at <= center+int64(skew); at++ {
		want, err := s.code(at)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(code), []byte(want)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok, nil
}
