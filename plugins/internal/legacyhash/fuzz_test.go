package legacyhash

import (
	"errors"
	"testing"
	"time"
)

// FuzzParse looks for rows that panic, that give an error of another kind, or that pass though they cost more than the bounds allow.
func FuzzParse(f *testing.F) {
	specs := []Spec{
		{}, {Format: "django"}, {Format: "werkzeug"}, digestSpec("sha256", "after"), {Format: "crypt"},
		{Format: "digest", Digest: "sha1", Encoding: "base64", Layout: layoutPackedHead, Salt: SaltSpec{Position: "before"}},
		{Format: "pbkdf2", Digest: "sha256", Encoding: "ab64", Rounds: 10, Layout: layoutSaltHash, Separator: "$"},
	}
	var schemes []*Scheme
	bounds := Bounds{Memory: 1 << 20, Time: 20 * time.Millisecond}
	for _, spec := range specs {
		s, err := NewScheme(spec, bounds)
		if err != nil {
			f.Fatal(err)
		}
		schemes = append(schemes, s)
	}
	for _, v := range allVectors() {
		f.Add(byte(0), v.in.Encoded, v.in.Salt, v.in.User)
	}
	f.Add(byte(3), "5bb7456f43e3610363f68ad6de82b8b96f3fc9ad24e9d1f1f8d8bd89638db7c0:12480864321", "", "")
	f.Fuzz(func(t *testing.T, which byte, encoded, salt, user string) {
		h, err := schemes[int(which)%len(schemes)].Parse(Input{encoded, salt, user})
		if err != nil {
			var format *FormatError
			var bound *BoundsError
			if !errors.As(err, &format) && !errors.As(err, &bound) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if c := h.Cost(); c.Memory > bounds.Memory || c.Time > bounds.Time+time.Millisecond {
			t.Fatalf("%v costs %v", h, c)
		}
		if h.Verify([]byte("a password that nobody has \x00\xff")) {
			t.Fatalf("%v matches anything", h)
		}
	})
}
