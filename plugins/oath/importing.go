package oath

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/oath/internal/pskc"
	"github.com/varco-id/varco/plugins/sdk"
)

// importForm is what an operator gives for one token: the maker's file with what opens it, or the token's parameters.
type importForm struct {
	Serial string `json:"serial"`
	Label  string `json:"label"`
	InUse  bool   `json:"in_use"` // the person uses it already: no two codes at first

	PSKC     string `json:"pskc"`     // the whole file
	Key      string `json:"key"`      // hexadecimal
	Password string `json:"password"` // of the file

	Type      string `json:"type"`   // hotp or totp
	Secret    string `json:"secret"` // base32
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    int    `json:"period"`
	Counter   int64  `json:"counter"`
}

const (
	maxSerial = 64 // characters
	maxLabel  = 64
)

// ImportCredentials implements [sdk.Enrollment]. The serial number is the handle: a token belongs to one person.
func (p *Plugin) ImportCredentials(_ context.Context, instanceID string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	if _, err := p.config(instanceID); err != nil {
		return nil, err
	}
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		change, err := importOne(input.JSON)
		if err != nil {
			results[i].Error = err.Error()
			continue
		}
		results[i].Change = change
	}
	return results, nil
}

func importOne(raw []byte) (sdk.CredentialChange, error) {
	var form importForm
	if len(sdk.DecodeConfig(raw, &form)) > 0 || (form.PSKC == "") == (form.Secret == "") {
		return sdk.CredentialChange{}, errors.New(`give {"pskc": "<file>", "serial": "…"} or {"serial": "…", "type": "hotp|totp", "secret": "BASE32"}; see docs/plugins/oath.md`)
	}
	read := form.fromParameters
	if form.PSKC != "" {
		read = form.fromFile
	}
	serial, t, err := read()
	if err != nil {
		return sdk.CredentialChange{}, err
	}
	if err := t.check(); err != nil {
		return sdk.CredentialChange{}, err
	}
	label := cmp.Or(strings.TrimSpace(form.Label), serial)
	switch {
	case serial == "" || utf8.RuneCountInString(serial) > maxSerial || strings.ContainsFunc(serial, func(c rune) bool { return !unicode.IsGraphic(c) }):
		return sdk.CredentialChange{}, errors.New("the serial number must have 1 to 64 characters that can be seen")
	case utf8.RuneCountInString(label) > maxLabel || strings.ContainsFunc(label, func(c rune) bool { return !unicode.IsGraphic(c) }):
		return sdk.CredentialChange{}, errors.New("the label must have at most 64 characters that can be seen")
	}
	t.Fresh = !form.InUse
	return sdk.CredentialChange{Kind: sdk.ChangeCreate, Handle: serial, Label: label, Data: encode(t), Version: stateVersion}, nil
}

func (f importForm) fromParameters() (serial string, t token, err error) {
	if f.Key != "" || f.Password != "" {
		return "", token{}, errors.New("key and password open a PSKC file, and there is none")
	}
	seed := oathcode.Seed{
		Secret:    strings.TrimRight(strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(f.Secret)), "="),
		Algorithm: strings.ToUpper(strings.ReplaceAll(cmp.Or(f.Algorithm, "SHA1"), "-", "")),
		Digits:    cmp.Or(f.Digits, 6),
	}
	switch {
	case f.Type == string(pskc.Event) && f.Period == 0:
		t.Counter = &oathcode.Counter{Seed: seed, Next: f.Counter}
	case f.Type == string(pskc.Time) && f.Counter == 0:
		t.Clock = &oathcode.Clock{Seed: seed, Period: cmp.Or(f.Period, 30), Last: -1}
	default:
		return "", token{}, errors.New("the type must be hotp, perhaps with a counter, or totp, perhaps with a period")
	}
	return strings.TrimSpace(f.Serial), t, nil
}

func (f importForm) fromFile() (serial string, t token, err error) {
	if f.Type != "" || f.Algorithm != "" || f.Digits != 0 || f.Period != 0 || f.Counter != 0 {
		return "", token{}, errors.New("the PSKC file holds the token's parameters: leave them out")
	}
	secrets := pskc.Secrets{Password: f.Password}
	if secrets.Key, err = hex.DecodeString(f.Key); err != nil {
		return "", token{}, errors.New("the key must be hexadecimal") // err would quote it
	}
	box, err := pskc.Open([]byte(f.PSKC), secrets)
	if err != nil {
		return "", token{}, err
	}
	k, err := box.Key(strings.TrimSpace(f.Serial))
	if err != nil {
		return "", token{}, err
	}
	seed := oathcode.Seed{Secret: oathcode.EncodeSecret(k.Secret), Algorithm: k.Algorithm, Digits: k.Digits}
	if k.Kind == pskc.Event {
		t.Counter = &oathcode.Counter{Seed: seed, Next: k.Counter}
	} else {
		t.Clock = &oathcode.Clock{Seed: seed, Period: k.Period, Last: -1, Drift: k.Drift}
	}
	if !k.Expires.IsZero() {
		t.Expires = k.Expires.Unix()
	}
	return k.Serial, t, nil
}

// BeginEnroll implements [sdk.Enrollment]: nobody binds a token by themselves.
func (*Plugin) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: stateVersion}, nil
}

// ContinueEnroll implements [sdk.Enrollment].
func (p *Plugin) ContinueEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return p.BeginEnroll(ctx, r)
}

// Revoke implements [sdk.Enrollment]; nothing of a token lies outside the host but the token.
func (p *Plugin) Revoke(_ context.Context, instanceID string, _ sdk.Credential) error {
	_, err := p.config(instanceID)
	return err
}
