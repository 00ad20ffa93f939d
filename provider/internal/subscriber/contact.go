package subscriber

import (
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Channel is a kind of address a person can be reached at; the words are those of delivery channels.
type Channel string

// The channels a person has one address of each.
const (
	Email  Channel = "email"
	Mobile Channel = "sms"
)

// Channels lists them.
var Channels = []Channel{Email, Mobile}

// Contact is an address of a subscriber, in use or given up.
type Contact struct {
	ID         string
	Subject    string
	Channel    Channel
	Lookup     []byte    // keyed hash of the folded address
	Sealed     []byte    // the address; sealing.ClassContact, where = {"contact", ID}
	VerifiedAt time.Time // zero: nobody proved that it is theirs
	CreatedAt  time.Time
	EndedAt    time.Time // zero: in use
}

// The longest addresses: RFC 5321 section 4.5.3.1.3 without the brackets, and E.164 with its plus.
const (
	maxEmail  = 254
	minMobile = 8
	maxMobile = 16
)

// ParseAddress brings an address to the form it is stored and sent to in: an e-mail address as written, a mobile number as
// E.164. fault.Invalid for what cannot be one. A number without its country is refused: guessing one could send a code to a stranger.
func ParseAddress(c Channel, s string) (string, error) {
	s = strings.TrimSpace(s)
	switch c {
	case Email:
		return parseEmail(s)
	case Mobile:
		return parseMobile(s)
	}
	return "", fault.New(fault.Invalid, "there is no such kind of address")
}

func parseEmail(s string) (string, error) {
	invalid := fault.New(fault.Invalid, "this is not an e-mail address like anna@example.org")
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > maxEmail || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		return "", invalid
	}
	if strings.ContainsAny(s, `"<>(),;:\[]`) { // lawful in quotes and comments, and in nobody's address
		return "", invalid
	}
	if !strings.Contains(domain, ".") || strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") || strings.Contains(domain, "..") {
		return "", invalid
	}
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return "", invalid
	}
	return s, nil
}

func parseMobile(s string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \u00a0-./()", r) {
			return -1
		}
		return r
	}, s)
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		digits = "+" + rest
	}
	number, ok := strings.CutPrefix(digits, "+")
	if !ok || len(digits) < minMobile || len(digits) > maxMobile || number[0] == '0' ||
		strings.ContainsFunc(number, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", fault.New(fault.Invalid, "this is not a number with its country, like +39 333 1234567")
	}
	return digits, nil
}

// FoldAddress is the form in which addresses are compared: mail systems ignore case, whatever RFC 5321 allows.
func FoldAddress(s string) string { return strings.ToLower(s) }

// MaskAddress shows enough of an address for its owner to know it by, and no more: a***@example.org, +39*****567.
func MaskAddress(c Channel, s string) string {
	if s == "" {
		return ""
	}
	if c == Email {
		local, domain, _ := strings.Cut(s, "@")
		for _, r := range local {
			return string(r) + "•••@" + domain
		}
		return "•••@" + domain
	}
	if len(s) < minMobile {
		return "•••"
	}
	return s[:3] + "•••••" + s[len(s)-3:]
}
