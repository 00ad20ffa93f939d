package messageotp

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode"
)

// challenge is a code that was sent, as the flow remembers it.
type challenge struct {
	Salt  []byte `json:"salt"` // of this code alone; names it where it is remembered as used
	Sum   []byte `json:"sum"`
	Until int64  `json:"until"` // Unix seconds
	Tries int    `json:"tries,omitempty"`
}

// newCode draws a code: every one of its 10ⁿ values is as likely as the others.
func newCode(digits int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		panic(err) // crypto/rand ends the program rather than fail
	}
	return fmt.Sprintf("%0*d", digits, n)
}

// newChallenge remembers a code that is good for what it is bound to.
func newChallenge(code string, until time.Time, bound ...string) *challenge {
	salt := make([]byte, 16)
	rand.Read(salt)
	return &challenge{Salt: salt, Sum: sum(salt, code, bound), Until: until.Unix()}
}

// fits compares in constant time. A code fits only together with the flow, the address and the transaction it was sent for.
func (c *challenge) fits(code string, bound ...string) bool {
	return hmac.Equal(c.Sum, sum(c.Salt, code, bound))
}

func (c *challenge) alive(now time.Time) bool { return now.Unix() < c.Until && c.Tries < maxTries }

func sum(salt []byte, code string, bound []string) []byte {
	mac := hmac.New(sha256.New, salt)
	for _, part := range append([]string{code}, bound...) {
		// With its length before it no part can pass for the end of another.
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

func (c *challenge) is(salt []byte) bool { return bytes.Equal(c.Salt, salt) }

// typed reads a code as people type it. It returns false for what cannot be a code.
func typed(s string, digits int) (code string, ok bool) {
	if len(s) > 64 {
		return "", false
	}
	code = strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || c == '-' {
			return -1
		}
		return c
	}, s)
	return code, len(code) == digits && strings.Trim(code, "0123456789") == ""
}

// spoken writes a code for a voice: digit by digit, with a pause after each.
func spoken(code string) string { return strings.Join(strings.Split(code, ""), ", ") }
