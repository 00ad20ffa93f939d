package password

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxInput bounds what is looked at at all, in bytes: 256 characters of the longest kind.
const maxInput = 1024

// normalise puts a password into the one form in which it is hashed and compared: Unicode's NFC, so that an é typed
// as one character on one keyboard and as two on another is the same (SP 800-63B-4 section 3.1.1.2). Nothing is
// trimmed, cut or folded. What is not UTF-8 stays as it is, and matches nothing.
func normalise(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return norm.NFC.String(s)
}

// stable tells whether a new password will normalise to the same bytes for ever: the process for stabilised strings
// (UAX #15 section 12.1) refuses unassigned code points, to which a later Unicode may give a decomposition. Control
// characters are refused with them: no keyboard types them, and forms and terminals change them.
func stable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if unicode.Is(unicode.Cc, c) || !unicode.In(c, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cf, unicode.Co) {
			return false
		}
	}
	return true
}
