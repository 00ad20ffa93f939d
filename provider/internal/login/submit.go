package login

import (
	"context"
	"slices"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/telemetry"
	"github.com/varco-id/varco/provider/internal/tx"
)

// reruns is how often a step is run again after a lost compare-and-set, before the person is asked to.
const reruns = 8

// Page returns what a Flow shows now. It changes nothing, except that a Flow whose step was proven while its browser was away goes on
// from there. fault.NotFound covers unknown flows and other browsers' alike.
func (d *Dispatcher) Page(ctx context.Context, flow string, b Browser) (*Page, error) {
	x, err := d.justBegun(ctx, flow, b)
	if x == nil && err == nil {
		x, err = d.load(ctx, flow, b)
	}
	if err != nil {
		return nil, err
	}
	if x.state.Ready && x.flow.DoneAt.IsZero() {
		return d.Submit(ctx, flow, b, Submission{Version: x.pageVersion(), Action: actionProceed})
	}
	if x.flow.Subject != "" && x.flow.DoneAt.IsZero() { // what they have, allowed and are called is on the page
		if err := d.identify(ctx, x, x.flow.Subject); err != nil {
			return nil, err
		}
	}
	return d.page(x)
}

// Submit answers a page. An answer to a page that was answered before changes nothing and gets what the first led to.
func (d *Dispatcher) Submit(ctx context.Context, flow string, b Browser, s Submission) (*Page, error) {
	ctx = telemetry.WithFlow(ctx, flow)
	d.begun.take(flow, d.Now()) // what it was when it began is of no use any more
	for range reruns {
		x, err := d.load(ctx, flow, b)
		if err != nil {
			return nil, err
		}
		s := x.readied(s)
		if s.Version != x.pageVersion() || !x.flow.DoneAt.IsZero() {
			return d.page(x)
		}
		c := &change{}
		if err = d.act(ctx, x, s, c); err == nil {
			err = d.commit(ctx, x, c)
		}
		if fault.Is(err, fault.Conflict) {
			continue // somebody else was first: the flow, a counter or a credential moved. Look again.
		}
		if err != nil {
			return nil, err
		}
		d.afterCommit(ctx, x, c)
		return d.page(x)
	}
	return nil, fault.New(fault.Unavailable, "a step kept losing its compare-and-set")
}

// load reads a flow and checks that this browser began it: a stolen link, or a login forced on somebody, ends here.
func (d *Dispatcher) load(ctx context.Context, flow string, b Browser) (*run, error) {
	if len(flow) != 22 {
		return nil, fault.New(fault.NotFound, "no such flow")
	}
	f, err := d.Rows.Flow(ctx, d.DB, flow)
	if err != nil {
		return nil, err
	}
	if !ownBrowser(f, b.Binding) {
		return nil, fault.New(fault.NotFound, "no such flow in this browser")
	}
	now := d.Now()
	if !now.Before(f.ExpiresAt) {
		return nil, fault.New(fault.Expired, "the flow has expired")
	}
	s, err := openState(d.Box, f)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "read a flow")
	}
	client, err := d.client(ctx, f.Request.Client)
	if err != nil {
		return nil, err
	}
	return &run{flow: *f, state: s, client: client, now: now, b: b, waited: s.waitID()}, nil
}

