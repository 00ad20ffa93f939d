package messageotp

import (
	"strings"
	"testing"
	"time"
)

// Every digit at every place is as likely as the others.
func TestCodesAreEven(t *testing.T) {
	t.Parallel()
	const draws = 20000
	var seen [6][10]int
	for range draws {
		code := newCode(6)
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("%q", code)
		}
		for place, digit := range code {
			seen[place][digit-'0']++
		}
	}
	// Each count has a mean of 2,000 and a deviation of 42: eight deviations are one false alarm in 10¹³ runs.
	for place, digits := range seen {
		for digit, n := range digits {
			if n < draws/10-340 || n > draws/10+340 {
				t.Errorf("digit %d at place %d came %d times of %d", digit, place, n, draws)
			}
		}
	}
	if len(newCode(8)) != 8 {
		t.Error("a code of another length")
	}
}

// What a code is bound to cannot be moved from one part to the next.
func TestPartsAreApart(t *testing.T) {
	t.Parallel()
	c := newChallenge("123456", time.Unix(100, 0), "ab", "c")
	if !c.fits("123456", "ab", "c") || c.fits("123456", "a", "bc") || c.fits("123456", "abc", "") || c.fits("123456", "ab", "c", "") || c.fits("12345", "6ab", "c") {
		t.Error("a code fits what it was not made for")
	}
	if again := newChallenge("123456", time.Unix(100, 0), "ab", "c"); string(again.Sum) == string(c.Sum) {
		t.Error("the same code has the same sum twice")
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{Defaults(3), Defaults(10)} {
		if problems := c.Problems(); len(problems) > 0 {
			t.Errorf("%+v", problems)
		}
	}
	for pointer, change := range map[string]func(*Config){
		"/digits":             func(c *Config) { c.Digits = 5 },
		"/lifetime_minutes":   func(c *Config) { c.LifetimeMinutes = 11 },
		"/resends":            func(c *Config) { c.Resends = -1 },
		"/max_per_15_minutes": func(c *Config) { c.PerQuarterHour = 0 },
		"/max_per_day":        func(c *Config) { c.PerDay = 4 },
		"/brand":              func(c *Config) { c.Brand = strings.Repeat("x", 31) },
	} {
		c := Defaults(3)
		change(&c)
		if problems := c.Problems(); len(problems) != 1 || problems[0].Pointer != pointer {
			t.Errorf("%s: %+v", pointer, problems)
		}
	}
}

func FuzzTyped(f *testing.F) {
	for _, s := range []string{"", "123456", "12 34-56", "१२३४५६", "1234567"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if code, ok := typed(s, 6); ok && (len(code) != 6 || strings.Trim(code, "0123456789") != "") {
			t.Fatalf("%q is read as %q", s, code)
		}
	})
}
