package messageotp

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// step is one call of the plugin.
type step struct {
	Settings
	method Method
	ctx    sdk.StepContext
	inputs map[string]string
	creds  []stored
	state  state
	given  bool // the state was this plugin's own
	enrol  bool
	field  sdk.FieldKind // of an address
}

func (p *Plugin) step(r *sdk.StepRequest, enrol bool) (*step, error) {
	settings, err := p.settings(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	method, ok := p.method(r.Context.MethodID)
	if !ok {
		return nil, sdk.NotConfigured(fmt.Errorf("%s: no method %q", p.Name, r.Context.MethodID))
	}
	creds, err := credentials(r)
	if err != nil {
		return nil, err
	}
	s := &step{Settings: settings, method: method, ctx: r.Context, inputs: r.Inputs, creds: creds, enrol: enrol, field: p.Field}
	s.given = r.StateVersion <= stateVersion && json.Unmarshal(r.State, &s.state) == nil
	if !s.given {
		s.state = state{}
	}
	return s, nil
}

func (s *step) now() time.Time { return s.ctx.Now }

// ask shows a screen.
func (s *step) ask(v sdk.View) *sdk.StepResponse {
	answer := sdk.Ask(v)
	answer.State, answer.StateVersion = encode(s.state), stateVersion
	return answer
}

// refuse shows what is wrong.
func (s *step) refuse(reason sdk.Reason, v sdk.View) *sdk.StepResponse {
	return &sdk.StepResponse{
		Failure: &sdk.Failure{Reason: reason, Counts: reason == sdk.ReasonBadCredential || reason == sdk.ReasonReplayed, Retryable: true, View: &v},
		State:   encode(s.state), StateVersion: stateVersion,
	}
}

func notApplicable() *sdk.StepResponse {
	return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}, StateVersion: stateVersion}
}

// reachable are the credentials whose address a message of the method gets to.
func (s *step) reachable() []stored {
	var out []stored
	for _, c := range s.creds {
		if s.Reaches(c.Address, s.method.Channel) {
			out = append(out, c)
		}
	}
	return out
}

// target is the credential that the code went to, nil when it went to nobody's, or the credential is gone.
func (s *step) target() *stored {
	for i := range s.creds {
		if s.creds[i].ID == s.state.Credential {
			return &s.creds[i]
		}
	}
	return nil
}

// bound is what a code is good for, besides the time: this flow, this address, this transaction.
func (s *step) bound(address string) []string {
	return []string{s.ctx.FlowID, s.state.Credential, address, string(digest(s.ctx.Transaction))}
}
