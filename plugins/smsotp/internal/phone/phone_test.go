package phone

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, region, want string
		kind                Kind
	}{
		{"333 1234567", "IT", "+393331234567", Mobile},
		{"+39 333 123 4567", "", "+393331234567", Mobile},
		{"0039 333.123.4567", "IT", "+393331234567", Mobile},
		{"393331234567", "IT", "+393331234567", Mobile},
		{"06 6982", "IT", "+39066982", Fixed}, // an Italian zero stays
		{"+39 02 1234 5678", "IT", "+390212345678", Fixed},
		{"07911 123456", "GB", "+447911123456", Mobile},
		{"+44 (0)7911 123456", "IT", "+447911123456", Mobile},
		{"(202) 555-0123", "US", "+12025550123", Either},
		{"011 39 333 1234567", "US", "+393331234567", Mobile},
		{"011 15-2345-6789", "AR", "+5491123456789", Mobile}, // the 15 within the country is a 9 from abroad
	} {
		n, err := Parse(c.typed, c.region)
		if err != nil || n.E164 != c.want || n.Kind != c.kind {
			t.Errorf("%q in %s: %+v, %v; want %s", c.typed, c.region, n, err, c.want)
		}
	}
	for _, c := range []struct {
		typed, region string
		want          error
	}{
		{"333 1234567", "", ErrCountry}, {"+999 333 1234567", "IT", ErrCountry}, {"333 1234567", "XX", ErrCountry},
		{"", "IT", ErrForm}, {"12", "IT", ErrForm}, {"call me", "IT", ErrForm}, {"+39 333 12345678901", "IT", ErrForm}, {"333 1234567 int. 4", "IT", ErrForm},
		{"++39 333 1234567", "IT", ErrForm}, {"39+333 1234567", "IT", ErrForm}, {"３３３ 1234567", "IT", ErrForm}, {strings.Repeat("3", 100), "IT", ErrForm},
		{"333\n1234567", "IT", ErrForm}, {"+39333123456７", "IT", ErrForm},
		{"899 123456", "IT", ErrService}, {"800 123456", "IT", ErrService}, {"+1 900 555 0123", "IT", ErrService}, {"+44 70 1234 5678", "IT", ErrService},
	} {
		if n, err := Parse(c.typed, c.region); !errors.Is(err, c.want) {
			t.Errorf("%q in %q: %+v, %v; want %v", c.typed, c.region, n, err, c.want)
		}
	}
}

// Every rule compiles, and every country's own example numbers are read as the library reads them, in all their spellings.
func TestTheWorld(t *testing.T) {
	t.Parallel()
	lines, numbers := 0, 0
	for line := range strings.Lines(numbering) {
		lines++
		region := parseCountry(line).region
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.PREMIUM_RATE, phonenumbers.TOLL_FREE,
			phonenumbers.VOIP, phonenumbers.PAGER, phonenumbers.PERSONAL_NUMBER, phonenumbers.SHARED_COST, phonenumbers.UAN, phonenumbers.VOICEMAIL} {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			for _, format := range []phonenumbers.PhoneNumberFormat{phonenumbers.E164, phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL} {
				numbers++
				same(t, phonenumbers.Format(example, format), region)
			}
		}
	}
	if lines < 200 || numbers < 2000 {
		t.Errorf("%d countries, %d numbers: the table is not whole", lines, numbers)
	}
}

// Numbers near the examples, right and wrong, are judged as the library judges them.
func TestNearby(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) // the same numbers each time
	for _, region := range []string{"IT", "SM", "VA", "GB", "JE", "DE", "FR", "ES", "CH", "AT", "RO", "AL", "MA", "UA", "PH", "PE", "US", "CA", "JM", "BR", "AR", "MX", "CN", "IN", "EG", "NG"} {
		base := phonenumbers.Format(phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE), phonenumbers.E164)
		for range 60 {
			b := []byte(base)
			for range 1 + random.IntN(4) {
				b[3+random.IntN(len(b)-3)] = byte('0' + random.IntN(10))
			}
			same(t, string(b[:len(b)-random.IntN(2)]), region)
		}
	}
}

func same(t *testing.T, typed, region string) {
	t.Helper()
	want := theirs(typed, region)
	n, err := Parse(typed, region)
	got := fmt.Sprint(n.E164, " ", n.Region, " ", n.Kind)
	if err != nil {
		got = "refused"
	}
	if got != want {
		t.Errorf("%q in %s: %s (%v), the library %s", typed, region, got, err, want)
	}
}

// theirs is what the library makes of it, in our words.
func theirs(typed, region string) string {
	n, err := phonenumbers.Parse(typed, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "refused"
	}
	var kind Kind
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE:
		kind = Mobile
	case phonenumbers.FIXED_LINE:
		kind = Fixed
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		kind = Either
	default:
		return "refused"
	}
	return fmt.Sprint(phonenumbers.Format(n, phonenumbers.E164), " ", phonenumbers.GetRegionCodeForNumber(n), " ", kind)
}

// FuzzParse: what is taken is E.164, and is taken again as itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"+39 333 1234567", "333 1234567", "0039", "+", "+1 (202) 555-0123", "011 15 2345 6789", "++1", "\x00"} {
		f.Add(s, "IT")
	}
	f.Fuzz(func(t *testing.T, typed, region string) {
		n, err := Parse(typed, region)
		if err != nil {
			return
		}
		if len(n.E164) < 5 || len(n.E164) > 16 || n.E164[0] != '+' || strings.Trim(n.E164[1:], "0123456789") != "" || n.Kind == 0 || n.Region == "" {
			t.Fatalf("%q in %q: %+v", typed, region, n)
		}
		if again, err := Parse(n.E164, region); err != nil || again != n {
			t.Fatalf("%q: %+v, then %+v, %v", typed, n, again, err)
		}
	})
}
