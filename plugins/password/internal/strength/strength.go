package strength

import (
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/match"
	"github.com/trustelem/zxcvbn/scoring"
)

// maxRunes caps what is looked at: the search takes time that grows with the cube of the length, and a stranger
// chooses the length. What is left out can only make the password stronger than told.
const maxRunes = 64

// Words ranks lower-case words by how early an attacker tries them, from 1.
type Words interface {
	Rank(word string) (rank int, ok bool)
}

// Guesses estimates how many guesses password withstands. Own are words that an attacker of this very person tries
// first: the names of the person, of the bank, of the service.
func Guesses(password string, words Words, own []string) float64 {
	password = firstRunes(password, maxRunes)
	return guesses(password, dictionary{words: words, own: ranked(own)})
}

// Score turns guesses into zxcvbn's scale from 0 (guessed by a throttled attacker) to 4 (safe even if the hashes leak).
func Score(guesses float64) int {
	score := 0
	for _, limit := range []float64{1e3, 1e6, 1e8, 1e10} {
		if guesses >= limit+5 {
			score++
		}
	}
	return score
}

func guesses(password string, d dictionary) float64 {
	if password == "" || !utf8.ValidString(password) {
		return 1
	}
	shape := shapeOf(password)
	var found []*match.Match
	found = append(found, d.matches(password, shape)...)
	found = append(found, walks(shape)...)
	found = append(found, sequences(shape)...)
	found = append(found, dates(shape)...)
	found = append(found, repeats(password, shape, d)...)
	return scoring.MostGuessableMatchSequence(shape, found, false).Guesses
}

// shapeOf writes each character as one byte: ASCII as it is, others as stand-ins from 0x80, equal for equal. The
// search counts positions in bytes and may not end on text where a character has several.
func shapeOf(password string) string {
	shape := make([]byte, 0, len(password))
	standIns := map[rune]byte{}
	for _, c := range password {
		if c < utf8.RuneSelf {
			shape = append(shape, byte(c))
			continue
		}
		if _, ok := standIns[c]; !ok {
			standIns[c] = utf8.RuneSelf + byte(len(standIns)) // at most maxRunes of them
		}
		shape = append(shape, standIns[c])
	}
	return string(shape)
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func ranked(own []string) map[string]int {
	ranks := make(map[string]int, len(own))
	for i, w := range own {
		w = strings.ToLower(w)
		if _, ok := ranks[w]; !ok {
			ranks[w] = i + 1
		}
	}
	return ranks
}
