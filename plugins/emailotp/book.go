package emailotp

import (
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// book knows e-mail addresses.
type book struct{}

const (
	maxLocal  = 64  // RFC 5321 section 4.5.3.1.1
	maxDomain = 255 // section 4.5.3.1.2
)

// Parse implements [messageotp.Book]. It takes what mailboxes of people look like: no quotes, no comments, no names, no addresses of
// machines. A domain with letters beyond ASCII is kept as mail servers know it (RFC 5890).
func (book) Parse(typed, _ string) (address, problem string) {
	typed = strings.TrimSpace(typed)
	at := strings.LastIndexByte(typed, '@')
	if at < 1 {
		return "", "error.email"
	}
	local := typed[:at]
	domain, err := idna.Lookup.ToASCII(strings.TrimSuffix(typed[at+1:], "."))
	if err != nil || !strings.Contains(domain, ".") || len(domain) > maxDomain || len(local) > maxLocal {
		return "", "error.email"
	}
	for _, c := range local {
		if c <= ' ' || c > '~' || strings.ContainsRune(`"(),:;<>@[\]`, c) {
			return "", "error.email"
		}
	}
	address = local + "@" + domain
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || parsed.Name != "" {
		return "", "error.email"
	}
	return address, ""
}

// Mask implements [messageotp.Book]: the first character and the domain.
func (book) Mask(address string) string {
	at := strings.LastIndexByte(address, '@')
	return address[:1] + "•••" + address[at:]
}

// Reaches implements [messageotp.Book].
func (book) Reaches(string, string) bool { return true }
