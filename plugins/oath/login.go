package oath

import (
	"context"
	"encoding/json"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// The fields.
const (
	inputCode   = "code"
	inputSecond = "second"
)

// state remembers the first of two codes. It is bound to the flow.
type state struct {
	Flow  string `json:"flow,omitempty"`
	First string `json:"first,omitempty"`
}

// firstView asks for a code. It is the same for everybody.
func firstView(problem string) sdk.View {
	return sdk.Screen(sdk.T("login.title"), sdk.Say(sdk.T("login.guidance")), codeField(inputCode, "field.code", problem))
}

// secondView asks for the code that follows.
func secondView(problem string) sdk.View {
	return sdk.Screen(sdk.T("second.title"), sdk.Say(sdk.T("second.guidance")), codeField(inputSecond, "field.second", problem))
}

func codeField(name, label, problem string) sdk.Node {
	return sdk.Field(sdk.TextField{Name: name, Kind: sdk.FieldOneTimeCode, MaxLength: 16, Label: sdk.T(label), Error: sdk.T(problem)})
}

// Begin implements [sdk.Authenticator].
func (p *Plugin) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if _, err := p.config(r.Context.InstanceID); err != nil {
		return nil, err
	}
	if r.Context.Subject != nil && r.Context.Identified && len(r.Credentials) == 0 {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: stateVersion}, nil
	}
	answer := sdk.Ask(firstView(""))
	answer.StateVersion = stateVersion
	return answer, nil
}

// Continue implements [sdk.Authenticator]. Any of the subject's tokens will do.
func (p *Plugin) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	config, err := p.config(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	held, err := tokens(r)
	if err != nil {
		return nil, err
	}
	var s state
	if json.Unmarshal(r.State, &s) == nil && s.First != "" && s.Flow == r.Context.FlowID {
		return second(r, config, held, s)
	}
	return first(r, config, held)
}

// first judges a code.
func first(r *sdk.StepRequest, config Config, held []held) (*sdk.StepResponse, error) {
	code, ok := oathcode.Typed(r.Inputs[inputCode])
	if !ok {
		return failed(sdk.ReasonInvalidInput, firstView("error.form"), state{}), nil
	}
	known := len(r.Credentials) > 0 && r.Context.Subject != nil
	replayed, far, ended := false, false, false
	for _, h := range held {
		next, ok, used, err := h.accept(code, r.Context.Now, config)
		if err != nil {
			return nil, err
		}
		away, err := h.far(code, r.Context.Now, config)
		if err == nil {
			err = h.rest(code, r.Context.Now, config)
		}
		if err != nil {
			return nil, err
		}
		switch {
		case h.expired(r.Context.Now):
			ended = ended || ok
		case ok && !h.Fresh && known:
			return success(r, h, next), nil
		default:
			replayed, far = replayed || used, far || away || ok
		}
	}
	switch {
	case !known:
	case far:
		answer := sdk.Ask(secondView(""))
		answer.State, answer.StateVersion = encode(state{r.Context.FlowID, code}), stateVersion
		return answer, nil
	case replayed:
		return failed(sdk.ReasonReplayed, firstView("error.used"), state{}), nil
	case ended: // whoever has its code has the token, and may know
		return failed(sdk.ReasonExpired, firstView("error.ended"), state{}), nil
	}
	return failed(sdk.ReasonBadCredential, firstView("error.wrong"), state{}), nil
}

// second judges two codes in a row. A wrong second one is a guess like any other, and begins anew.
func second(r *sdk.StepRequest, config Config, held []held, s state) (*sdk.StepResponse, error) {
	code, ok := oathcode.Typed(r.Inputs[inputSecond])
	if !ok {
		return failed(sdk.ReasonInvalidInput, secondView("error.form"), s), nil
	}
	if code == s.First {
		return failed(sdk.ReasonInvalidInput, secondView("error.same"), s), nil
	}
	for _, h := range held {
		if h.expired(r.Context.Now) {
			continue
		}
		next, ok, err := h.resync(s.First, code, r.Context.Now, config)
		if err != nil {
			return nil, err
		}
		if ok && r.Context.Subject != nil && len(r.Credentials) > 0 {
			return success(r, h, next), nil
		}
	}
	return failed(sdk.ReasonBadCredential, firstView("error.sequence"), state{}), nil
}

func success(r *sdk.StepRequest, h held, next token) *sdk.StepResponse {
	return &sdk.StepResponse{
		Success: &sdk.Success{Subject: r.Context.Subject.ID, AMR: []string{"otp"}, CredentialID: h.ID},
		// Whoever comes second with this code finds another revision, reruns, and is told that it was used.
		CredentialChanges: []sdk.CredentialChange{{
			Kind: sdk.ChangeUpdate, CredentialID: h.ID, Handle: h.Handle, Label: h.Label,
			Data: encode(next), Version: stateVersion, ExpectedRevision: h.Revision,
		}},
		StateVersion: stateVersion,
	}
}

// Cancel implements [sdk.Authenticator]; there is nothing to undo.
func (*Plugin) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// failed counts what may have been a guess.
func failed(reason sdk.Reason, view sdk.View, s state) *sdk.StepResponse {
	return &sdk.StepResponse{
		Failure: &sdk.Failure{Reason: reason, Counts: reason == sdk.ReasonBadCredential || reason == sdk.ReasonReplayed, Retryable: true, View: &view},
		State:   encode(s), StateVersion: stateVersion,
	}
}
