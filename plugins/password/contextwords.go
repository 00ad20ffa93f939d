package password

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/varco-id/varco/plugins/sdk"
)

const (
	minContextWord = 3
	// maxDecoration is how many digits and signs around such words still leave a password predictable.
	maxDecoration = 10
	// maxContextWords bounds the work that attributes of a subject can make.
	maxContextWords = 200
)

// ownWords gathers, in lower case and longest first, what an attacker of this subscriber would try first: the names
// of the person, of the relying party, of the provider's domain, and those in the configuration.
func ownWords(c Config, ctx sdk.StepContext) []string {
	set := map[string]bool{}
	add := func(s string) {
		s = strings.ToLower(normalise(s))
		parts := append(strings.FieldsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }), s,
			strings.Map(func(c rune) rune {
				if unicode.IsLetter(c) || unicode.IsDigit(c) {
					return c
				}
				return -1
			}, s))
		for _, w := range parts {
			if n := len([]rune(w)); n >= minContextWord && n <= 64 && len(set) < maxContextWords {
				set[w] = true
			}
		}
	}
	for _, w := range c.ContextWords {
		add(w)
	}
	if s := ctx.Subject; s != nil {
		add(s.Name)
		for _, name := range slices.Sorted(maps.Keys(s.Attributes)) {
			add(s.Attributes[name])
		}
	}
	add(ctx.Client.Name)
	add(ctx.RPID)
	words := slices.Collect(maps.Keys(set))
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return words
}

// onlyContext tells whether the whole of a password is own words, repeated or joined, with a few digits and signs.
func onlyContext(password string, own []string) bool {
	rest := strings.ToLower(password)
	before := len(rest)
	for _, w := range own {
		rest = strings.ReplaceAll(rest, w, "")
	}
	if len(rest) == before || len([]rune(rest)) > maxDecoration {
		return false
	}
	return strings.IndexFunc(rest, unicode.IsLetter) < 0
}
