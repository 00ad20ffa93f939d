package smstext

import (
	"strings"
	"unicode/utf16"
)

// The alphabets.
const (
	GSM7 = "GSM-7"
	UCS2 = "UCS-2"
)

// Units that fit into a segment. One of several has a header of six bytes that says which it is.
const (
	gsmAlone, gsmPart   = 160, 153 // septets
	ucs2Alone, ucs2Part = 70, 67   // 16 bits each
)

// basic is the default alphabet of TS 23.038, section 6.2.1, without the escape; each character is one septet.
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// extension is its extension table, section 6.2.1.1: an escape and a septet each.
const extension = "\f^{}\\[~]|€"

// Count is what a text takes.
type Count struct {
	Alphabet string // GSM7 or UCS2
	Units    int    // septets or 16-bit units of the text itself
	Segments int    // at least 1
	Foreign  rune   // the first character that asks for UCS-2; 0 with GSM7
}

// Measure counts text.
func Measure(text string) Count {
	foreign := rune(0)
	for _, c := range text {
		if septets(c) == 0 {
			foreign = c
			break
		}
	}
	if foreign == 0 {
		units, segments := cut(text, septets, gsmAlone, gsmPart)
		return Count{Alphabet: GSM7, Units: units, Segments: segments}
	}
	units, segments := cut(text, utf16.RuneLen, ucs2Alone, ucs2Part)
	return Count{Alphabet: UCS2, Units: units, Segments: segments, Foreign: foreign}
}

func septets(c rune) int {
	switch {
	case strings.ContainsRune(basic, c):
		return 1
	case strings.ContainsRune(extension, c):
		return 2
	}
	return 0
}

// cut fills segments: neither an escaped character nor a surrogate pair is torn apart, so a segment may stay short of full.
func cut(text string, width func(rune) int, alone, part int) (units, segments int) {
	segments, filled := 1, 0
	for _, c := range text {
		w := width(c) // never -1: a range over a string yields valid characters
		units += w
		if filled += w; filled > part {
			segments++
			filled = w
		}
	}
	if units <= alone {
		return units, 1
	}
	return units, segments
}
