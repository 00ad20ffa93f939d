package legacyhash

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func (v vector) name(i int) string {
	return fmt.Sprintf("%03d %s", i, v.format)
}

func (v vector) scheme(t *testing.T) *Scheme {
	t.Helper()
	s, err := NewScheme(v.spec, Bounds{})
	if err != nil {
		t.Fatalf("%s: %v", v.source, err)
	}
	return s
}

// flipped changes one bit or so of the sum, within its alphabet.
func (v vector) flipped() Input {
	at := v.flip
	if at == 0 {
		at = 4
	}
	in, b := v.in, []byte(v.in.Encoded)
	i := len(b) - at
	switch c := b[i]; c {
	case '9', 'z', 'Z', 'f', 'F', '/', '.', '+':
		b[i] = '0'
	default:
		b[i] = c + 1
	}
	in.Encoded = string(b)
	return in
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for i, v := range allVectors() {
		t.Run(v.name(i), func(t *testing.T) {
			t.Parallel()
			s := v.scheme(t)
			h, err := s.Parse(v.in)
			if err != nil {
				t.Fatalf("%s: %v", v.source, err)
			}
			if h.Format() != v.format {
				t.Errorf("%s: recognised as %s", v.source, h.Format())
			}
			if !h.Verify([]byte(v.password)) {
				t.Errorf("%s: the published password does not match", v.source)
			}
			if c := h.Cost(); c.Time <= 0 || strings.Contains(h.String(), "$") {
				t.Errorf("%s: costs %v", v.source, c)
			}
			if v.slow {
				return
			}
			// bcrypt looks at 72 bytes only, crypt(3) of DES at 8, so a mistake must be made at the beginning.
			for _, wrong := range []string{"x" + v.password, "Y" + strings.ToUpper(v.password), ""} {
				if wrong != v.password && h.Verify([]byte(wrong)) {
					t.Errorf("%s: %q matches too", v.source, wrong)
				}
			}
			if h.Dummy().Verify([]byte(v.password)) {
				t.Errorf("%s: the dummy matches", v.source)
			}
			other, err := s.Parse(v.flipped())
			if err == nil && other.Verify([]byte(v.password)) {
				t.Errorf("%s: a changed sum matches too: %s", v.source, v.flipped().Encoded)
			}
		})
	}
}

// A row that was cut off, or that another was written over the end of, must not become a hash of something else.
func TestMutilatedRows(t *testing.T) {
	t.Parallel()
	for i, v := range allVectors() {
		t.Run(v.name(i), func(t *testing.T) {
			t.Parallel()
			s := v.scheme(t)
			for n := range len(v.in.Encoded) {
				in := v.in
				in.Encoded = in.Encoded[:n]
				if h, err := s.Parse(in); err == nil && !v.open && strings.TrimRight(v.in.Encoded, "=") != strings.TrimRight(in.Encoded, "=") {
					t.Errorf("%s: the first %d bytes are read as %v", v.source, n, h)
				}
			}
			for _, tail := range []string{"A", "=", "$", "\n", "\x00", " "} {
				in := v.in
				in.Encoded += tail
				if strings.Contains(v.format, "keycloak") && strings.TrimSpace(tail) == "" {
					continue // which JSON may have
				}
				if h, err := s.Parse(in); err == nil && !v.open {
					t.Errorf("%s: read as %v with %q behind it", v.source, h, tail)
				}
			}
			in := v.in
			in.Encoded += strings.Repeat("A", maxEncoded)
			var bounds *BoundsError
			if _, err := s.Parse(in); !errors.As(err, &bounds) {
				t.Errorf("%s: with 4 KiB behind it: %v", v.source, err)
			}
		})
	}
}

// What an error says goes into a report that more people see than may see hashes.
func TestErrorsDoNotRepeatTheHash(t *testing.T) {
	t.Parallel()
	for _, v := range allVectors() {
		s, err := NewScheme(v.spec, Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		for _, tail := range []string{"!", "$!", "AAAA", "=", ":!"} {
			in := v.in
			in.Encoded += tail
			_, err := s.Parse(in)
			if err == nil {
				continue
			}
			end := len(v.in.Encoded) - max(v.flip, 4)
			if part := v.in.Encoded[end-4 : end]; strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q repeats %q", v.source, err, part)
			}
		}
	}
}
