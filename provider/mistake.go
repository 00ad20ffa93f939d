package provider

import (
	"slices"
	"strings"
)

// Mistake is one thing wrong with the configuration.
type Mistake struct {
	Where   string `json:"where,omitempty"` // "varco.yaml:12:3", or "environment variable VARCO_X"; empty when something is absent
	Key     string `json:"key,omitempty"`   // dotted: "database.max_conns", "clients[0].redirect_uris[1]"
	Problem string `json:"problem"`
	Hint    string `json:"hint,omitempty"` // what to do
}

// String is the mistake on one line, as compilers write theirs.
func (m Mistake) String() string {
	var b strings.Builder
	for _, part := range []string{m.Where, m.Key} {
		if part != "" {
			b.WriteString(part)
			b.WriteString(": ")
		}
	}
	b.WriteString(m.Problem)
	if m.Hint != "" {
		b.WriteString(": ")
		b.WriteString(m.Hint)
	}
	return b.String()
}

// Mistakes is every mistake of a configuration, so that it is mended in one go.
type Mistakes []Mistake

// Error lists them, one a line.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].String()
	}
	return strings.Join(lines, "\n")
}

// orNil keeps an empty list from becoming an error that is not nil.
func (m Mistakes) orNil() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

// nearest returns the candidate that was probably meant, empty when none is close: at most two typing errors, three
// in a long word.
func nearest(word string, candidates []string) string {
	best, limit := "", 2
	if len(word) > 8 {
		limit = 3
	}
	word = strings.ToLower(word[:min(len(word), 64)])
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := distance(word, c); d <= limit && d < max(len(c), 2) {
			best, limit = c, d-1
		}
	}
	return best
}

// distance counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		rows = [3][]int{above, row, before}
	}
	return rows[1][len(b)]
}
