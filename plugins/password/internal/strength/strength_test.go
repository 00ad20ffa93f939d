package strength

import (
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/password/internal/blocklist"
)

func TestScore(t *testing.T) {
	t.Parallel()
	own := []string{"mario.rossi", "rossi", "Banca Demo", "bancademo"}
	for _, c := range []struct {
		password string
		min, max int
	}{
		// The longest passwords people choose when length is all that is asked.
		{"aaaaaaaaaaaaaaa", 0, 0},
		{"123456789012345", 0, 1},
		{"passwordpassword", 0, 1},
		{"qwertyuiopasdfgh", 0, 1},
		{"abcdefghijklmnop", 0, 1},
		{"abcabcabcabcabc", 0, 0},
		{"PasswordPassword1", 0, 1},
		{"p4ssw0rdp4ssw0rd", 0, 1},
		{"drowssapdrowssap", 0, 1},
		{"bancademobancademo", 0, 0},
		{"password12345678", 0, 1},
		{"Forzajuventus1", 1, 3},
		{"ééééééééééééééé", 0, 1},
		// What a good choice looks like.
		{"cavallo graffetta batteria giusto", 4, 4},
		{"correct horse battery staple", 4, 4},
		{"D0g.....................", 0, 2},
		{"nF3#kq9!zLw8@pXv", 4, 4},
		{"猫は椅子の下で三回鳴いた朝のこと", 4, 4},
		{strings.Repeat("xq7!vB2?", 40), 2, 4},
	} {
		guesses := Guesses(c.password, blocklist.Shipped(), own)
		if got := Score(guesses); got < c.min || got > c.max {
			t.Errorf("%q: score %d (%.3g guesses), want %d to %d", c.password, got, guesses, c.min, c.max)
		}
	}
}

func TestScoreScale(t *testing.T) {
	t.Parallel()
	for guesses, want := range map[float64]int{1: 0, 1e3: 0, 1e4: 1, 1e7: 2, 1e9: 3, 1e11: 4} {
		if got := Score(guesses); got != want {
			t.Errorf("Score(%g) = %d, want %d", guesses, got, want)
		}
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]int{
		"25121980": 1980, "12251980": 1980, "19801225": 1980, "25/12/80": 1980, "1980-12-25": 1980, "251280": 1980,
		"1-1-2001": 2001, "01.02.03": 2003,
		"99999999": 0, "32/12/80": 0, "1/2": 0, "a/b/cdef": 0, "+1/-2/80": 0, "1234567": 0,
	} {
		if got, _, _ := day(token); got != want {
			t.Errorf("day(%q) = %d, want %d", token, got, want)
		}
	}
}

// FuzzGuesses holds the estimate to what callers rely on: it ends, on any bytes, with a positive number.
func FuzzGuesses(f *testing.F) {
	for _, s := range []string{"", "a", "\xff\xfe", "aaaa", "passw0rd", "25/12/1980", "猫は椅子", "ab\u0301ab\u0301", "qwe\u0130rty", strings.Repeat("z", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if g := Guesses(s, blocklist.Shipped(), []string{"rossi"}); !(g >= 1) {
			t.Fatalf("%q: %v guesses", s, g)
		}
	})
}

func BenchmarkGuesses(b *testing.B) {
	for _, s := range []string{"cavallo graffetta batteria giusto", strings.Repeat("xq7!", 16)} {
		b.Run(s[:8], func(b *testing.B) {
			for b.Loop() {
				Guesses(s, blocklist.Shipped(), nil)
			}
		})
	}
}