// act runs what the submission asks for on the flow in memory; c collects what is to be committed.
func (d *Dispatcher) act(ctx context.Context, x *run, s Submission, c *change) error {
	if x.state.Refusal != "" && x.state.Refusal != RefusalDown && s.Action != ActionRestart && s.Action != ActionCancel {
		return nil
	}
	if x.flow.Subject != "" {
		if err := d.identify(ctx, x, x.flow.Subject); err != nil {
			return err
		}
		if x.shut() {
			// Blocked since the flow began: nothing more is checked for anybody.
			x.state.leaveStep()
			x.state.Refusal = x.shutBy()
			return nil
		}
		if x.stale() {
			x.forget()
			return d.advance(ctx, x, c)
		}
		ended, err := d.resumeSession(ctx, x)
		if err != nil {
			return err
		}
		if ended && s.Action != ActionCancel && s.Action != ActionRestart {
			// The page stood on proofs that are gone. Whatever it asks (to bind, to consent, a code) is not answered: taken as an
			// answer of nobody yet, it would do for whoever is named next what another was allowed.
			return d.advance(ctx, x, c)
		}
	}
	switch s.Action {
	case actionProceed:
		return d.proceed(ctx, x, c)
	case ActionCancel:
		if x.state.Refusal == RefusalNoMethod {
			return d.end(x, c, CodeUnmetAuthentication, audit.LoginRefused)
		}
		return d.end(x, c, CodeAccessDenied, audit.LoginCancelled)
	case ActionRestart:
		x.forget()
		return d.advance(ctx, x, c)
	case ActionChoose:
		return d.choose(ctx, x, s, c)
	case ActionAllow, ActionDeny:
		if !x.state.Consenting {
			return nil
		}
		if s.Action == ActionDeny {
			return d.end(x, c, CodeAccessDenied, audit.LoginRefused)
		}
		x.state.Consenting, x.state.Consented = false, true
		c.consent = true
		return d.advance(ctx, x, c)
	}
	if x.state.Refusal == RefusalDown {
		x.state.Refusal = ""
		return d.advance(ctx, x, c)
	}
	return d.answer(ctx, x, s, c)
}

// forget begins anew with nobody known.
func (x *run) forget() {
	x.state, x.who, x.flow.Subject, x.session = &state{Locale: x.state.Locale}, person{}, "", nil
}

// choose shows the methods, or takes the one that was picked.
func (d *Dispatcher) choose(ctx context.Context, x *run, s Submission, c *change) error {
	next, err := d.decide(x)
	if err != nil {
		return err
	}
	if s.Method == "" {
		x.state.Choosing, x.state.Notice = true, Notice{}
		return nil
	}
	if next.Kind != KindAsk || !slices.Contains(next.Options, s.Method) {
		return nil
	}
	x.state.Chosen, x.state.Notice = s.Method, Notice{}
	x.state.leaveStep()
	return d.advance(ctx, x, c)
}

// advance asks Next, and whom policy names about the risk of what it says, and enters that.
func (d *Dispatcher) advance(ctx context.Context, x *run, c *change) error {
	if x.background {
		x.state.Ready = true // what comes next begins, or ends, with the browser there
		return nil
	}
	next, err := d.decide(x)
	if err == nil {
		next, err = d.weigh(ctx, x, next, c)
	}
	if err != nil {
		return err
	}
	if next.Kind == KindDone {
		return d.finish(x, x.flow.Version+1, c)
	}
	return d.enter(ctx, x, next, c)
}

// end finishes the flow with an OAuth error.
func (d *Dispatcher) end(x *run, c *change, code string, kind audit.Kind) error {
	x.state.leaveStep()
	x.state.Refusal = "" // whoever leaves a refusal goes back with the error
	x.flow.DoneAt = x.now
	x.flow.Outcome = Outcome{Error: code}
	c.event(x, kind, "reason", code)
	return nil
}

// commit writes the step: all of it or nothing.
func (d *Dispatcher) commit(ctx context.Context, x *run, c *change) error {
	if !x.background {
		x.state.SeenAt = x.now
	}
	sealed, err := sealState(d.Box, x.flow.ID, x.state)
	if err != nil {
		return err
	}
	x.flow.Sealed = sealed
	if c.empty() && !c.movesWait(x) {
		err = d.Rows.CommitFlow(ctx, d.DB, x.flow, c.guard)
	} else {
		err = d.DB.InTx(ctx, func(q tx.Q) error { return c.write(ctx, d, q, x) })
	}
	if err != nil {
		return err
	}
	x.flow.Version++
	return nil
}
