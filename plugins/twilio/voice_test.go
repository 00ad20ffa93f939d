package twilio

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestCall(t *testing.T) {
	t.Parallel()
	p, f := start(t, func(c map[string]any) { c["voices"] = map[string]string{"it": "Polly.Bianca"} })
	m := message("k")
	m.Kind, m.Body = "voice", "Qui è Banca <Uno> & C. Il codice è: 9, 1, 8, 2, 7, 3. Ripeto: 9, 1, 8, 2, 7, 3."
	if r, err := send(t, p, m); err != nil || !r.Accepted || !strings.HasPrefix(r.ProviderID, "CA") {
		t.Fatalf("%+v, %v", r, err)
	}
	form := f.lastForm()
	const twiml = `<Response><Pause length="1"/><Say language="it-IT" voice="Polly.Bianca">Qui è Banca &lt;Uno&gt; &amp; C. Il codice è: 9. 1. 8. 2. 7. 3. ` +
		`Ripeto: 9. 1. 8. 2. 7. 3.</Say><Pause length="1"/></Response>`
	if form.Get("Twiml") != twiml || form.Get("To") != testTo || form.Get("From") != "+390200000000" || form.Get("StatusCallback") != callbackURL || form.Get("Timeout") != "30" {
		t.Errorf("%v", form)
	}
}

func TestSpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		words string
		times int
	}{
		"Your code is 918273.":                       {"Your code is 9. 1. 8. 2. 7. 3.", 2},
		"Your code is 9, 1, 8, 2.":                   {"Your code is 9. 1. 8. 2.", 2},
		"9, 1, 8, 2 and again 9, 1, 8, 2":            {"9. 1. 8. 2 and again 9. 1. 8. 2", 1},
		"Pay 150000 EUR: 9, 1, 8, 2. 9, 1, 8, 2.":    {"Pay 150000 EUR: 9. 1. 8. 2. 9. 1. 8. 2.", 1},
		"Your password was changed on 3 March 2026.": {"Your password was changed on 3 March 2026.", 1},
	} {
		if words, times := spell(text); words != want.words || times != want.times {
			t.Errorf("%q: %q, %d times", text, words, times)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	a := account{Config: Config{Language: "en-US", Voices: map[string]string{"it": "A", "it-CH": "B"}}}
	for locale, want := range map[string]string{"it": "it-IT A", "it-CH": "it-CH B", "it_IT": "it-IT A", "en": "en-GB ", "": "en-US ", "xx": "en-US ", `it" x="`: "en-US "} {
		l := a.language(locale)
		if got := l + " " + a.voice(l); got != want {
			t.Errorf("%q: %q, want %q", locale, got, want)
		}
	}
}

// Whatever is said, what Twilio gets is XML with that text alone in it.
func FuzzTwiML(f *testing.F) {
	f.Add("9, 1, 8, 2", "it")
	f.Add("</Say><Dial>+39333000111</Dial>", "en\"><Dial>")
	f.Fuzz(func(t *testing.T, body, locale string) {
		if !validText(body) {
			return
		}
		a := account{Config: Config{Language: "en-GB"}}
		d := xml.NewDecoder(strings.NewReader(a.twiml(sdk.Message{Body: body, Locale: locale})))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local != "Response" && e.Name.Local != "Say" && e.Name.Local != "Pause" {
				t.Fatalf("%q makes <%s>", body, e.Name.Local)
			}
		}
	})
}
