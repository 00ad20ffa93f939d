// Command liar serves an authenticator that answers what no honest one does: which lie it tells is what is typed.
package main

import (
	"context"
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

type liar struct{ sdk.Stateless }

func main() { sdk.Serve(liar{}) }

func (liar) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "liar", Version: "1.0.0", CredentialType: "liar", StateVersion: 1,
		Services: []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment},
		Texts:    map[string]map[string]string{"en": {"title": "Lie", "long": "{text}"}},
		Methods:  []sdk.Method{{ID: "liar", Title: "title", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"otp"}}},
	}, nil
}

func (liar) Begin(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return sdk.Ask(sdk.Screen(sdk.T("title"), sdk.Field(sdk.TextField{Name: "lie", Kind: sdk.FieldText, Label: sdk.T("title")}))), nil
}

func (liar) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	s := &sdk.Success{AMR: []string{"otp"}}
	if len(r.Credentials) > 0 {
		s.CredentialID = r.Credentials[0].ID
	}
	switch r.Inputs["lie"] {
	case "subject":
		s.Subject = "somebody-else"
	case "amr":
		s.AMR = []string{"hwk"}
	case "credential":
		s.CredentialID = "another"
	case "view":
		return sdk.Ask(sdk.Screen(sdk.T("title"), sdk.Say(sdk.T("long", "text", strings.Repeat("x", 70<<10))))), nil
	}
	return &sdk.StepResponse{Success: s}, nil
}

func (liar) Cancel(context.Context, *sdk.StepRequest) error { return nil }

func (liar) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}}, nil
}

func (l liar) ContinueEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return l.BeginEnroll(ctx, r)
}

func (liar) Revoke(context.Context, string, sdk.Credential) error { return nil }

func (liar) ImportCredentials(_ context.Context, _ string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	out := make([]sdk.ImportResult, len(in))
	for i := range out {
		out[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Data: []byte("{}"), Version: 1}
	}
	return out, nil
}
