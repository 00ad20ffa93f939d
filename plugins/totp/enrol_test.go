package totp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"image"
	"image/draw"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

func fieldOf(v sdk.View, name string) sdk.TextField {
	for _, n := range v.Nodes {
		if n.TextField != nil && n.TextField.Name == name {
			return *n.TextField
		}
	}
	return sdk.TextField{}
}

func qrOf(t testing.TB, v sdk.View) sdk.QR {
	t.Helper()
	for _, n := range v.Nodes {
		if n.QR != nil {
			return *n.QR
		}
	}
	t.Fatal("no QR in the view")
	return sdk.QR{}
}

// scanned draws the code, reads it back as a phone would, and returns the key.
func scanned(t testing.TB, qr sdk.QR) *otp.Key {
	t.Helper()
	drawn, err := otp.NewKeyFromURL(qr.Content)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := drawn.Image(400, 400)
	if err != nil {
		t.Fatal(err)
	}
	// The white border that the standard asks for, without which a reader may not find the corners.
	page := image.NewGray(image.Rect(0, 0, 600, 600))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(page, picture.Bounds().Add(image.Pt(100, 100)), picture, image.Point{}, draw.Src)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(page)
	if err != nil {
		t.Fatal(err)
	}
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		t.Fatal(err)
	}
	key, err := otp.NewKeyFromURL(read.GetText())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func enrol(now time.Time, have []sdk.Credential, state []byte, code, label string) *sdk.StepRequest {
	r := request(now, have, map[string]string{inputCode: code, inputLabel: label})
	r.Context.Intent, r.State, r.StateVersion = sdk.IntentEnrol, state, 1
	return r
}

func TestEnrol(t *testing.T) {
	t.Parallel()
	for _, config := range []string{`{}`, `{"issuer":"Banca Più & Co","algorithm":"SHA256","digits":8,"period":60}`, `{"algorithm":"SHA512"}`} {
		b := newBench(t, config)
		begun := b.step(b.BeginEnroll, enrol(noon, nil, nil, "", ""))
		if len(begun.CredentialChanges) > 0 {
			t.Fatal("a credential before any code was given")
		}
		qr := qrOf(t, begun.Challenge.View)
		key := scanned(t, qr)
		if key.Type() != "totp" || key.AccountName() != "mario.rossi" {
			t.Errorf("%s: %s for %s", config, key.Type(), key.AccountName())
		}
		if want := cmp.Or(b.instances["i"].Issuer, "login.bancaesempio.test"); key.Issuer() != want {
			t.Errorf("%s: issuer %q, want %q", config, key.Issuer(), want)
		}
		if strings.ReplaceAll(qr.Typed, " ", "") != key.Secret() || len(strings.Fields(qr.Typed)[0]) != 4 {
			t.Errorf("%s: typed %q for %q", config, qr.Typed, key.Secret())
		}
		app, err := totp.GenerateCodeCustom(key.Secret(), noon, totp.ValidateOpts{
			Period: uint(key.Period()), Digits: key.Digits(), Algorithm: key.Algorithm(),
		})
		if err != nil {
			t.Fatal(err)
		}

		wrong := b.step(b.ContinueEnroll, enrol(noon, nil, begun.State, strings.Repeat("0", len(app)), " Telefono\u202e di  lavoro "))
		f := wrong.Failure
		if f == nil || f.Counts || !f.Retryable || f.Reason != sdk.ReasonBadCredential || fieldOf(*f.View, inputCode).Error.Key != "error.enrol" {
			t.Fatalf("%s: %+v", config, wrong)
		}
		if qrOf(t, *f.View).Content != qr.Content || !bytes.Equal(wrong.State, begun.State) {
			t.Errorf("%s: another key after a wrong code", config)
		}
		if got := fieldOf(*f.View, inputLabel).Value; got != "Telefono di lavoro" {
			t.Errorf("%s: the label came back as %q", config, got)
		}

		done := b.step(b.ContinueEnroll, enrol(noon, nil, wrong.State, app, "Telefono di lavoro"))
		if done.Success == nil || len(done.CredentialChanges) != 1 || len(done.State) > 0 {
			t.Fatalf("%s: %+v", config, done)
		}
		c := done.CredentialChanges[0]
		if c.Kind != sdk.ChangeCreate || c.Label != "Telefono di lavoro" {
			t.Errorf("%s: %+v", config, c)
		}
		cred := sdk.Credential{ID: "c1", Label: c.Label, Data: c.Data, Revision: 1, Version: c.Version}
		if answer := b.login(noon, []sdk.Credential{cred}, app); answer.Failure == nil || answer.Failure.Reason != sdk.ReasonReplayed {
			t.Errorf("%s: the code that bound the app opens the account, too: %+v", config, answer)
		}
	}
}

func TestEnrolRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	begun := b.step(b.BeginEnroll, enrol(noon, nil, nil, "", ""))
	for _, c := range []struct{ code, label, field, want string }{
		{"", "", inputCode, "error.form"},
		{"12 34", "", inputCode, "error.form"},
		{"123456", strings.Repeat("à", 65), inputLabel, "error.label"},
	} {
		answer := b.step(b.ContinueEnroll, enrol(noon, nil, begun.State, c.code, c.label))
		f := answer.Failure
		if f == nil || f.Counts || f.Reason != sdk.ReasonInvalidInput || fieldOf(*f.View, c.field).Error.Key != c.want {
			t.Errorf("%q, %q: %+v", c.code, c.label, answer)
		}
	}
	for name, state := range map[string]string{
		"none": "", "not JSON": "{", "empty": "{}", "weak key": `{"secret":"AAAA","algorithm":"SHA1","digits":6,"period":30}`,
	} {
		answer := b.step(b.ContinueEnroll, enrol(noon, nil, []byte(state), "123456", ""))
		if f := answer.Failure; f == nil || f.Reason != sdk.ReasonExpired || f.Counts || f.Retryable {
			t.Errorf("state %s: %+v", name, answer)
		}
	}
	nobody := enrol(noon, nil, nil, "", "")
	nobody.Context.Subject = nil
	if answer, err := b.BeginEnroll(context.Background(), nobody); err == nil {
		t.Errorf("bound an app to nobody: %+v", answer)
	}
}

func TestDefaultLabel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale string
		have   []string
		want   string
	}{
		{"it-IT", nil, "App di autenticazione"}, {"IT", nil, "App di autenticazione"},
		{"en", nil, "Authenticator app"}, {"fr", nil, "Authenticator app"}, {"", nil, "Authenticator app"},
		{"en-GB", []string{"Authenticator app"}, "Authenticator app 2"},
		{"en", []string{"Authenticator app", "Authenticator app 2", "x"}, "Authenticator app 3"},
	} {
		var have []sdk.Credential
		for _, l := range c.have {
			have = append(have, sdk.Credential{Label: l})
		}
		if got := defaultLabel(c.locale, have); got != c.want {
			t.Errorf("%q with %q: %q, want %q", c.locale, c.have, got, c.want)
		}
	}
}

