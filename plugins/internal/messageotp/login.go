package messageotp

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
)

// Begin implements [sdk.Authenticator]: it sends a code. Whoever was merely named gets the same screen whether they exist, have an
// address, or had their share of messages.
func (p *Plugin) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	s, err := p.step(r, false)
	if err != nil {
		return nil, err
	}
	s.state = state{}
	creds := s.reachable()
	switch {
	case s.ctx.Identified && s.ctx.Subject != nil && len(creds) == 0:
		return notApplicable(), nil
	case s.ctx.Identified && len(creds) > 1:
		return s.ask(s.chooseView(creds, "")), nil
	}
	return s.sendTo(creds), nil
}

// sendTo sends to the first of the credentials, or to nobody.
func (s *step) sendTo(creds []stored) *sdk.StepResponse {
	if len(creds) == 0 || s.ctx.Subject == nil {
		s.state.Credential = ""
		return s.send("", nil)
	}
	s.state.Credential = creds[0].ID
	return s.send(creds[0].Address, &creds[0])
}

// Continue implements [sdk.Authenticator].
func (p *Plugin) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	s, err := p.step(r, false)
	if err != nil {
		return nil, err
	}
	creds := s.reachable()
	if s.state.Code == nil && s.state.Credential == "" && s.ctx.Identified && len(creds) > 1 {
		for i, c := range creds {
			if c.ID == s.inputs[inputTo] {
				return s.sendTo(creds[i:]), nil
			}
		}
		return s.refuse(sdk.ReasonInvalidInput, s.chooseView(creds, "error.choose")), nil
	}
	if s.inputs[inputAction] == actionResend {
		if t := s.target(); t != nil {
			creds = []stored{*t}
		}
		return s.sendTo(creds), nil
	}
	if refused := s.judge(s.codeAddress()); refused != nil {
		return refused, nil
	}
	t := s.target()
	if t == nil || s.ctx.Subject == nil {
		return s.refuse(sdk.ReasonBadCredential, s.codeView(problems{code: "error.wrong"})), nil
	}
	if t.spent(s.state.Code) {
		return s.refuse(sdk.ReasonReplayed, s.codeView(problems{code: "error.used"})), nil
	}
	d := t.data
	d.Used = append(d.Used[:len(d.Used):len(d.Used)], used{Salt: s.state.Code.Salt, Until: s.state.Code.Until})
	return &sdk.StepResponse{
		Success: &sdk.Success{Subject: s.ctx.Subject.ID, AMR: []string{s.method.AMR}, CredentialID: t.ID, Evidence: s.evidence(t.Address)},
		// Whoever comes second with this code finds another revision, reruns, and is told that it was used.
		CredentialChanges: []sdk.CredentialChange{t.change(d, t.Label, s.now())},
		StateVersion:      stateVersion,
	}, nil
}

// codeAddress is the address that the flow's code went to.
func (s *step) codeAddress() string {
	if t := s.target(); t != nil {
		return t.Address
	}
	return s.state.Address
}

// judge says what is wrong with the code that was typed; nil when it is right. A code that is dead is not compared: then what was typed
// is no guess, and the answer tells nothing.
func (s *step) judge(address string) *sdk.StepResponse {
	code, ok := typed(s.inputs[inputCode], s.Digits)
	switch c := s.state.Code; {
	case c == nil || !s.given:
		return s.refuse(sdk.ReasonExpired, s.codeView(problems{code: "error.expired"}))
	case !ok:
		return s.refuse(sdk.ReasonInvalidInput, s.codeView(problems{code: "error.form"}))
	case !c.alive(s.now()):
		return s.refuse(sdk.ReasonExpired, s.codeView(problems{code: "error.expired"}))
	}
	s.state.Code.Tries++
	if !s.state.Code.fits(code, s.bound(address)...) {
		problem := "error.wrong"
		if s.state.Code.Tries >= maxTries {
			problem = "error.spent"
		}
		return s.refuse(sdk.ReasonBadCredential, s.codeView(problems{code: problem}))
	}
	return nil
}

// Cancel implements [sdk.Authenticator]; there is nothing to undo.
func (*Plugin) Cancel(context.Context, *sdk.StepRequest) error { return nil }
