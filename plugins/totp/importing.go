package totp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// importForm is what an operator gives for one app: a secret with its parameters, or an otpauth:// address.
type importForm struct {
	Secret    string `json:"secret"`
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    int    `json:"period"`
	URI       string `json:"uri"`
	Label     string `json:"label"`
}

// ImportCredentials implements [sdk.Enrollment]. Parameters left out are those of most apps, not the instance's: the
// seed comes from elsewhere, and its app shows what it shows.
func (p *Plugin) ImportCredentials(_ context.Context, instanceID string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	if _, err := p.config(instanceID); err != nil {
		return nil, err
	}
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		app, label, err := importOne(input.JSON)
		if err != nil {
			results[i].Error = err.Error()
			continue
		}
		results[i].Change = sdk.CredentialChange{
			Kind: sdk.ChangeCreate, Label: label, Data: encode(app), Version: stateVersion,
		}
	}
	return results, nil
}

func importOne(raw []byte) (app oathcode.Clock, label string, err error) {
	var form importForm
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&form) != nil || d.More() || (form.Secret == "") == (form.URI == "") {
		return oathcode.Clock{}, "", errors.New(`give {"secret": "BASE32"} or {"uri": "otpauth://totp/…"}, with a label if you like`)
	}
	label = cleanLabel(form.Label)
	if form.URI != "" {
		if form.Algorithm != "" || form.Digits != 0 || form.Period != 0 {
			return oathcode.Clock{}, "", errors.New("the uri holds the algorithm, the digits and the period: leave them out")
		}
		if form, err = fromURI(form.URI); err != nil {
			return oathcode.Clock{}, "", err
		}
	}
	if label == "" {
		label = defaultLabel(sdk.English, nil)
	}
	if utf8.RuneCountInString(label) > maxLabel {
		return oathcode.Clock{}, "", errors.New("the label must have at most 64 characters")
	}
	app = oathcode.Clock{Period: cmp.Or(form.Period, 30), Last: -1, Seed: oathcode.Seed{
		Secret:    strings.TrimRight(strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(form.Secret)), "="),
		Algorithm: strings.ToUpper(strings.ReplaceAll(cmp.Or(form.Algorithm, "SHA1"), "-", "")),
		Digits:    cmp.Or(form.Digits, 6),
	}}
	if err := app.Check(); err != nil {
		return oathcode.Clock{}, "", err
	}
	return app, label, nil
}

// fromURI reads an otpauth:// address. An unreadable number is an error, not the default: the app would show other
// codes than we expect.
func fromURI(uri string) (importForm, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		return importForm{}, errors.New("the uri must start with otpauth://totp/") // err would repeat the secret
	}
	q := u.Query()
	form := importForm{Secret: q.Get("secret"), Algorithm: q.Get("algorithm")}
	for name, into := range map[string]*int{"digits": &form.Digits, "period": &form.Period} {
		if v := q.Get(name); v != "" {
			if *into, err = strconv.Atoi(v); err != nil || *into <= 0 {
				return importForm{}, errors.New("the uri's " + name + " must be a number")
			}
		}
	}
	if q.Get("encoder") != "" {
		return importForm{}, errors.New("only codes of digits are supported")
	}
	return form, nil
}

// Revoke implements [sdk.Enrollment]; nothing of an app lies outside the host.
func (p *Plugin) Revoke(_ context.Context, instanceID string, _ sdk.Credential) error {
	_, err := p.config(instanceID)
	return err
}
