package oathcode_test

import (
	"encoding/base32"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/internal/oathcode"
)

func codeAt(t testing.TB, s oathcode.Seed, factor int64) string {
	t.Helper()
	code, err := s.Code(factor)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

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
		s := oathcode.Clock{Seed: oathcode.Seed{Secret: oathcode.EncodeSecret([]byte(seeds[v.algorithm])), Algorithm: v.algorithm, Digits: 8}, Period: 30}
		at := s.StepAt(time.Unix(v.unix, 0))
		if got := codeAt(t, s.Seed, at); got != v.code {
			t.Errorf("%s at %d: %s, want %s", v.algorithm, v.unix, got, v.code)
		}
		s.Digits = 6
		if got := codeAt(t, s.Seed, at); got != v.code[2:] {
			t.Errorf("%s at %d with 6 digits: %s, want %s", v.algorithm, v.unix, got, v.code[2:])
		}
	}
}

// The vectors of RFC 4226 appendix D.
func TestEventVectors(t *testing.T) {
	t.Parallel()
	s := oathcode.Seed{Secret: oathcode.EncodeSecret([]byte("12345678901234567890")), Algorithm: "SHA1", Digits: 6}
	for n, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := codeAt(t, s, int64(n)); got != want {
			t.Errorf("code %d: %s, want %s", n, got, want)
		}
	}
}

func TestNewSeedsDiffer(t *testing.T) {
	t.Parallel()
	for algorithm, bytes := range map[string]int{"SHA1": 20, "SHA256": 32, "SHA512": 64} {
		one, two := oathcode.NewSeed(algorithm, 6), oathcode.NewSeed(algorithm, 6)
		if one.Secret == two.Secret || one.Check() != nil {
			t.Errorf("%s: %v, %v", algorithm, one, one.Check())
		}
		if secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(one.Secret); err != nil || len(secret) != bytes {
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
		if got, ok := oathcode.Typed(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %t", in, got, ok)
		}
	}
}

func FuzzTyped(f *testing.F) {
	for _, s := range []string{"", "123456", "12 34 56", "१२३४५६", "--------", "1234567890123456789012345678901234567890"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := oathcode.Typed(s)
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
