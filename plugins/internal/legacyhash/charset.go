package legacyhash

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// charmapOf is a switch and not a map, so that a process which needs none pays for none.
func charmapOf(name string) *charmap.Charmap {
	switch name {
	case "windows-1252":
		return charmap.Windows1252
	case "iso-8859-1":
		return charmap.ISO8859_1
	case "iso-8859-15":
		return charmap.ISO8859_15
	case "ibm037":
		return charmap.CodePage037
	case "ibm1047":
		return charmap.CodePage1047
	case "ibm1140":
		return charmap.CodePage1140
	}
	return nil
}

// charset compiles the step of that name.
func charset(name, replace string) (func([]byte) ([]byte, bool), error) {
	switch name {
	case "utf-16le", "utf-16be":
		if replace != "" {
			return nil, malformed("", "%s has every character: there is nothing to replace", name)
		}
		return func(b []byte) ([]byte, bool) {
			out := utf16LE(norm.NFC.Bytes(b))
			if name == "utf-16be" {
				for i := 0; i < len(out); i += 2 {
					out[i], out[i+1] = out[i+1], out[i]
				}
			}
			return out, utf8.Valid(b)
		}, nil
	}
	m := charmapOf(name)
	if m == nil {
		return nil, malformed("", "the charset is not known: windows-1252, iso-8859-1, iso-8859-15, ibm037, ibm1047, ibm1140, utf-16le or utf-16be")
	}
	var stand byte
	if replace != "" {
		r, n := utf8.DecodeRuneInString(replace)
		b, ok := m.EncodeRune(r)
		if !ok || n != len(replace) {
			return nil, malformed("", "replace must be one character of the charset")
		}
		stand = b
	}
	return func(b []byte) ([]byte, bool) {
		composed := norm.NFC.Bytes(b)
		out, possible := make([]byte, 0, len(composed)), utf8.Valid(b)
		for _, r := range string(composed) {
			c, ok := m.EncodeRune(r)
			if !ok {
				c, possible = stand, possible && replace != ""
			}
			out = append(out, c)
		}
		return out, possible
	}, nil
}
