package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"

	"github.com/varco-id/varco/plugins/sdk"
)

// BeginEnroll implements sdk.Enrollment.
func (m *model) BeginEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if err := m.before(ctx, r); err != nil {
		return nil, err
	}
	if r.Context.MethodID == methodPIN {
		view := sdk.Screen(sdk.T("new"), sdk.Field(sdk.TextField{Name: "password", Kind: sdk.FieldNewPassword, Label: sdk.T("new"), MaxLength: 128}),
			sdk.Submit("go", sdk.T("go")))
		return &sdk.StepResponse{Challenge: &sdk.Challenge{View: view}, StateVersion: m.version(r)}, nil
	}
	seed := make([]byte, 20)
	rand.Read(seed)
	return &sdk.StepResponse{Challenge: &sdk.Challenge{View: m.scan(seed, false)}, State: seed, StateVersion: m.version(r)}, nil
}

func (m *model) scan(seed []byte, wrong bool) sdk.View {
	key := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
	qr := &sdk.QR{Content: "otpauth://totp/Bank:x?secret=" + key, Alt: sdk.T("qr"), Typed: key}
	switch m.bad {
	case "ui.typed":
		qr.Typed = "see the code above"
	case "ui.view qr":
		qr.Typed = ""
	}
	view := m.ask(m.bad, methodApp, wrong)
	view.Nodes = append([]sdk.Node{{QR: qr}}, view.Nodes...)
	return view
}

// ContinueEnroll implements sdk.Enrollment.
func (m *model) ContinueEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if err := m.before(ctx, r); err != nil {
		return nil, err
	}
	if r.Context.Subject == nil {
		return m.refused(sdk.ReasonExpired, nil, r)
	}
	k := &kept{Kind: r.Context.MethodID}
	switch r.Context.MethodID {
	case methodPIN:
		if given := r.Inputs["password"]; len(given) < 8 || len(given) > 128 {
			view := sdk.Screen(sdk.T("new"), sdk.Field(sdk.TextField{Name: "password", Kind: sdk.FieldNewPassword, Label: sdk.T("new"), Error: sdk.T("wrong")}))
			return m.refused(sdk.ReasonInvalidInput, &view, r)
		}
		k.Salt = make([]byte, 16)
		rand.Read(k.Salt)
		k.Sum = hashed(r.Inputs["password"], k.Salt)
	default:
		now := r.Context.Now.Unix() / 30
		if len(r.State) != 20 {
			return m.refused(sdk.ReasonExpired, nil, r)
		}
		if r.Inputs["code"] != codeAt(r.State, now) {
			view := m.scan(r.State, true)
			return m.refused(sdk.ReasonInvalidInput, &view, r)
		}
		k.Seed, k.Last = r.State, now
	}
	return &sdk.StepResponse{Success: &sdk.Success{}, StateVersion: m.version(r),
		CredentialChanges: []sdk.CredentialChange{m.change(r, sdk.ChangeCreate, k, nil)}}, nil
}

// Revoke implements sdk.Enrollment.
func (m *model) Revoke(_ context.Context, _ string, c sdk.Credential) error {
	if m.bad == "steps.revoke" && !json.Valid(c.Data) {
		return errors.New("not readable")
	}
	return nil
}

// ImportCredentials implements sdk.Enrollment.
func (m *model) ImportCredentials(_ context.Context, _ string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	results := make([]sdk.ImportResult, len(in))
	for i := range results {
		results[i].Error = "nothing can be imported"
		if m.bad == "steps.import accepted" && string(in[i].JSON) == "{}" {
			results[i] = sdk.ImportResult{Change: sdk.CredentialChange{Kind: sdk.ChangeCreate}}
		}
	}
	if m.bad == "steps.import fewer" {
		results = results[:1]
	}
	return results, nil
}
