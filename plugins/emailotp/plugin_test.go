package emailotp

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
	sdktest.Run(t, sdktest.Start(t, New(), `{"brand":"Banca Demo"}`))
}

func TestTexts(t *testing.T) {
	t.Parallel()
	d := plugintest.Describe(t, New())
	plugintest.Texts(t, d, ".", "../internal/messageotp")
	for key := range d.Texts["en"] {
		if strings.HasPrefix(key, "message.") && !strings.HasSuffix(key, ".subject") && d.Texts["en"][key+".subject"] == "" {
			t.Errorf("%s has no subject line", key)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	plugintest.Config(t, func() sdk.Plugin { return New() }, map[string]string{
		``: plugintest.Good, `{}`: plugintest.Good,
		`{"brand":"Banca Demo","digits":8,"lifetime_minutes":5,"resends":0,"max_per_15_minutes":3,"max_per_day":10}`: plugintest.Good,
		`{"digits":9}`: "/digits", `{"lifetime_minutes":11}`: "/lifetime_minutes", `{"regions":["IT"]}`: "/regions", `[]`: "",
		`{"max_per_day":4}`: "program:/max_per_day",
	})
	plugintest.Defaults(t, configSchema, messageotp.Defaults(10))
}

// A mailbox is not possession: with a password it makes one factor, and policy must refuse to call it two.
func TestIsNotPossession(t *testing.T) {
	t.Parallel()
	for _, m := range plugintest.Describe(t, New()).Methods {
		if len(m.Factors) != 1 || m.Factors[0] != sdk.FactorKnowledge || m.AMR[0] != "otp" {
			t.Errorf("%+v", m)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"maria@example.com": "maria@example.com", " maria@example.com ": "maria@example.com", "maria.rossi+banca@Example.COM": "maria.rossi+banca@example.com",
		"maria@città.example": "maria@xn--citt-3na.example", "o'neil@example.com": "o'neil@example.com",
		"": "", "maria": "", "@example.com": "", "maria@": "", "maria@localhost": "", "maria@exa mple.com": "", "ma ria@example.com": "", "maria@example.com, luigi@example.com": "",
		"Maria <maria@example.com>": "", `"maria"@example.com`: "", "maria(x)@example.com": "", "maria@[127.0.0.1]": "", "maria\n@example.com": "", "maria@example.com\nBcc: x@example.com": "",
		"marìa@example.com": "", ".maria@example.com": "", "maria@-example.com": "", strings.Repeat("m", 65) + "@example.com": "", "a@b@example.com": "", "maria@example..com": "",
	} {
		address, problem := book{}.Parse(typed, "email")
		if address != want || (problem == "") != (want != "") {
			t.Errorf("%q: %q, %q; want %q", typed, address, problem, want)
		}
	}
	if got := (book{}).Mask("maria@example.com"); got != "m•••@example.com" {
		t.Error(got)
	}
}

// FuzzParse: what is taken can stand in the header of a mail, and is taken again as itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"maria@example.com", "a@b", "\"\"@x.y", "a@xn--a.example", "à@è.it", "a@b.c\r\nBcc: d@e.f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		address, problem := book{}.Parse(typed, "")
		if problem != "" {
			return
		}
		for _, c := range address {
			if c <= ' ' || c > '~' || strings.ContainsRune(`<>",;`, c) {
				t.Fatalf("%q is read as %q", typed, address)
			}
		}
		if again, problem := (book{}).Parse(address, ""); again != address || problem != "" {
			t.Fatalf("%q is read as %q, and that as %q", typed, address, again)
		}
	})
}

func TestLifeOfAMailbox(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, New(), `{}`)
	maria := p.Person("maria")
	bind := maria.Enrol(MethodID)
	bind.Begin()
	bind.Continue(map[string]string{"address": "maria@example.com"})
	if answer := bind.Continue(map[string]string{"code": p.Effects[0].Params["code"]}); answer.Success == nil {
		t.Fatalf("%+v", answer)
	}
	p.Now = p.Now.Add(time.Hour)
	login := maria.Login(MethodID)
	login.Begin()
	p.Now = p.Now.Add(9 * time.Minute)
	m := p.Effects[1]
	if m.Channel != "email" || m.To != "maria@example.com" || m.Params["brand"] != "Bank" || m.Params["minutes"] != "10" {
		t.Errorf("%+v", m)
	}
	if answer := login.Continue(map[string]string{"code": m.Params["code"]}); answer.Success == nil {
		t.Errorf("%+v", answer)
	}
}
