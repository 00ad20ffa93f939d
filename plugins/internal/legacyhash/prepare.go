package legacyhash

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"unicode/utf8"
)

// Step is one thing that the old system did to a password before it hashed it. Those that need text (trim, upper, lower, and truncate by
// characters) must come before those that make bytes of it (charset, digest, hmac).
type Step struct {
	// Do is one of:
	//
	//	trim         white space off both ends
	//	upper lower  the case of every letter
	//	upper-ascii  the case of a to z only, as C's toupper did
	//	truncate     to Bytes, or to Characters
	//	charset      to Charset; see there
	//	append       Secret
	//	prepend      Secret
	//	digest       the digest Digest, written in Encoding
	//	hmac         the HMAC under Secret, written in Encoding
	Do string `json:"do"`

	Bytes      int `json:"bytes,omitempty"`
	Characters int `json:"characters,omitempty"`
	// Charset is windows-1252, iso-8859-1, iso-8859-15, ibm037, ibm1047, ibm1140, utf-16le or utf-16be. The password is normalised to NFC
	// first, as the tables have no combining accents.
	Charset string `json:"charset,omitempty"`
	// Replace is what stands in for a character that Charset does not have, as many converters wrote "?". Without it no password that has
	// one matches. With it, all such characters are one.
	Replace  string `json:"replace,omitempty"`
	Digest   string `json:"digest,omitempty"`
	Encoding string `json:"encoding,omitempty"` // hex (the default), HEX, base64, base64url or raw
	Secret   Secret `json:"secret,omitempty"`
}

// pipeline is the steps, compiled.
type pipeline []func(password []byte) (out []byte, possible bool)

// apply goes all the way whether or not the password can be prepared.
func (p pipeline) apply(password []byte) (out []byte, possible bool) {
	possible = true
	for _, step := range p {
		var ok bool
		password, ok = step(password)
		possible = possible && ok
	}
	return password, possible
}

const maxSteps = 8

func newPipeline(steps []Step) (pipeline, error) {
	if err := within("number of steps of prepare", int64(len(steps)), 0, maxSteps); err != nil {
		return nil, err
	}
	var p pipeline
	isBytes := false
	for _, s := range steps {
		f, needsText, makesBytes, err := s.compile()
		if err != nil {
			return nil, err
		}
		if needsText && isBytes {
			return nil, malformed("", "the step %s works on text and must come before charset, digest, hmac and truncate by bytes", s.Do)
		}
		isBytes = isBytes || makesBytes
		p = append(p, f)
	}
	return p, nil
}

func always(f func([]byte) []byte) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) { return f(b), true }
}

func (s Step) compile() (f func([]byte) ([]byte, bool), needsText, makesBytes bool, err error) {
	if (s.Do == "append" || s.Do == "prepend" || s.Do == "hmac") != (s.Secret != "") {
		return nil, false, false, malformed("", "the steps append, prepend and hmac need a secret, and no other has one")
	}
	if len(s.Secret) > MaxPassword {
		return nil, false, false, malformed("", "the secret has more than %d bytes", MaxPassword)
	}
	secret := []byte(s.Secret)
	switch s.Do {
	case "trim":
		return always(bytes.TrimSpace), true, false, nil
	case "upper":
		return always(bytes.ToUpper), true, false, nil
	case "lower":
		return always(bytes.ToLower), true, false, nil
	case "upper-ascii":
		return always(upperASCII), true, false, nil
	case "truncate":
		f, err = s.truncate()
		return f, s.Characters > 0, s.Bytes > 0, err
	case "charset":
		f, err = charset(s.Charset, s.Replace)
		return f, true, true, err
	case "append":
		return always(func(b []byte) []byte { return append(b[:len(b):len(b)], secret...) }), false, false, nil
	case "prepend":
		return always(func(b []byte) []byte { return append(secret[:len(secret):len(secret)], b...) }), false, false, nil
	case "digest", "hmac":
		f, err = s.hashed(secret)
		return f, false, true, err
	}
	return nil, false, false, malformed("", "no step is called so: trim, upper, lower, upper-ascii, truncate, charset, append, prepend, digest or hmac")
}

func upperASCII(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, b)
}

func (s Step) truncate() (func([]byte) ([]byte, bool), error) {
	if s.Bytes > 0 && s.Characters == 0 {
		return always(func(b []byte) []byte { return b[:min(len(b), s.Bytes)] }), nil
	}
	if s.Characters <= 0 || s.Bytes != 0 {
		return nil, malformed("", "the step truncate needs a number of bytes or of characters")
	}
	return always(func(b []byte) []byte {
		end := 0
		for range s.Characters {
			_, n := utf8.DecodeRune(b[end:])
			end += n
		}
		return b[:end]
	}), nil
}

func (s Step) hashed(secret []byte) (func([]byte) ([]byte, bool), error) {
	d, ok := digestOf(s.Digest)
	if !ok {
		return nil, malformed("", "digest must be one of md5, sha1, sha224, sha256, sha384, sha512")
	}
	var write func(dst, src []byte) []byte
	switch s.Encoding {
	case "", "hex":
		write = hex.AppendEncode
	case "HEX":
		write = func(dst, src []byte) []byte { return bytes.ToUpper(hex.AppendEncode(dst, src)) }
	case "base64":
		write = base64.StdEncoding.AppendEncode
	case "base64url":
		write = base64.RawURLEncoding.AppendEncode
	case "raw":
		write = func(dst, src []byte) []byte { return append(dst, src...) }
	default:
		return nil, malformed("", "the encoding of a step must be one of hex, HEX, base64, base64url, raw")
	}
	return always(func(b []byte) []byte {
		if s.Do == "hmac" {
			return write(nil, d.hmac(secret, b))
		}
		return write(nil, d.sum(b))
	}), nil
}
