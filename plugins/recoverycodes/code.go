package recoverycodes

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

const (
	// symbols of a code, of 5 bits each: 80 bits. NIST SP 800-63B-4 asks for 64 of a saved recovery code (section 4.2.1.1), and for a
	// limit on guesses below that; here both hold.
	symbols = 16
	group   = 4
	// alphabet is Crockford's base32: no I, L, O or U, which are read as other symbols or make words.
	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// iterations of PBKDF2. A list is worth little to whoever steals the database (it is sealed, and 2⁸⁰ codes are many); NIST asks for a
	// key derivation function under 112 bits all the same.
	iterations = 10_000
	saltLen    = 16
)

// newCodes draws codes: every symbol is as likely as the others, as 256 is a multiple of 32.
func newCodes(n int) []string {
	codes := make([]string, n)
	for i := range codes {
		raw := make([]byte, symbols)
		rand.Read(raw)
		for j, b := range raw {
			raw[j] = alphabet[b%32]
		}
		codes[i] = string(raw)
	}
	return codes
}

// written is a code as people read it: in groups of four.
func written(code string) string {
	var parts []string
	for i := 0; i < len(code); i += group {
		parts = append(parts, code[i:min(i+group, len(code))])
	}
	return strings.Join(parts, "-")
}

// typed reads a code as people type it: in any case, with spaces or hyphens, with the letters that look like digits. It returns false for
// what cannot be a code.
func typed(s string) (code string, ok bool) {
	if len(s) > 128 {
		return "", false
	}
	code = strings.Map(func(c rune) rune {
		switch c {
		case ' ', '-', '\t', '\u00a0', '‐', '–', '—':
			return -1
		case 'O', 'o':
			return '0'
		case 'I', 'i', 'L', 'l':
			return '1'
		}
		if c >= 'a' && c <= 'z' {
			return c - 'a' + 'A'
		}
		return c
	}, s)
	return code, len(code) == symbols && strings.Trim(code, alphabet) == ""
}

func newSalt() []byte {
	salt := make([]byte, saltLen)
	rand.Read(salt)
	return salt
}

func hash(code string, salt []byte) []byte {
	sum, err := pbkdf2.Key(sha256.New, code, salt, iterations, sha256.Size)
	if err != nil {
		panic(err) // the parameters are constants, and good ones
	}
	return sum
}
