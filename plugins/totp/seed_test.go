package totp

import (
	"testing"
	"time"
)

// The vectors of RFC 6238 appendix B.
func TestVectors(t *testing.T) {
	t.Parallel()
	const digits = "1234567890123456789012345678901234567890123456789012345678901234"
	seeds := map[string]string{"SHA1": digits[:20], "SHA256": digits[:32], "SHA512": digits[:64]}
	for _, v := range []struct {
		unix      int64
		algorithm string
		code      string
	}{
		{59, "SHA1", "94287082"}, {59, "SHA256", "46119246"}, {59, "SHA512", "90693936"},
		{1111111109, "SHA1", "07081804"}, {1111111109, "SHA256", "68084774"}, {1111111109, "SHA512", "25091201"},
		{1111111111, "SHA1", "14050471"}, {1111111111, "SHA256", "67062674"}, {1111111111, "SHA512", "99943326"},
		{1234567890, "SHA1", "89005924"}, {1234567890, "SHA256", "91819424"}, {1234567890, "SHA512", "93441116"},
		{2000000000, "SHA1", "69279037"}, {2000000000, "SHA256", "90698825"}, {2000000000, "SHA512", "38618901"},
		{20000000000, "SHA1", "65353130"}, {20000000000, "SHA256", "77737706"}, {20000000000, "SHA512", "47863826"},
	} {
		s := seed{base32NoPadding.EncodeToString([]byte(seeds[v.algorithm])), v.algorithm, 8, 30}
		at := time.Unix(v.unix, 0)
		if got := codeAt(t, s, at); got != v.code {
			t.Errorf("%s at %d: %s, want %s", v.algorithm, v.unix, got, v.code)
		}
		s.Digits = 6
		if got := codeAt(t, s, at); got != v.code[2:] {
			t.Errorf("%s at %d with 6 digits: %s, want %s", v.algorithm, v.unix, got, v.code[2:])
		}
	}
}

func TestNewSeedsDiffer(t *testing.T) {
	t.Parallel()
	for algorithm, bytes := range map[string]int{"SHA1": 20, "SHA256": 32, "SHA512": 64} {
		c := Config{Algorithm: algorithm, Digits: 6, Period: 30}
		one, two := newSeed(c), newSeed(c)
		if one.Secret == two.Secret || one.check() != nil {
			t.Errorf("%s: %v, %v", algorithm, one, one.check())
		}
		if secret, err := base32NoPadding.DecodeString(one.Secret); err != nil || len(secret) != bytes {
			t.Errorf("%s: a seed of %d bytes, %v", algorithm, len(secret), err)
		}
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"123456": "123456", " 123 456 ": "123456", "123-456": "123456", "123\u00a0456": "123456", "12345678": "12345678", "1234 5678": "12345678",
		"": "", "12345": "", "1234567": "", "123456789": "", "12345a": "", "+12345": "", "１２３４５６": "", "٣٤٥٦٧٨": "", "\x00123456": "", "123456\xff": "",
	} {
		if got, ok := typed(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %t", in, got, ok)
		}
	}
}

func FuzzTyped(f *testing.F) {
	for _, s := range []string{"", "123456", "12 34 56", "१२३४५६", "--------", "1234567890123456789012345678901234567890"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := typed(s)
		if !ok {
			return
		}
		for _, c := range code {
			if c < '0' || c > '9' {
				t.Fatalf("%q is read as %q", s, code)
			}
		}
		if len(code) != 6 && len(code) != 8 {
			t.Fatalf("%q is read as %q", s, code)
		}
	})
}
