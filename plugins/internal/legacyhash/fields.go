package legacyhash

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// The lengths that a hash may have, in bytes. A sum shorter than minSum would let one password in so many match by chance.
const (
	maxEncoded = 4096
	minSum     = 16
	maxSum     = 512 // 389 Directory Server has 256
	maxSalt    = 512
	maxUser    = 256
)

// FormatError refuses what is not of the shape that its format has.
type FormatError struct {
	Format  string // empty when the shape is of none
	Problem string
}

func (e *FormatError) Error() string {
	if e.Format == "" {
		return e.Problem
	}
	return e.Format + ": " + e.Problem
}

func malformed(format, problem string, args ...any) error {
	return &FormatError{format, fmt.Sprintf(problem, args...)}
}

// number reads a decimal number without sign or leading zero, so that no parser after this one can read another.
func number(parameter, digits string, least, most int64) (int64, error) {
	if digits == "" || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' && len(digits) > 1 {
		return 0, &FormatError{Problem: "the " + parameter + " must be a decimal number"}
	}
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, &BoundsError{parameter, fmt.Sprintf("a number of %d digits", len(digits)), least, most}
	}
	return value, within(parameter, value, least, most)
}

// setting reads "name=number".
func setting(parameter, name, text string, least, most int64) (int64, error) {
	digits, ok := strings.CutPrefix(text, name+"=")
	if !ok {
		return 0, &FormatError{Problem: "the " + parameter + " must be given as " + name + "=NUMBER"}
	}
	return number(parameter, digits, least, most)
}

// The alphabets of crypt(3), which has its own order, and of bcrypt, which has a third one. Both have the same characters.
const (
	cryptAlphabet  = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// ofAlphabet says whether s has exactly length characters, all of crypt(3)'s alphabet.
func ofAlphabet(s string, length int) bool {
	return len(s) == length && strings.Trim(s, cryptAlphabet) == ""
}

// cryptEncode is the base64 of crypt(3), phpass and yescrypt: 24 bits at a time, the lowest first.
func cryptEncode(src []byte) []byte {
	dst := make([]byte, 0, (len(src)*8+5)/6)
	for len(src) > 0 {
		var bits, width uint
		for ; width < 24 && len(src) > 0; width += 8 {
			bits |= uint(src[0]) << width
			src = src[1:]
		}
		for done := uint(0); done < width; done += 6 {
			dst = append(dst, cryptAlphabet[bits>>done&63])
		}
	}
	return dst
}

// encoding names how bytes are written; see [decode].
type encoding string

const (
	encText      encoding = "text" // the bytes themselves
	encHex       encoding = "hex"  // either case
	encBase64    encoding = "base64"
	encBase64URL encoding = "base64url"
	encUnpadded  encoding = "base64 without padding" // of the PHC string format
	encAdapted   encoding = "ab64"                   // passlib's: '.' for '+', no padding
)

// decode reads bytes of least to most in number. Padding may be there or not where the encoding has it; white space may not, as base64 would skip it, and nor may
// bits that no encoder writes: two spellings of one hash would be two rows.
func decode(what string, e encoding, s string, least, most int) ([]byte, error) {
	var b []byte
	var err error
	switch e {
	case encText:
		b = []byte(s)
	case encHex:
		b, err = hex.DecodeString(s)
	case encBase64, encBase64URL, encUnpadded, encAdapted:
		if strings.ContainsAny(s, "\r\n") {
			return nil, &FormatError{Problem: "the " + what + " has line breaks"}
		}
		if e == encBase64 || e == encBase64URL {
			s = unpadded(s)
		}
		codec := base64.RawStdEncoding
		if e == encBase64URL {
			codec = base64.RawURLEncoding
		}
		if e == encAdapted {
			s = strings.ReplaceAll(s, ".", "+")
		}
		b, err = codec.Strict().DecodeString(s)
	default:
		return nil, &FormatError{Problem: "unknown encoding of the " + what}
	}
	if err != nil {
		return nil, &FormatError{Problem: fmt.Sprintf("the %s is not complete %s", what, e)}
	}
	if len(b) < least || len(b) > most {
		return nil, &BoundsError{"length of the " + what + " in bytes", strconv.Itoa(len(b)), int64(least), int64(most)}
	}
	return b, nil
}

// unpadded takes off the padding that s must have if it has any.
func unpadded(s string) string {
	bare := strings.TrimRight(s, "=")
	if pad := len(s) - len(bare); pad > 0 && (pad > 2 || len(s)%4 != 0) {
		return s // wrong, and found so
	}
	return bare
}
