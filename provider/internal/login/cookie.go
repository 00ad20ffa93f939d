package login

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
)

// CodeFor derives the authorization code of a finished Flow: the flow's id and a MAC over it and the version it
// finished with. The same browser asking again gets the same code until it is redeemed, and the database holds
// nothing but the hash.
func CodeFor(box sealing.Box, flow string, version int64) string {
	m := box.MAC(sealing.PurposeCode, flow, strconv.FormatInt(version, 10))
	return flow + "." + base64.RawURLEncoding.EncodeToString(m[:])
}

// CodeHash is what is stored of a code, and looked up.
func CodeHash(code string) []byte {
	h := sha256.Sum256([]byte(code))
	return h[:]
}

func bindingHash(cookie string) []byte {
	h := sha256.Sum256([]byte(cookie))
	return h[:]
}

// ownBrowser says whether the cookie is the one of the browser that began the flow.
func ownBrowser(f *Flow, cookie string) bool {
	return cookie != "" && subtle.ConstantTimeCompare(f.BrowserHash, bindingHash(cookie)) == 1
}

// A known browser carries one entry per person who completed a login in it: id.day.MAC(id, day, sub). The subject
// itself is not in it, so the cookie names nobody.
const (
	knownSeparator = "~"
	knownMax       = 4
	knownDays      = 400
)

// knownBrowser returns the id under which this browser has a throttle budget of its own for the subject.
func knownBrowser(box sealing.Box, cookie, subject string, now time.Time) (string, bool) {
	if subject == "" {
		return "", false
	}
	for e := range knownEntries(cookie) {
		d, err := strconv.ParseInt(e.day, 10, 32)
		if err != nil || now.Unix()/86400-d > knownDays {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(e.mac), []byte(knownMAC(box, e.browser, e.day, subject))) == 1 {
			return e.browser, true
		}
	}
	return "", false
}

type knownEntry struct{ browser, day, mac string }

var browserSyntax = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// knownEntries yields the cookie's entries by their form alone, at most knownMax: what is read before the subject is known is all that
// can count for them.
func knownEntries(cookie string) iter.Seq[knownEntry] {
	return func(yield func(knownEntry) bool) {
		if len(cookie) > 512 {
			return
		}
		n := 0
		for e := range strings.SplitSeq(cookie, knownSeparator) {
			bid, rest, _ := strings.Cut(e, ".")
			day, mac, ok := strings.Cut(rest, ".")
			if !ok || !browserSyntax.MatchString(bid) {
				continue
			}
			if n++; n > knownMax || !yield(knownEntry{bid, day, mac}) {
				return
			}
		}
	}
}

// addKnownBrowser returns the cookie with an entry for the subject, the newest last.
func addKnownBrowser(box sealing.Box, cookie, bid, subject string, now time.Time) string {
	day := strconv.FormatInt(now.Unix()/86400, 10)
	var entries []string
	if cookie != "" && len(cookie) <= 512 {
		entries = strings.Split(cookie, knownSeparator)
	}
	entries = append(entries, bid+"."+day+"."+knownMAC(box, bid, day, subject))
	if len(entries) > knownMax {
		entries = entries[len(entries)-knownMax:]
	}
	return strings.Join(entries, knownSeparator)
}

func knownMAC(box sealing.Box, bid, day, subject string) string {
	m := box.MAC(sealing.PurposeKnownBrowser, bid, day, subject)
	return base64.RawURLEncoding.EncodeToString(m[:24])
}

func newKnownBrowser() string { return id.New() }
