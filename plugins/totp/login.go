package totp

import (
	"context"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// inputCode is the field for the code.
const inputCode = "code"

// loginView asks for a code. It is the same for everybody.
func loginView(problem string) sdk.View {
	return sdk.Screen(sdk.T("login.title"), sdk.Say(sdk.T("login.guidance")), codeField(problem))
}

func codeField(problem string) sdk.Node {
	return sdk.Field(sdk.TextField{
		// Room for the space or hyphen that some apps put in the middle, and that people copy.
		Name: inputCode, Kind: sdk.FieldOneTimeCode, MaxLength: 10,
		Label: sdk.T("field.code"), Error: sdk.T(problem),
	})
}

// Begin implements [sdk.Authenticator].
func (p *Plugin) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if _, err := p.config(r.Context.InstanceID); err != nil {
		return nil, err
	}
	if r.Context.Subject != nil && len(r.Credentials) == 0 {
		return &sdk.StepResponse{
			NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: stateVersion,
		}, nil
	}
	answer := sdk.Ask(loginView(""))
	answer.StateVersion = stateVersion
	return answer, nil
}

// Continue implements [sdk.Authenticator]. Any of the subject's apps will do.
func (p *Plugin) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	config, err := p.config(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	code, ok := oathcode.Typed(r.Inputs[inputCode])
	if !ok {
		return failed(sdk.ReasonInvalidInput, loginView("error.form"), nil), nil
	}
	if len(r.Credentials) == 0 || r.Context.Subject == nil {
		return failed(sdk.ReasonBadCredential, loginView("error.wrong"), nil), nil
	}
	replayed := false
	for _, c := range r.Credentials {
		d, err := decode(c)
		if err != nil {
			return nil, err
		}
		next, ok, used, err := d.Accept(code, r.Context.Now, config.window())
		if err != nil {
			return nil, err
		}
		if ok {
			return &sdk.StepResponse{
				Success: &sdk.Success{Subject: r.Context.Subject.ID, AMR: []string{"otp"}, CredentialID: c.ID},
				// Whoever comes second with this code finds another revision, reruns, and is told that it was used.
				CredentialChanges: []sdk.CredentialChange{{
					Kind: sdk.ChangeUpdate, CredentialID: c.ID, Handle: c.Handle, Label: c.Label,
					Data: encode(next), Version: stateVersion, ExpectedRevision: c.Revision,
				}},
				StateVersion: stateVersion,
			}, nil
		}
		replayed = replayed || used
	}
	if replayed {
		return failed(sdk.ReasonReplayed, loginView("error.used"), nil), nil
	}
	return failed(sdk.ReasonBadCredential, loginView("error.wrong"), nil), nil
}

// Cancel implements [sdk.Authenticator]; there is nothing to undo.
func (*Plugin) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// failed counts what may have been a guess: a code already used is as good as one to somebody who tries codes.
func failed(reason sdk.Reason, view sdk.View, state []byte) *sdk.StepResponse {
	return &sdk.StepResponse{
		Failure: &sdk.Failure{
			Reason: reason, Counts: reason != sdk.ReasonInvalidInput, Retryable: true, View: &view,
		},
		State: state, StateVersion: stateVersion,
	}
}
