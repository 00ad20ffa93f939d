package twilio

import (
	"encoding/xml"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

var (
	// raw is a code that nobody spelled: a voice would read it as a number. A year is shorter.
	raw = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b[0-9]{5,10}\b`) })
	// spelled is a code whose text has a comma after each digit.
	spelled = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b[0-9](, [0-9]){3,9}\b`) })
)

// twiml is what a call says. A code is said digit by digit, with a full stop's pause after each, and twice.
func (a *account) twiml(m sdk.Message) string {
	words, times := spell(m.Body)
	language := a.language(m.Locale)
	open := `<Say language="` + language + `">`
	if v := a.voice(language); v != "" {
		open = `<Say language="` + language + `" voice="` + v + `">`
	}
	var b strings.Builder
	b.WriteString(`<Response><Pause length="1"/>`)
	for range times {
		b.WriteString(open)
		_ = xml.EscapeText(&b, []byte(words)) // a Builder does not fail
		b.WriteString(`</Say><Pause length="1"/>`)
	}
	b.WriteString("</Response>")
	return b.String()
}

// spell slows codes down, and says how often the text must be said so that each is heard twice.
func spell(text string) (words string, times int) {
	slow := func(s string) string { return strings.Join(strings.Split(strings.ReplaceAll(s, ", ", ""), ""), ". ") }
	switch n := len(spelled().FindAllString(text, 2)); {
	case n == 2:
		return spelled().ReplaceAllStringFunc(text, slow), 1
	case n == 1: // other numbers are amounts, and are read as such
		return spelled().ReplaceAllStringFunc(text, slow), 2
	case raw().MatchString(text):
		return raw().ReplaceAllStringFunc(text, slow), 2
	}
	return text, 1
}

func (a *account) language(locale string) string {
	base, country, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	if full := base + "-" + country; len(country) == 2 && language(full) {
		return full
	}
	switch base {
	case "en":
		return "en-GB"
	case "it", "de", "fr", "es", "pt", "nl", "pl":
		return base + "-" + strings.ToUpper(base)
	}
	return a.Language
}

func (a *account) voice(language string) string {
	if v := a.Voices[language]; v != "" {
		return v
	}
	base, _, _ := strings.Cut(language, "-")
	return a.Voices[base]
}

// validText keeps out what is no text: XML has no place for it, and no telephone shows it.
func validText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' })
}
