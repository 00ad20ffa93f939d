package password

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
)

// inputPassword is the field of the sign-in page.
const inputPassword = "password"

// loginView asks for the password. It is the same for everybody, so that the host can show it before a name is known.
func loginView(problem string) sdk.View {
	return sdk.Screen(sdk.T("login.title"), sdk.Field(sdk.TextField{
		Name: inputPassword, Kind: sdk.FieldPassword, MaxLength: maxInput,
		Label: sdk.T("field.password"), Error: sdk.T(problem),
	}))
}

// Begin implements [sdk.Authenticator]. It answers alike whether the subject exists and has a password or not.
func (p *Plugin) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if _, err := p.instance(r.Context.InstanceID); err != nil {
		return nil, err
	}
	return &sdk.StepResponse{Challenge: &sdk.Challenge{View: loginView("")}, StateVersion: stateVersion}, nil
}

// Continue implements [sdk.Authenticator]: one hash, whoever asks and whatever was typed.
func (p *Plugin) Continue(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	in, err := p.instance(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	given := r.Inputs[inputPassword]
	if given == "" {
		view := loginView("error.required")
		return failed(&sdk.Failure{Reason: sdk.ReasonInvalidInput, Retryable: true, View: &view}, nil), nil
	}
	if len(given) > maxInput {
		return failed(&sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}, nil), nil
	}
	given = normalise(given)
	known, err := credential(r)
	if err != nil {
		return nil, err
	}
	against := in.dummy
	if known != nil {
		against = known.hash
	}
	same, err := p.hasher.matches(ctx, given, against)
	if err != nil {
		return nil, err
	}
	if !same || known == nil || r.Context.Subject == nil {
		return failed(&sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}, nil), nil
	}
	answer := &sdk.StepResponse{
		Success:      &sdk.Success{Subject: r.Context.Subject.ID, AMR: []string{"pwd"}, CredentialID: known.ID},
		StateVersion: stateVersion,
	}
	if known.hash.params != in.config.Argon2 || len(known.hash.sum) != sumLen || len(known.hash.salt) < saltLen {
		fresh, err := p.hasher.create(ctx, given, in.config.Argon2)
		if err != nil {
			// The person proved the password; a crowded machine is no reason to turn them away. Next time, then.
			return answer, nil
		}
		answer.CredentialChanges = []sdk.CredentialChange{known.replace(fresh)}
	}
	return answer, nil
}

// Cancel implements [sdk.Authenticator]; there is nothing to undo.
func (*Plugin) Cancel(context.Context, *sdk.StepRequest) error { return nil }

func failed(f *sdk.Failure, state []byte) *sdk.StepResponse {
	return &sdk.StepResponse{Failure: f, State: state, StateVersion: stateVersion}
}
