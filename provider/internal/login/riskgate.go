package login

import (
	"context"
	"slices"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/policy"
)

// weigh holds what Next decided against the risk sources, before anything of it happens: nobody is signed in and nothing is bound
// unasked. It is the only way to finish. Each operation is asked about once in a flow.
//
// Whether somebody may be signed in is asked before they bind what is missing, too: afterwards an authenticator would be bound by somebody
// who is then refused.
func (d *Dispatcher) weigh(ctx context.Context, x *run, next Decision, c *change) (Decision, error) {
	var ops []sdk.Operation
	switch {
	case next.Kind == KindDown && len(x.state.Withheld) > 0, (next.Binding || next.Method == policy.Contact) && slices.Contains(x.state.Withheld, next.Method):
		return Decision{Kind: KindDeclined}, nil // what would have been left was withheld
	case x.recovering():
		if next.Binding {
			ops = []sdk.Operation{sdk.OperationRecover}
		}
	case next.Kind == KindDone, next.Kind == KindConsent:
		ops = []sdk.Operation{sdk.OperationSignIn}
	case settled(next):
		ops = []sdk.Operation{sdk.OperationSignIn, sdk.OperationBind}
	}
	for _, op := range ops {
		if slices.Contains(x.state.Judged, op) {
			continue
		}
		q := question{op: op}
		if op != sdk.OperationSignIn {
			q.method = next.Method
		}
		verdict, err := d.judge(ctx, x, c, q)
		if err != nil {
			return Decision{}, err
		}
		x.state.Judged = append(x.state.Judged, op)
		if verdict == sdk.RiskDeny || (verdict == sdk.RiskStepUp && x.recovering()) { // who lost something has nothing to add: the bank decides
			return Decision{Kind: KindDeclined}, nil
		}
		if verdict == sdk.RiskAllow {
			continue
		}
		d.raise(x)
		if next, err = d.decide(x); err != nil {
			return Decision{}, err
		}
		if !settled(next) {
			x.state.Notice = Notice{Code: NoticeStepUp}
			return next, nil
		}
	}
	// Where nothing is left to ask for, two factors that were proven in this flow answer a doubt; one does not.
	if _, factors := claimed(x.state.Proofs); x.state.Doubted && settled(next) && factors < 2 {
		return Decision{Kind: KindDeclined}, nil
	}
	return next, nil
}

// settled says whether nothing more is to be proven. An address that messages go to is worth what an authenticator is, and is bound.
func settled(next Decision) bool {
	return next.Kind == KindDone || next.Kind == KindConsent || (next.Kind == KindAsk && (next.Binding || next.Method == policy.Contact))
}

// raise asks for all that the person can prove, in this flow: what a session proved earlier, maybe to somebody else's benefit, does
// not count any more. Never for more than they have, or binding would be offered to somebody who is in doubt.
func (d *Dispatcher) raise(x *run) {
	if top := d.attainable(x.who.creds); top >= 0 {
		x.state.Raised = d.Policy.Levels[top].ACR
	}
	x.state.Doubted, x.state.Old = true, nil
	if x.session != nil {
		x.session.Proofs = nil
	}
}

// withhold asks before messages with codes go out, and says whether they must not: then the method is not offered any more in this flow.
// A verdict that asks for more withholds too: a code to a number that is in doubt proves nothing, so another method must.
//
// Nobody is asked while nobody is proven: a name that exists would take longer than one that does not. What was proven by such a message
// alone is judged when the person is about to be signed in.
func (d *Dispatcher) withhold(ctx context.Context, x *run, m host.MethodRef, res *sdk.StepResponse, c *change) (bool, error) {
	if x.flow.Subject == "" || res.Success != nil {
		return false, nil
	}
	var asked []question
	for _, e := range res.Effects {
		to := delivery.FromEffect(m.Instance, e, x.who.recipient()).To
		q := question{op: sdk.OperationSend, method: m.Ref, channel: e.Channel, to: to}
		if slices.Contains(asked, q) {
			continue
		}
		asked = append(asked, q)
		verdict, err := d.judge(ctx, x, c, q)
		if err != nil {
			return false, err
		}
		if verdict != sdk.RiskAllow {
			x.state.Withheld = append(x.state.Withheld, m.Ref)
			return true, nil
		}
	}
	return false, nil
}

// unsent goes on without the message: nothing the plugin did for it is kept, and another method is offered. A failed attempt counts all
// the same, or a guess would be free wherever a message is withheld.
func (d *Dispatcher) unsent(ctx context.Context, x *run, m host.MethodRef, res *sdk.StepResponse, t limits, c *change) error {
	c.method, c.outcome = m.Ref, "withheld"
	if res.Failure != nil && res.Failure.Counts {
		if err := d.fail(x, m, &sdk.Failure{Reason: res.Failure.Reason, Counts: true, Retryable: true}, t, c); err != nil || x.state.Refusal != "" {
			return err
		}
	} else {
		x.state.Notice = Notice{Code: NoticeUnavailable}
	}
	x.state.Chosen = ""
	x.state.leaveStep()
	return d.advance(ctx, x, c)
}
