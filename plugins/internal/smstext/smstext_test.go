package smstext

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		alphabet string
		units    int
		segments int
		foreign  rune
	}{
		{"", GSM7, 0, 1, 0},
		{"Il codice è 123456", GSM7, 18, 1, 0},
		{strings.Repeat("a", 160), GSM7, 160, 1, 0},
		{strings.Repeat("a", 161), GSM7, 161, 2, 0},
		{strings.Repeat("a", 306), GSM7, 306, 2, 0},
		{strings.Repeat("a", 307), GSM7, 307, 3, 0},
		{"100 €", GSM7, 6, 1, 0},
		{strings.Repeat("€", 80), GSM7, 160, 1, 0},
		// The escape would be the 153rd septet of the first segment and its character the first of the second.
		{strings.Repeat("a", 152) + "€" + strings.Repeat("a", 7), GSM7, 161, 2, 0},
		{strings.Repeat("a", 152) + "€" + strings.Repeat("a", 151), GSM7, 305, 2, 0},
		{strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), GSM7, 306, 3, 0},
		{"l’utente", UCS2, 8, 1, '’'},
		{"perché ê", UCS2, 8, 1, 'ê'},
		{strings.Repeat("ê", 70), UCS2, 70, 1, 'ê'},
		{strings.Repeat("ê", 71), UCS2, 71, 2, 'ê'},
		{strings.Repeat("ê", 134), UCS2, 134, 2, 'ê'},
		{strings.Repeat("ê", 135), UCS2, 135, 3, 'ê'},
		{"a😀", UCS2, 3, 1, '😀'},
		{strings.Repeat("ê", 66) + "😀" + strings.Repeat("ê", 65), UCS2, 133, 2, 'ê'},
		{strings.Repeat("ê", 66) + "😀" + strings.Repeat("ê", 66), UCS2, 134, 3, 'ê'},
	} {
		if got, want := Measure(c.text), (Count{c.alphabet, c.units, c.segments, c.foreign}); got != want {
			t.Errorf("%.20q of %d: %+v, want %+v", c.text, len(c.text), got, want)
		}
	}
}

func TestTheAlphabet(t *testing.T) {
	t.Parallel()
	// 128 places: the basic table without its escape, and ten characters behind the escape.
	if n := utf8.RuneCountInString(basic); n != 127 {
		t.Errorf("the basic table has %d characters", n)
	}
	if n := utf8.RuneCountInString(extension); n != 10 {
		t.Errorf("the extension table has %d characters", n)
	}
	for _, c := range basic {
		if strings.ContainsRune(extension, c) || strings.Count(basic, string(c)) != 1 {
			t.Errorf("%q comes twice", c)
		}
	}
}

func FuzzMeasure(f *testing.F) {
	f.Add("a€😀\xff")
	f.Fuzz(func(t *testing.T, text string) {
		c := Measure(text)
		least := map[string]int{GSM7: 153, UCS2: 67}[c.Alphabet]
		if c.Segments < 1 || c.Segments > 1 && c.Segments*least < c.Units || (c.Foreign != 0) != (c.Alphabet == UCS2) {
			t.Errorf("%q: %+v", text, c)
		}
		if c.Alphabet == UCS2 && c.Units != len(utf16.Encode([]rune(text))) {
			t.Errorf("%q: %d units", text, c.Units)
		}
	})
}
