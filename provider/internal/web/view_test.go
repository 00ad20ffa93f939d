package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/varco-id/varco/plugins/sdk"
)

// known is a catalogue that has every key but those that begin with "no".
func known(t sdk.Text) string {
	if strings.HasPrefix(t.Key, "no") {
		return ""
	}
	return t.Key
}

func TestViewsThatAreNotShown(t *testing.T) {
	t.Parallel()
	l := sdk.Text{Key: "label"}
	field := func(f sdk.TextField) sdk.View {
		if f.Label.Key == "" {
			f.Label = l
		}
		return sdk.View{Nodes: []sdk.Node{{TextField: &f}}}
	}
	one := func(n sdk.Node) sdk.View { return sdk.View{Nodes: []sdk.Node{n}} }
	for name, v := range map[string]sdk.View{
		"unknown node":          one(sdk.Node{}),
		"two in one":            one(sdk.Node{Wait: &sdk.Wait{Text: l}, Paragraph: &sdk.Paragraph{Text: l}}),
		"too many nodes":        {Nodes: make([]sdk.Node, 65)},
		"title without text":    {Title: sdk.Text{Key: "no"}},
		"unknown kind of field": field(sdk.TextField{Name: "a", Kind: "iris"}),
		"field without label":   field(sdk.TextField{Name: "a", Kind: sdk.FieldText, Label: sdk.Text{Key: "no"}}),
		"field without hint":    field(sdk.TextField{Name: "a", Kind: sdk.FieldText, Hint: sdk.Text{Key: "no"}}),
		"field without error":   field(sdk.TextField{Name: "a", Kind: sdk.FieldText, Error: sdk.Text{Key: "no"}}),
		"field without name":    field(sdk.TextField{Kind: sdk.FieldText}),
		"the button's name":     field(sdk.TextField{Name: "action", Kind: sdk.FieldText}),
		"name with a dot":       field(sdk.TextField{Name: "a.b", Kind: sdk.FieldText}),
		"name with a quote":     field(sdk.TextField{Name: `a"`, Kind: sdk.FieldText}),
		"password shown":        field(sdk.TextField{Name: "a", Kind: sdk.FieldPassword, Value: "x"}),
		"new password shown":    field(sdk.TextField{Name: "a", Kind: sdk.FieldNewPassword, Value: "x"}),
		"code shown":            field(sdk.TextField{Name: "a", Kind: sdk.FieldOneTimeCode, Value: "x"}),
		"same name twice": {Nodes: []sdk.Node{{TextField: &sdk.TextField{Name: "a", Kind: sdk.FieldText, Label: l}},
			{Choice: &sdk.Choice{Name: "a", Label: l, Options: []sdk.Option{{Value: "1", Label: l}}}}}},
		"choice of nothing":       one(sdk.Node{Choice: &sdk.Choice{Name: "a", Label: l}}),
		"option without label":    one(sdk.Node{Choice: &sdk.Choice{Name: "a", Label: l, Options: []sdk.Option{{Value: "1"}}}}),
		"choice without label":    one(sdk.Node{Choice: &sdk.Choice{Name: "a", Options: []sdk.Option{{Value: "1", Label: l}}}}),
		"QR without text":         one(sdk.Node{QR: &sdk.QR{Content: "x", Alt: l}}),
		"QR without alt":          one(sdk.Node{QR: &sdk.QR{Content: "x", Typed: "x"}}),
		"QR without content":      one(sdk.Node{QR: &sdk.QR{Typed: "x", Alt: l}}),
		"long QR":                 one(sdk.Node{QR: &sdk.QR{Content: strings.Repeat("x", 1001), Typed: "x", Alt: l}}),
		"WebAuthn without JSON":   one(sdk.Node{WebAuthn: &sdk.WebAuthn{Options: []byte("{")}}),
		"two WebAuthn":            {Nodes: []sdk.Node{{WebAuthn: &sdk.WebAuthn{Options: []byte("{}")}}, {WebAuthn: &sdk.WebAuthn{Options: []byte("{}")}}}},
		"empty paragraph":         one(sdk.Node{Paragraph: &sdk.Paragraph{}}),
		"unknown style":           one(sdk.Node{Paragraph: &sdk.Paragraph{Text: l, Style: "blink"}}),
		"action without label":    one(sdk.Node{Action: &sdk.Action{Name: "a"}}),
		"action without name":     one(sdk.Node{Action: &sdk.Action{Label: l}}),
		"number of letters":       one(sdk.Node{NumberMatch: &sdk.NumberMatch{Digits: "4a", Label: l}}),
		"number of nothing":       one(sdk.Node{NumberMatch: &sdk.NumberMatch{Label: l}}),
		"long number":             one(sdk.Node{NumberMatch: &sdk.NumberMatch{Digits: "123456789", Label: l}}),
		"empty transaction":       one(sdk.Node{Transaction: &sdk.Shown{}}),
		"transaction unlabelled":  one(sdk.Node{Transaction: &sdk.Shown{Rows: []sdk.ShownRow{{Value: "1"}}}}),
		"wait without text":       one(sdk.Node{Wait: &sdk.Wait{}}),
		"image that is no PNG":    one(sdk.Node{Image: &sdk.Image{PNG: []byte("<svg onload=alert(1)>"), Alt: l}}),
		"large image":             one(sdk.Node{Image: &sdk.Image{PNG: append(bytes.Clone(pngSignature), make([]byte, 48<<10)...), Alt: l}}),
		"image without alt":       one(sdk.Node{Image: &sdk.Image{PNG: pngSignature}}),
		"script for a redirect":   one(sdk.Node{Redirect: &sdk.Redirect{URL: "javascript:alert(1)", Label: l}}),
		"redirect in clear":       one(sdk.Node{Redirect: &sdk.Redirect{URL: "http://idp.example/", Label: l}}),
		"redirect with user":      one(sdk.Node{Redirect: &sdk.Redirect{URL: "https://bank.example@evil.example/", Label: l}}),
		"redirect to a path":      one(sdk.Node{Redirect: &sdk.Redirect{URL: "/account", Label: l}}),
		"redirect without a text": one(sdk.Node{Redirect: &sdk.Redirect{URL: "https://idp.example/"}}),
	} {
		if got, err := buildView(v, known); err == nil || got != nil {
			t.Errorf("%s is shown", name)
		} else if strings.Contains(err.Error(), "javascript") || strings.Contains(err.Error(), "evil") {
			t.Errorf("%s: the error quotes the view: %v", name, err)
		}
	}
}

