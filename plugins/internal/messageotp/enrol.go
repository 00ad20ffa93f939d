package messageotp

import (
	"context"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

// maxAddress is how many characters of an address are read.
const maxAddress = 254

// BeginEnroll implements [sdk.Enrollment]. Nothing is bound until a code that was sent to the address comes back.
func (p *Plugin) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	s, err := p.step(r, true)
	if err != nil {
		return nil, err
	}
	s.state = state{}
	return s.ask(s.addressView("", problems{})), nil
}

// ContinueEnroll implements [sdk.Enrollment]. A wrong code counts: whoever guesses here claims somebody else's address.
func (p *Plugin) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	s, err := p.step(r, true)
	if err != nil {
		return nil, err
	}
	switch {
	case s.inputs[inputAction] == actionChange:
		// The messages sent so far stay in the state: a flow does not reach more people by changing the address.
		s.state.Address, s.state.Code = "", nil
		return s.ask(s.addressView("", problems{})), nil
	case s.state.Address == "":
		return s.takeAddress(), nil
	case s.inputs[inputAction] == actionResend:
		return s.send(s.state.Address, s.first()), nil
	}
	if refused := s.judge(s.state.Address); refused != nil {
		return refused, nil
	}
	return s.bind(), nil
}

// takeAddress sends the first code to an address.
func (s *step) takeAddress() *sdk.StepResponse {
	given := s.inputs[inputAddress]
	address, problem := s.Parse(clipped(given, maxAddress), s.method.Channel)
	if problem == "" && len(s.creds) >= maxCredentials && !slices.ContainsFunc(s.creds, func(c stored) bool { return c.Address == address }) {
		problem = "error.full"
	}
	if problem != "" {
		return s.refuse(sdk.ReasonInvalidInput, s.addressView(given, problems{address: problem}))
	}
	if o := s.obstacle(); o.Key != "" {
		return s.ask(s.waitView(o))
	}
	s.state.Address = address
	return s.send(address, s.first())
}

// first is where messages are written down while an address is being bound; nil when the person has none yet.
func (s *step) first() *stored {
	if len(s.creds) == 0 {
		return nil
	}
	return &s.creds[0]
}

// bind makes the credential, or freshens the one that has this address already.
func (s *step) bind() *sdk.StepResponse {
	answer := &sdk.StepResponse{
		Success:      &sdk.Success{AMR: []string{s.method.AMR}, Evidence: s.evidence(s.state.Address)},
		StateVersion: stateVersion,
	}
	spent := used{Salt: s.state.Code.Salt, Until: s.state.Code.Until}
	label := s.Mask(s.state.Address)
	for _, c := range s.creds {
		if c.Address != s.state.Address {
			continue
		}
		if c.spent(s.state.Code) {
			return s.refuse(sdk.ReasonReplayed, s.codeView(problems{code: "error.used"}))
		}
		d := c.data
		d.Verified = s.now().Unix()
		d.Used = append(d.Used[:len(d.Used):len(d.Used)], spent)
		answer.Success.CredentialID = c.ID
		answer.CredentialChanges = []sdk.CredentialChange{c.change(d, label, s.now())}
		return answer
	}
	answer.CredentialChanges = []sdk.CredentialChange{{
		Kind: sdk.ChangeCreate, Label: label, Version: stateVersion,
		Data: encode(data{Address: s.state.Address, Verified: s.now().Unix(), Sent: s.state.Sent, Used: []used{spent}}),
	}}
	return answer
}