// Whatever people are called, the code can be drawn and the app gets the whole key.
func TestKeyURIOfOddNames(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{"issuer":"`+strings.Repeat("𝔅", 32)+`"}`)
	for _, name := range []string{"", ":", "a:b", "mario rossi/?#&=%+", strings.Repeat("😀", 500), strings.Repeat("x", 3000)} {
		r := enrol(noon, nil, nil, "", "")
		r.Context.Subject.Name = name
		answer := b.step(b.BeginEnroll, r)
		qr := qrOf(t, answer.Challenge.View)
		key, err := otp.NewKeyFromURL(qr.Content)
		if err != nil || len(qr.Content) > sdk.MaxQR || key.Secret() != strings.ReplaceAll(qr.Typed, " ", "") || key.AccountName() == "" {
			t.Errorf("%.20q: %d bytes, account %q, %v", name, len(qr.Content), key.AccountName(), err)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	b := newBench(t, `{"digits":8,"period":60}`)
	inputs := []struct{ json, label, problem string }{
		{`{"secret":"` + secret + `"}`, "Authenticator app", ""},
		{`{"secret":"jbsw y3dp-ehpk3pxp jbswy3dpehpk3pxp==","label":" Vecchia  app "}`, "Vecchia app", ""},
		{`{"secret":"` + secret + `","algorithm":"sha-1","digits":6,"period":30}`, "Authenticator app", ""},
		{`{"uri":"otpauth://totp/Banca:mario?secret=` + secret + `&issuer=Banca"}`, "Authenticator app", ""},
		{`{"secret":"JBSWY3DPEHPK3PXP"}`, "", "128 bits"},
		{`{"secret":"` + strings.Repeat("A", 400) + `"}`, "", "1,024 bits"},
		{`{"secret":"not base 32 1890"}`, "", "base32"},
		{`{"secret":"` + secret + `","digits":10}`, "", "digits"},
		{`{"secret":"` + secret + `","period":1}`, "", "period"},
		{`{"secret":"` + secret + `","algorithm":"MD5"}`, "", "algorithm"},
		{`{"uri":"otpauth://hotp/x?secret=` + secret + `&counter=1"}`, "", "otpauth://totp/"},
		{`{"uri":"https://example.test/?secret=` + secret + `"}`, "", "otpauth://totp/"},
		{`{"uri":"otpauth://totp/x?secret=` + secret + `&digits=six"}`, "", "digits"},
		{`{"uri":"otpauth://totp/x?secret=` + secret + `&period=-30"}`, "", "period"},
		{`{"uri":"otpauth://totp/x?secret=` + secret + `&encoder=steam"}`, "", "digits"},
		{`{"uri":"otpauth://totp/x?secret=` + secret + `","digits":6}`, "", "leave them out"},
		{`{"uri":"otpauth://totp/%zz?secret=` + secret + `"}`, "", "otpauth://totp/"},
		{`{"secret":"` + secret + `","uri":"otpauth://totp/x?secret=` + secret + `"}`, "", "BASE32"},
		{`{"secret":"` + secret + `","label":"` + strings.Repeat("x", 65) + `"}`, "", "64 characters"},
		{`{}`, "", "BASE32"}, {`[]`, "", "BASE32"}, {`{"secrets":"x"}`, "", "BASE32"},
	}
	var given []sdk.ImportInput
	for _, in := range inputs {
		given = append(given, sdk.ImportInput{Subject: sdk.Subject{ID: "sub-1"}, JSON: []byte(in.json)})
	}
	results, err := b.ImportCredentials(context.Background(), "i", given)
	if err != nil || len(results) != len(given) {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for i, in := range inputs {
		r := results[i]
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", in.json, err)
		}
		if in.problem != "" {
			if !strings.Contains(r.Error, in.problem) || strings.Contains(r.Error, secret) {
				t.Errorf("%s: %q, want one with %q and without the secret", in.json, r.Error, in.problem)
			}
			continue
		}
		if r.Error != "" || r.Change.Label != in.label {
			t.Errorf("%s: %q, label %q", in.json, r.Error, r.Change.Label)
			continue
		}
		var d oathcode.Clock
		want := oathcode.Clock{Seed: oathcode.Seed{Secret: secret, Algorithm: "SHA1", Digits: 6}, Period: 30, Last: -1}
		if err := json.Unmarshal(r.Change.Data, &d); err != nil || d != want {
			t.Errorf("%s: %+v, %v", in.json, d, err)
		}
		cred := sdk.Credential{ID: "c1", Data: r.Change.Data, Revision: 1, Version: r.Change.Version}
		if answer := b.login(noon, []sdk.Credential{cred}, codeAt(t, d, noon)); answer.Success == nil {
			t.Errorf("%s: %+v", in.json, answer.Failure)
		}
	}
}

// FuzzImport: whatever an operator's file holds, what is taken can be used.
func FuzzImport(f *testing.F) {
	for _, s := range []string{
		`{"secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}`, `{"uri":"otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=SHA512"}`,
		`{"secret":"A\nA"}`, `{"uri":"://"}`, `null`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, label, err := importOne(raw)
		if err != nil {
			return
		}
		if _, err := s.Code(1); err != nil || s.Check() != nil || label == "" || len(label) > sdk.MaxLabel {
			t.Fatalf("%q: %+v, %q, %v", raw, s, label, err)
		}
	})
}