func TestFieldKinds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[sdk.FieldKind]field{
		sdk.FieldText:        {Type: "text", Autocomplete: "off", Min: 3},
		sdk.FieldUsername:    {Type: "text", Autocomplete: "username", Min: 3},
		sdk.FieldPassword:    {Type: "password", Autocomplete: "current-password", Toggle: true},
		sdk.FieldNewPassword: {Type: "password", Autocomplete: "new-password", Toggle: true, Min: 3, Strength: true},
		sdk.FieldOneTimeCode: {Type: "text", Autocomplete: "one-time-code", InputMode: "numeric", Code: true},
		sdk.FieldPhone:       {Type: "tel", Autocomplete: "tel", Min: 3},
		sdk.FieldEmail:       {Type: "email", Autocomplete: "email", Min: 3},
	} {
		v, err := buildView(sdk.View{Nodes: []sdk.Node{{TextField: &sdk.TextField{Name: "n", Kind: kind, Label: sdk.Text{Key: "l"}, MinLength: 3, Strength: true}}}}, known)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		want.ID, want.Name, want.Label, want.Required = "f-n", "p.n", "l", true
		if got := *v.Nodes[0].Field; got != want {
			t.Errorf("%s: %+v, want %+v", kind, got, want)
		}
	}
}

// TestOptionalField: a browser must not insist on what may be left empty.
func TestOptionalField(t *testing.T) {
	t.Parallel()
	v, err := buildView(sdk.View{Nodes: []sdk.Node{{TextField: &sdk.TextField{Name: "n", Kind: sdk.FieldText, Label: sdk.Text{Key: "l"}, Optional: true}}}}, known)
	if err != nil || v.Nodes[0].Field.Required {
		t.Fatalf("%v, %+v", err, v)
	}
}

// TestEnterPressesThePrimaryButton: browsers press a form's first button for Enter.
func TestEnterPressesThePrimaryButton(t *testing.T) {
	t.Parallel()
	l := sdk.Text{Key: "l"}
	v, err := buildView(sdk.View{Nodes: []sdk.Node{
		{Action: &sdk.Action{Name: "resend", Label: l, Skip: true}}, {Action: &sdk.Action{Name: "other", Label: l}}, {Action: &sdk.Action{Name: "go", Label: l, Primary: true}},
	}}, known)
	if err != nil {
		t.Fatal(err)
	}
	if a := v.Actions; a[0].Name != "go" || a[1].Name != "resend" || a[2].Name != "other" {
		t.Errorf("%+v", a)
	}
}

// TestQRIsReadable decodes with another library what a phone would scan.
func TestQRIsReadable(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"x", "otpauth://totp/Banca%20Demo:maria?secret=JBSWY3DPEHPK3PXP&issuer=Banca%20Demo", "è 中", strings.Repeat("https://bank.test/", 55)} {
		v, err := buildView(sdk.View{Nodes: []sdk.Node{{QR: &sdk.QR{Content: content, Typed: "x", Alt: sdk.Text{Key: "l"}}}}}, known)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(v.Nodes[0].Image), "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			t.Fatal(err)
		}
		got, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
		if err != nil || got.GetText() != content {
			t.Errorf("%q reads as %v, %v", content, got, err)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"JBSWY3DPEHPK3PXP": "JBSW Y3DP EHPK 3PXP", "ABCDEFGHIJKLMN": "ABCD EFGH IJKL MN", "SHORT": "SHORT",
		"https://bank.test/x": "https://bank.test/x", "AAAA BBBB CCCC": "AAAA BBBB CCCC",
	} {
		if got := groups(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// FuzzView builds arbitrary views: an error or a view, never a crash.
func FuzzView(f *testing.F) {
	for _, s := range []string{`{"nodes":[{"text_field":{"name":"a","kind":"text","label":{"key":"l"}}}]}`, `{"nodes":[{"qr":{"content":"x","typed":"y","alt":{"key":"l"}}}]}`,
		`{"nodes":[{"webauthn":{"options":"e30="}},{"action":{"name":"a","label":{"key":"l"}}}]}`, `{"nodes":[{}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var v sdk.View
		if json.Unmarshal(raw, &v) != nil {
			return
		}
		if got, err := buildView(v, known); (got == nil) == (err == nil) {
			t.Errorf("%v and %v", got, err)
		}
	})
}
