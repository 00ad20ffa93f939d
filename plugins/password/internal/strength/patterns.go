package strength

import (
	"strconv"
	"strings"

	"github.com/trustelem/zxcvbn/adjacency"
	"github.com/trustelem/zxcvbn/match"
)

// walks finds neighbours on a keyboard, three keys or more: qwerty, 741852.
func walks(shape string) []*match.Match {
	var found []*match.Match
	for _, name := range []string{"qwerty", "keypad"} {
		keys := adjacency.Graphs[name].Graph
		for i := 0; i < len(shape)-2; {
			j, turns, shifted, direction := i, 0, 0, -1
			if _, known := keys[shape[i:i+1]]; known && strings.IndexByte(shiftedKeys, shape[i]) >= 0 {
				shifted = 1
			}
			for j+1 < len(shape) {
				way, isShifted := neighbour(keys[shape[j:j+1]], shape[j+1])
				if way < 0 {
					break
				}
				if way != direction {
					turns++
					direction = way
				}
				if isShifted {
					shifted++
				}
				j++
			}
			if j-i >= 2 {
				found = append(found, &match.Match{
					Pattern: "spatial", I: i, J: j, Token: shape[i : j+1],
					Graph: name, Turns: turns, ShiftedCount: shifted,
				})
			}
			i = max(j, i+1)
		}
	}
	return found
}

const shiftedKeys = `~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?`

// neighbour tells in which of the directions of a key the character c lies, or -1.
func neighbour(directions []string, c byte) (way int, shifted bool) {
	for way, key := range directions {
		if i := strings.IndexByte(key, c); i >= 0 {
			return way, i == 1
		}
	}
	return -1, false
}

// sequences finds runs with one step between characters, three or more: abcd, 9753.
func sequences(shape string) []*match.Match {
	var found []*match.Match
	for i := 0; i+2 < len(shape); {
		step := int(shape[i+1]) - int(shape[i])
		j := i + 1
		for j+1 < len(shape) && int(shape[j+1])-int(shape[j]) == step {
			j++
		}
		if size := max(step, -step); j-i >= 2 && size >= 1 && size <= 5 && ascii(shape[i:j+1]) {
			found = append(found, &match.Match{
				Pattern: "sequence", I: i, J: j, Token: shape[i : j+1], Ascending: step > 0,
			})
		}
		i = j
	}
	return found
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 }) < 0
}

// dates finds years, and days written in any usual order, with and without separators.
func dates(shape string) []*match.Match {
	var found []*match.Match
	for i := range shape {
		for _, n := range []int{4, 5, 6, 7, 8, 9, 10} {
			if i+n > len(shape) {
				break
			}
			token := shape[i : i+n]
			if n == 4 {
				if year, err := strconv.Atoi(token); err == nil && year >= 1900 && year < 2050 {
					found = append(found, &match.Match{Pattern: "regex", RegexName: "recent_year", I: i, J: i + n - 1, Token: token})
				}
			}
			if year, separator, ok := day(token); ok {
				found = append(found, &match.Match{
					Pattern: "date", I: i, J: i + n - 1, Token: token, Year: year, Separator: separator,
				})
			}
		}
	}
	return found
}

// day reads a token as a day in the orders day-month-year, month-day-year and year-month-day.
func day(token string) (year int, separator string, ok bool) {
	var parts []string
	if i := strings.IndexAny(token, "/-._ "); i > 0 {
		separator = token[i : i+1]
		parts = strings.Split(token, separator)
	} else {
		switch len(token) {
		case 6:
			parts = []string{token[:2], token[2:4], token[4:]}
		case 8:
			if strings.HasPrefix(token, "19") || strings.HasPrefix(token, "20") {
				parts = []string{token[:4], token[4:6], token[6:]}
				if y, _, ok := day(strings.Join(parts, "-")); ok {
					return y, "", true
				}
			}
			parts = []string{token[:2], token[2:4], token[4:]}
		default:
			return 0, "", false
		}
	}
	if len(parts) != 3 {
		return 0, "", false
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 || len(p) > 4 || strings.ContainsAny(p, "+-") {
			return 0, "", false
		}
		n[i] = v
	}
	for _, order := range [][3]int{{0, 1, 2}, {1, 0, 2}, {2, 1, 0}} { // positions of day, month, year
		d, m, y := n[order[0]], n[order[1]], n[order[2]]
		if len(parts[order[2]]) == 2 {
			y += 1900
			if y < 1950 {
				y += 100
			}
		}
		if d >= 1 && d <= 31 && m >= 1 && m <= 12 && y >= 1900 && y < 2050 {
			return y, separator, true
		}
	}
	return 0, "", false
}

// repeats finds a block written twice or more in a row, and judges the block alone.
func repeats(password, shape string, d dictionary) []*match.Match {
	text := []rune(password)
	var found []*match.Match
	for i := 0; i < len(shape); {
		size, count := repeatAt(shape[i:])
		if count < 2 {
			i++
			continue
		}
		found = append(found, &match.Match{
			Pattern: "repeat", I: i, J: i + size*count - 1, Token: shape[i : i+size*count],
			BaseToken: shape[i : i+size], BaseGuesses: guesses(string(text[i:i+size]), d), RepeatCount: count,
		})
		i += size * count
	}
	return found
}

// repeatAt returns the block at the start of s whose repetition covers most of s, the shortest of equals.
func repeatAt(s string) (size, count int) {
	covered := 0
	for n := 1; n <= len(s)/2; n++ {
		c := 1
		for strings.HasPrefix(s[n*c:], s[:n]) {
			c++
		}
		if c > 1 && n*c > covered && (n > 1 || c > 2) {
			size, count, covered = n, c, n*c
		}
	}
	return size, count
}
