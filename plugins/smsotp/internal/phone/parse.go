package phone

import (
	"errors"
	"strings"
)

// Kind is what a number belongs to.
type Kind int

// The kinds of telephone that a person can have. In some countries (the United States) the number does not tell.
const (
	Mobile Kind = iota + 1
	Fixed
	Either
)

// Number is a telephone number that some telephone could have.
type Number struct {
	E164   string // +393331234567 (ITU-T E.164)
	Region string // ISO 3166: IT
	Kind   Kind
}

// What can be wrong with a number.
var (
	ErrForm    = errors.New("not a telephone number")
	ErrCountry = errors.New("the country is missing or unknown")
	ErrService = errors.New("the number of a service, not of a person's telephone")
)

// maxTyped is how many characters are read: 15 digits, with what people put between them.
const maxTyped = 48

// IsRegion says whether region, an ISO 3166 code in capitals, has telephone numbers.
func IsRegion(region string) bool {
	_, ok := of(region)
	return ok && region != ""
}

// Parse reads a number as people write it. region is the country of numbers without one; empty: they must begin with + and their country.
//
// Errors: [ErrForm], [ErrCountry], [ErrService].
func Parse(typed, region string) (Number, error) {
	digits, international, ok := clean(typed)
	if !ok {
		return Number{}, ErrForm
	}
	home, known := of(region)
	if known && !international {
		if out := expression("^(?:" + home.international + ")").FindString(digits); out != "" {
			digits, international = digits[len(out):], true
		}
	}
	if international {
		for n := 1; n <= 3 && n < len(digits); n++ {
			if countries := sharing(digits[:n]); len(countries) > 0 {
				return judge(countries, national(countries[0], digits[n:], false))
			}
		}
		return Number{}, ErrCountry
	}
	if !known {
		return Number{}, ErrCountry
	}
	return judge(sharing(home.code), national(home, digits, true))
}

// clean leaves the digits. ok is false for anything else than digits and what people put between them.
func clean(typed string) (digits string, international, ok bool) {
	if len(typed) > maxTyped {
		return "", false, false
	}
	var b strings.Builder
	for _, r := range strings.TrimSpace(typed) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0 && !international:
			international = true
		case strings.ContainsRune(" -./()\u00a0\u2009\u202f\u2010\u2011\u2012\u2013", r):
		default:
			return "", false, false
		}
	}
	// The shortest mobile numbers of the world have 4 digits after their country, the longest fill E.164's 15 with it.
	return b.String(), international, b.Len() >= 4 && b.Len() <= 20
}

// national takes off what is dialled before a number within its country, or a country's own code that was written without a +.
func national(c country, digits string, home bool) string {
	viable := whole(c.general, digits)
	if home && !viable {
		if rest, ok := strings.CutPrefix(digits, c.code); ok && whole(c.general, rest) {
			return rest
		}
	}
	if c.prefix == "" {
		return digits
	}
	e := expression("^(?:" + c.prefix + ")")
	at := e.FindStringSubmatchIndex(digits)
	if at == nil {
		return digits
	}
	rest := digits[at[1]:]
	if c.transform != "" && at[len(at)-2] >= 0 { // the last group says whether there is something to move
		rest = string(e.ExpandString(nil, c.transform, digits, at)) + rest
	}
	if viable && !whole(c.general, rest) {
		return digits
	}
	return rest
}

// judge finds which of the countries that share a code a number belongs to.
func judge(countries []country, number string) (Number, error) {
	for _, c := range countries {
		kind, service := c.kind(number)
		if c.leading != "" {
			if !expression("^(?:" + c.leading + ")").MatchString(number) {
				continue
			}
		} else if kind == 0 && !service {
			continue
		}
		switch e164 := "+" + c.code + number; {
		case service:
			return Number{}, ErrService
		case kind == 0 || len(e164) > len("+")+15:
			return Number{}, ErrForm
		default:
			return Number{E164: e164, Region: c.region, Kind: kind}, nil
		}
	}
	return Number{}, ErrForm
}

func (c country) kind(number string) (kind Kind, service bool) {
	if !whole(c.general, number) {
		return 0, false
	}
	if whole(c.other, number) {
		return 0, true
	}
	mobile, fixed := whole(c.mobile, number), whole(c.fixed, number)
	switch {
	case mobile && fixed:
		return Either, false
	case mobile:
		return Mobile, false
	case fixed:
		return Fixed, false
	}
	return 0, false
}
