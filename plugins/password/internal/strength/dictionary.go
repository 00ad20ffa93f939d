package strength

import (
	"strings"

	"github.com/trustelem/zxcvbn/match"
)

// The lengths of word that are looked up, in characters.
const (
	minWord = 3
	maxWord = 24
)

// disguises are what people write in place of a letter. A character that may stand for two letters makes two readings.
var disguises = []map[rune]rune{
	{'4': 'a', '@': 'a', '8': 'b', '(': 'c', '3': 'e', '€': 'e', '6': 'g', '9': 'g', '1': 'i', '!': 'i', '0': 'o', '5': 's', '$': 's', '7': 't', '+': 't', '2': 'z'},
	{'4': 'a', '@': 'a', '8': 'b', '(': 'c', '3': 'e', '€': 'e', '6': 'g', '9': 'g', '1': 'l', '|': 'l', '0': 'o', '5': 's', '$': 's', '7': 'l', '2': 'z'},
}

type dictionary struct {
	words Words
	own   map[string]int
}

func (d dictionary) rank(word string) (int, bool) {
	if r, ok := d.own[word]; ok {
		return r, true
	}
	return d.words.Rank(word)
}

// matches finds listed words in password read forwards, backwards and in disguise, as matches on its shape.
func (d dictionary) matches(password, shape string) []*match.Match {
	lower := lowered(password)
	var found []*match.Match
	add := func(i, j int, m match.Match) {
		m.Pattern, m.DictionaryName = "dictionary", "listed"
		m.I, m.J, m.Token = i, j-1, shape[i:j]
		found = append(found, &m)
	}
	d.scan(lower, func(i, j, rank int, word string) {
		add(i, j, match.Match{Rank: rank, MatchedWord: word})
	})
	n := len(lower)
	backwards := make([]rune, n)
	for i, c := range lower {
		backwards[n-1-i] = c
	}
	d.scan(backwards, func(i, j, rank int, word string) {
		if string(lower[n-j:n-i]) != word { // a palindrome was found already
			add(n-j, n-i, match.Match{Rank: rank, MatchedWord: word, Reversed: true})
		}
	})
	for _, disguise := range disguises {
		plain, changed := undisguise(lower, disguise)
		if !changed {
			continue
		}
		d.scan(plain, func(i, j, rank int, word string) {
			sub := map[string]string{}
			for k := i; k < j; k++ {
				if lower[k] != plain[k] {
					sub[string(lower[k])] = string(plain[k])
				}
			}
			if len(sub) > 0 {
				add(i, j, match.Match{Rank: rank, MatchedWord: word, L33t: true, Sub: sub})
			}
		})
	}
	return found
}

// scan calls hit for each listed word text[i:j].
func (d dictionary) scan(text []rune, hit func(i, j, rank int, word string)) {
	for i := range text {
		for j := i + minWord; j <= len(text) && j <= i+maxWord; j++ {
			word := string(text[i:j])
			if rank, ok := d.rank(word); ok {
				hit(i, j, rank, word)
			}
		}
	}
}

// lowered lower-cases rune by rune, so that positions stay.
func lowered(s string) []rune {
	text := []rune(s)
	for i, c := range text {
		if l := []rune(strings.ToLower(string(c))); len(l) == 1 {
			text[i] = l[0]
		}
	}
	return text
}

func undisguise(text []rune, disguise map[rune]rune) (plain []rune, changed bool) {
	plain = make([]rune, len(text))
	for i, c := range text {
		plain[i] = c
		if letter, ok := disguise[c]; ok {
			plain[i], changed = letter, true
		}
	}
	return plain, changed
}
