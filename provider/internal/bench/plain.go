//go:build linux

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"

	"github.com/varco-id/varco/plugins/sdk"
)

// plain is the password plugin without its hash: the same page, the same calls, a process of its own, and one comparison. A hash costs ten
// times what everything else of a login does and varies by more than that from one to the next, so that the difference of two large
// figures says nothing about the small one.
type plain struct{ sdk.Stateless }

// plainMode is the argument that makes this program that plugin.
const plainMode = "plain"

// plainACR is what a relying party asks for to sign in with it.
var plainACR = acrOf("plain")

var (
	_ sdk.Authenticator = plain{}
	_ sdk.Enrollment    = plain{}
)

func (plain) Describe(context.Context) (*sdk.Description, error) {
	opening := sdk.Screen(sdk.T("title"),
		sdk.Node{TextField: &sdk.TextField{Name: "password", Kind: sdk.FieldPassword, Label: sdk.T("title")}},
		sdk.Node{Action: &sdk.Action{Name: "next", Label: sdk.T("next"), Primary: true}})
	return &sdk.Description{
		Name: "plain", Version: "1.0.0", CredentialType: "plain", StateVersion: 1,
		Texts:   map[string]map[string]string{"en": {"title": "Password", "next": "Continue"}},
		Methods: []sdk.Method{{ID: "plain", Title: "title", Factors: []sdk.Factor{sdk.FactorKnowledge}, AMR: []string{"pwd"}, Opening: &opening}},
	}, nil
}

func (plain) Begin(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}}, nil // the opening page needs none
}

func (plain) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	for _, c := range r.Credentials {
		sum := sha256.Sum256([]byte(r.Inputs["password"]))
		if hmac.Equal(sum[:], c.Data) {
			return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"pwd"}, CredentialID: c.ID}}, nil
		}
	}
	return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}}, nil
}

func (plain) Cancel(context.Context, *sdk.StepRequest) error { return nil }

func (plain) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}}, nil
}

func (p plain) ContinueEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return p.BeginEnroll(ctx, r)
}

func (plain) Revoke(context.Context, string, sdk.Credential) error { return nil }

func (plain) ImportCredentials(_ context.Context, _ string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		var in struct{ Password string }
		if err := json.Unmarshal(input.JSON, &in); err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(in.Password))
		results[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Data: sum[:], Version: 1}
	}
	return results, nil
}
