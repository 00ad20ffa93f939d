package login

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
)

// state is where a Flow stands: sealed, because plugins keep secrets in it (an OTP seed that is being bound).
type state struct {
	Locale string `json:"locale,omitempty"`

	// Who. A name that does not exist goes through the same motions, with nobody named, and never succeeds.
	Name   string `json:"name,omitempty"`   // as submitted
	Folded string `json:"folded,omitempty"` // as looked up
	Named  string `json:"named,omitempty"`  // the sub that was found; proven is only the flow's Subject

	// What was proven: in this flow, and in the OP session it builds on.
	Proofs  []session.Proof `json:"proofs,omitempty"`
	Session string          `json:"session,omitempty"`
	Old     []session.Proof `json:"old,omitempty"`

	// SeenAt is when the page was answered last, or begun.
	SeenAt time.Time `json:"seen_at,omitzero"`

	// The step at hand. Method is empty on a page of the host's own.
	Method       string    `json:"method,omitempty"`
	Binding      bool      `json:"binding,omitempty"`
	Choosing     bool      `json:"choosing,omitempty"`
	Chosen       string    `json:"chosen,omitempty"`
	Begun        bool      `json:"begun,omitempty"` // the plugin was called for this step
	PluginState  []byte    `json:"plugin_state,omitempty"`
	StateVersion uint32    `json:"state_version,omitempty"`
	View         *sdk.View `json:"view,omitempty"` // nil: the method's opening view
	Calls        uint32    `json:"calls,omitempty"`
	Notice       Notice    `json:"notice,omitzero"`
	Wait         *waiting  `json:"wait,omitempty"` // the step's last outcome was Pending
	// Ready: a step was proven without the browser, which must come back for the rest.
	Ready bool `json:"ready,omitempty"`
	// Quiet counts the commits that changed nothing of the page.
	Quiet  int64   `json:"quiet,omitempty"`
	Beside *beside `json:"beside,omitempty"` // what can be answered in place of the step at hand

	Consenting bool   `json:"consenting,omitempty"`
	Consented  bool   `json:"consented,omitempty"`
	Bound      string `json:"bound,omitempty"` // credential bound in this flow
	Refusal    string `json:"refusal,omitempty"`

	// What risk sources led to.
	Judged   []sdk.Operation `json:"judged,omitempty"`   // operations that were asked about
	Doubted  bool            `json:"doubted,omitempty"`  // more was asked for
	Raised   string          `json:"raised,omitempty"`   // acr that is required at least
	Withheld []string        `json:"withheld,omitempty"` // methods whose messages must not go out

	// What happened to the account in this flow.
	Contacted bool        `json:"contacted,omitempty"` // an address was replaced
	Ticket    *usedTicket `json:"ticket,omitempty"`
	Recovered []string    `json:"recovered,omitempty"` // methods that were bound anew
	ResetAt   time.Time   `json:"reset_at,omitzero"`   // …which reset everything else

	// KnownBrowser is the id given to this browser when the flow completed.
	KnownBrowser string `json:"known_browser,omitempty"`
}

// methods lists what counts as proven, the session's proofs and this flow's.
func (s *state) methods() []string {
	out := make([]string, 0, len(s.Old)+len(s.Proofs))
	for _, p := range s.Old {
		out = append(out, p.Method)
	}
	for _, p := range s.Proofs {
		out = append(out, p.Method)
	}
	return out
}

// leaveStep forgets the step at hand.
func (s *state) leaveStep() {
	s.Method, s.Binding, s.Choosing, s.Begun, s.PluginState, s.StateVersion, s.View, s.Calls, s.Beside = "", false, false, false, nil, 0, nil, 0, nil
	s.Wait, s.Ready = nil, false
}

// restartStep forgets what the plugin remembers of the step at hand.
func (s *state) restartStep() {
	s.Begun, s.PluginState, s.StateVersion, s.View, s.Wait = false, nil, 0, nil, nil
}

func sealState(box sealing.Box, flow string, s *state) ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the state of flow: %w", err)
	}
	return box.Seal(sealing.ClassFlow, b, "flow", flow)
}

func openState(box sealing.Box, f *Flow) (*state, error) {
	b, err := box.Open(sealing.ClassFlow, f.Sealed, "flow", f.ID)
	if err != nil {
		return nil, fmt.Errorf("open the state of flow: %w", err)
	}
	s := new(state)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("decode the state of flow: %w", err)
	}
	return s, nil
}
