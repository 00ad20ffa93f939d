package smsotp

import (
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/internal/messageotp"
	"github.com/varco-id/varco/plugins/internal/plugintest"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// The rules that hold for every plugin, over the real wire.
func TestConformance(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, sdktest.Start(t, New(), `{"brand":"Banca Demo","default_region":"IT"}`))
}

func TestTexts(t *testing.T) {
	t.Parallel()
	plugintest.Texts(t, plugintest.Describe(t, New()), ".", "../internal/messageotp")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	plugintest.Config(t, func() sdk.Plugin { return New() }, map[string]string{
		``: plugintest.Good, `{}`: plugintest.Good,
		`{"brand":"Banca Demo","digits":8,"lifetime_minutes":5,"resends":0,"max_per_15_minutes":3,"max_per_day":10,"default_region":"IT","regions":["IT","SM"]}`: plugintest.Good,
		`{"digits":9}`: "/digits", `{"digits":"6"}`: "/digits", `{"lifetime_minutes":0}`: "/lifetime_minutes", `{"resends":6}`: "/resends",
		`{"max_per_15_minutes":21}`: "/max_per_15_minutes", `{"max_per_day":0}`: "/max_per_day", `{"brand":"` + strings.Repeat("x", 31) + `"}`: "/brand",
		`{"default_region":"it"}`: "/default_region", `{"regions":["Italy"]}`: "/regions/0", `{"region":"IT"}`: "/region", `[]`: "", `{`: "",
		`{"default_region":"XX"}`:                  "program:/default_region",
		`{"regions":["IT"],"default_region":"CH"}`: "program:/default_region",
		`{"regions":["IT","ZZ"]}`:                  "program:/regions/1",
		`{"max_per_day":4}`:                        "program:/max_per_day",
	})
	plugintest.Defaults(t, configSchema, Config{Config: messageotp.Defaults(3)})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	settings, problems := configure([]byte(`{"default_region":"IT","regions":["IT","US"]}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ typed, channel, address, problem string }{
		{"333 1234567", "sms", "+393331234567", ""}, {"333 1234567", "voice", "+393331234567", ""}, {"+1 202 555 0123", "sms", "+12025550123", ""},
		{"02 1234 5678", "sms", "", "error.fixed"}, {"02 1234 5678", "voice", "+390212345678", ""}, {"02 1234 5678", "", "+390212345678", ""},
		{"+44 7911 123456", "sms", "", "error.region"}, {"899 123456", "voice", "", "error.service"}, {"ciao", "sms", "", "error.phone"}, {"+999 1234567", "sms", "", "error.country"},
	} {
		address, problem := settings.Parse(c.typed, c.channel)
		if address != c.address || problem != c.problem {
			t.Errorf("%q by %s: %q, %q", c.typed, c.channel, address, problem)
		}
		if address != "" && !settings.Reaches(address, c.channel) {
			t.Errorf("%q by %s: taken and not reached", c.typed, c.channel)
		}
	}
	if got := settings.Mask("+393331234567"); got != "•• •••• 567" {
		t.Errorf("masked %q", got)
	}
}

// One number, bound by text message, used by call; a land line gets calls alone.
func TestLifeOfANumber(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, New(), `{"brand":"Banca Demo","default_region":"IT"}`)
	maria := p.Person("maria")
	bind := maria.Enrol(MethodSMS)
	bind.Begin()
	if answer := bind.Continue(map[string]string{"address": "02 1234 5678"}); answer.Failure == nil {
		t.Fatalf("a land line for text messages: %+v", answer)
	}
	bind.Continue(map[string]string{"address": "333 1234567"})
	if answer := bind.Continue(map[string]string{"code": p.Effects[0].Params["code"]}); answer.Success == nil || maria.Credentials[0].Label != "•• •••• 567" {
		t.Fatalf("%+v", answer)
	}
	for _, method := range []struct{ id, channel, amr string }{{MethodSMS, "sms", "sms"}, {MethodVoice, "voice", "tel"}} {
		p.Now = p.Now.Add(time.Hour)
		login := maria.Login(method.id)
		login.Begin()
		m := p.Effects[len(p.Effects)-1]
		if m.Channel != method.channel || m.To != "+393331234567" || m.Template != "message."+method.channel+".login" {
			t.Errorf("%+v", m)
		}
		if answer := login.Continue(map[string]string{"code": m.Params["code"]}); answer.Success == nil || answer.Success.AMR[0] != method.amr {
			t.Errorf("%+v", answer)
		}
	}
	home := p.Person("home")
	bind = home.Enrol(MethodVoice)
	bind.Begin()
	bind.Continue(map[string]string{"address": "02 1234 5678"})
	if answer := bind.Continue(map[string]string{"code": p.Effects[len(p.Effects)-1].Params["code"]}); answer.Success == nil {
		t.Fatalf("%+v", answer)
	}
	if answer := home.Login(MethodSMS).Begin(); answer.NotApplicable == nil {
		t.Errorf("a text message to a land line: %+v", answer)
	}
}

// gsm is the alphabet of text messages (3GPP TS 23.038). One character beyond it, and a message holds 70 of them instead of 160.
const gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// Each text message fits into one, with a long brand and a long name of the site; what tells of a transaction may take two.
func TestTextMessagesAreShort(t *testing.T) {
	t.Parallel()
	values := strings.NewReplacer("{brand}", "Banca d'Esempio", "{code}", "12345678", "{minutes}", "10", "{autofill}", "\n\n@accesso.bancaesempio.it #12345678",
		"{amount}", "EUR 12.345,67", "{payee}", "Condominio di via Giuseppe Garibaldi 12", "{details}", "Nuovo limite EUR 5.000,00, carta 1234")
	for locale, texts := range plugintest.Describe(t, New()).Texts {
		for key, text := range texts {
			if !strings.HasPrefix(key, "message.sms.") {
				continue
			}
			text = values.Replace(text)
			for _, c := range text {
				if !strings.ContainsRune(gsm, c) {
					t.Errorf("%s %s: %q is not in the alphabet of text messages", locale, key, c)
				}
			}
			most := 160
			if strings.HasSuffix(key, ".payment") || strings.HasSuffix(key, ".transaction") {
				most = 2 * 153 // the parts of a long message have a header
			}
			if n := len([]rune(text)); n > most {
				t.Errorf("%s %s: %d characters, more than %d: %s", locale, key, n, most, text)
			}
		}
	}
}
