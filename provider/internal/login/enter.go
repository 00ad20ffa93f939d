package login

import (
	"context"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/policy"
)

// enter prepares the step that Next named, so that the committed row holds a page that is ready to show.
func (d *Dispatcher) enter(ctx context.Context, x *run, next Decision, c *change) error {
	switch next.Kind {
	case KindConsent:
		x.state.leaveStep()
		x.state.Consenting, x.state.Notice = true, Notice{}
		return nil
	case KindRefuse:
		x.state.leaveStep()
		x.state.Refusal = RefusalNoMethod
		return nil
	case KindDown:
		x.state.leaveStep()
		x.state.Refusal = RefusalDown
		return nil
	}
	if next.Kind == KindDeclined {
		x.state.leaveStep()
		x.state.Refusal = RefusalDeclined
		c.event(x, audit.LoginRefused, "reason", RefusalDeclined)
		return nil
	}
	m, ok := d.method(next.Method)
	if !ok || !m.Available {
		x.state.leaveStep()
		x.state.Refusal = RefusalDown
		return nil
	}
	x.state.leaveStep()
	x.state.Method, x.state.Binding = next.Method, next.Binding
	if len(x.state.Old) > 0 && x.state.Notice.Code == "" && x.state.stepUp(next) {
		x.state.Notice = Notice{Code: NoticeStepUp}
	}
	if !next.Binding && (m.Method.Opening != nil || (x.who.sub == nil && !m.Method.IdentifiesSubject)) {
		d.offerBeside(ctx, x, next)
		return nil // the opening view, or the name alone: no other plugin is asked
	}
	return d.begin(ctx, x, m, c)
}

// begin asks the plugin for the first screen of a step.
func (d *Dispatcher) begin(ctx context.Context, x *run, m host.MethodRef, c *change) error {
	op := host.Begin
	if x.state.Binding {
		op = host.BeginEnroll
	}
	t, err := d.counters(ctx, x)
	if err != nil {
		return err
	}
	if until := t.blocked(d.Throttle, x.now); !until.IsZero() {
		x.state.Notice = blockedNotice(until, x.now)
		return nil
	}
	res, err := d.call(ctx, x, m, op, nil, uint32(t.subject.Failures))
	if err != nil {
		return d.technical(ctx, x, m, err)
	}
	return d.outcome(ctx, x, m, res, t, c)
}

// stepUp says whether the person is asked for more than a session proved, as opposed to binding something.
func (s *state) stepUp(next Decision) bool {
	return !next.Binding && next.Method != policy.Contact && len(s.Proofs) == 0
}
