package phone

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

// numbering has one line a country: calling code, order among the countries that share the code, region (ISO 3166), and the rules as
// regular expressions. The calling codes of the world are prefix-free.
//
//go:embed numbering.tsv
var numbering string

// country is what is known of one.
type country struct {
	code, region      string
	international     string // prefix to dial out: 00, 011
	prefix, transform string // what is dialled before a number within the country, and what becomes of it
	leading           string // how numbers of this one among those that share a code begin
	general           string
	mobile, fixed     string
	other             string // services: premium, toll-free, VoIP …
}

const fields = 11

func parseCountry(line string) country {
	f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", fields)
	return country{f[0], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10]}
}

// sharing lists the countries with a calling code, the main one first.
func sharing(code string) (all []country) {
	for line := range strings.Lines(numbering) {
		if strings.HasPrefix(line, code+"\t") {
			all = append(all, parseCountry(line))
		}
	}
	return all
}

// of finds a country by its region.
func of(region string) (country, bool) {
	for line := range strings.Lines(numbering) {
		if c := parseCountry(line); c.region == region {
			return c, true
		}
	}
	return country{}, false
}

// compiled keeps the expressions of the countries that were asked for: a bank's customers come from few.
var compiled sync.Map

func expression(pattern string) *regexp.Regexp {
	if e, ok := compiled.Load(pattern); ok {
		return e.(*regexp.Regexp)
	}
	e := regexp.MustCompile(pattern) // of the table, and tested whole
	compiled.Store(pattern, e)
	return e
}

// whole says whether all of s matches; an empty pattern matches nothing.
func whole(pattern, s string) bool {
	return pattern != "" && expression("^(?:"+pattern+")$").MatchString(s)
}
