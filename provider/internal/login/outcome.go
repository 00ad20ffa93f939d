package login

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/throttle"
)

// outcome turns what the plugin answered into the flow's next state.
func (d *Dispatcher) outcome(ctx context.Context, x *run, m host.MethodRef, res *sdk.StepResponse, t limits, c *change) error {
	waited := x.state.Wait
	x.state.Wait = nil // whatever it answered, the wait it was asked about is over
	if res.Success != nil && !x.named(m, res.Success) {
		return d.lied(x, m, sdk.RuleSubject, t, c) // before anything of it is taken over
	}
	if d.astray(m.Instance, res) {
		return d.strayed(ctx, x, m, c)
	}
	if taken, err := d.handleTaken(ctx, m, res); err != nil {
		return err
	} else if taken {
		return d.fail(x, m, &sdk.Failure{Reason: sdk.ReasonInvalidInput}, t, c)
	}
	if withheld, err := d.withhold(ctx, x, m, res, c); err != nil {
		return err
	} else if withheld {
		return d.unsent(ctx, x, m, res, t, c)
	}
	if err := d.credentialChanges(x, m, res, c); err != nil {
		return err
	}
	c.life = x.life
	for _, e := range res.Effects {
		c.messages = append(c.messages, delivery.FromEffect(m.Instance, e, x.who.recipient()))
	}
	x.state.PluginState, x.state.StateVersion, x.state.Begun = res.State, res.StateVersion, true
	c.method, c.outcome = m.Ref, "challenge"
	switch {
	case res.Success != nil:
		c.outcome = "success"
		return d.succeed(ctx, x, m, res.Success, t, c)
	case res.Failure != nil:
		c.outcome = reason(res.Failure.Reason)
		f := *res.Failure
		if waited != nil && f.View == nil {
			f.Retryable = false // nothing waits any more: the page that did would do so for ever
		}
		return d.fail(x, m, &f, t, c)
	case res.Challenge != nil:
		x.state.View = &res.Challenge.View
	case res.Pending != nil:
		x.state.View = &res.Pending.View
		d.waits(x, m, res.Pending, waited, t.subject.Failures, c)
	default: // NotApplicable
		x.state.leaveStep()
		x.state.Choosing, x.state.Notice = true, Notice{Code: NoticeUnavailable}
	}
	return nil
}

// succeed records the proof and goes on.
func (d *Dispatcher) succeed(ctx context.Context, x *run, m host.MethodRef, s *sdk.Success, t limits, c *change) error {
	if x.shown != "" { // a name that was typed on the way is not theirs
		x.state.Name, x.state.Folded, x.state.Named, x.shown = "", "", x.who.id(), ""
	}
	x.flow.Subject = x.who.sub.ID
	if m.Ref == policy.Contact {
		return d.contactProven(ctx, x, string(s.Evidence), c)
	}
	if x.shut() {
		// Told only now, to somebody who proved a factor: to a stranger a blocked name looks like any other.
		x.state.leaveStep()
		x.state.Refusal = x.shutBy()
		c.event(x, audit.LoginRefused, "reason", x.state.Refusal)
		return nil
	}
	p := session.Proof{Method: m.Ref, Credential: s.CredentialID, AMR: s.AMR, At: x.now}
	for _, f := range m.Method.Factors {
		p.Factors = append(p.Factors, string(f))
	}
	kind, told := audit.LoginStepSucceeded, delivery.NoticeKind("")
	if x.state.Binding {
		kind, told = audit.CredentialBound, delivery.NoticeBound
		if c.created == "" {
			kind, told = audit.CredentialChanged, delivery.NoticeChanged
		}
		x.state.Bound = cmp.Or(c.created, s.CredentialID) // new, or one that was changed: a password
		if x.state.Bound == "" {
			return fault.New(fault.Denied, "a plugin says that it bound an authenticator and names none")
		}
		p.Credential = x.state.Bound
	}
	x.state.Proofs = append(x.state.Proofs, p)
	c.touch = p.Credential
	switch {
	case m.Ref == policy.Ticket:
		if err := d.useTicket(x, s.Evidence, c); err != nil {
			return err
		}
	case x.state.Binding && x.recovering():
		told = "" // the alert says more
		if err := d.recovered(ctx, x, m, t, c); err != nil {
			return err
		}
	case x.state.Binding && x.flow.Request.Bind != "" && d.carried(m) && x.has(m):
		told = ""
		if err := d.rerouted(ctx, x, m, c); err != nil {
			return err
		}
	}
	c.event(x, kind, "method", m.Ref, "instance", m.Instance, "credential", p.Credential)
	if told != "" {
		d.notice(x, c, told, m.Ref, p.Credential+":"+x.flow.ID)
	}
	x.state.Chosen = ""
	x.state.leaveStep()
	if err := d.advance(ctx, x, c); err != nil {
		return err
	}
	if c.finished && !x.recovering() && d.full(x) {
		c.subject, c.changed = d.Throttle.Succeed(t.subject)
	}
	return nil
}

// fail shows why, and counts what counts.
func (d *Dispatcher) fail(x *run, m host.MethodRef, f *sdk.Failure, t limits, c *change) error {
	if f.View != nil {
		x.state.View = f.View
	}
	x.state.Notice = notice(f.Reason)
	if f.Counts {
		// No stranger: they proved something in this flow, or this browser completed a login before.
		known := t.known || len(x.state.Proofs) > 0
		c.address, c.failed = t.address.Key, true
		if t.subject.Key != "" { // nobody's, when a method that names the person could not even ask who it is
			var then throttle.Consequence
			c.subject, then = d.Throttle.Fail(t.subject, x.now, known)
			c.changed = true
			d.consequence(x, m, then, c)
		}
	}
	if f.Counts || f.Reason != sdk.ReasonInvalidInput { // an empty field decides nothing, and the log keeps what a stranger sends for ever
		c.event(x, audit.LoginStepFailed, "method", m.Ref, "instance", m.Instance, "reason", string(f.Reason), "counted", strconv.FormatBool(f.Counts))
	}
	if !f.Retryable && x.state.Refusal == "" {
		x.state.leaveStep()
		x.state.Choosing = true
	}
	return nil
}

func (d *Dispatcher) consequence(x *run, m host.MethodRef, then throttle.Consequence, c *change) {
	switch {
	case then.Lasting && x.who.sub != nil:
		x.state.leaveStep()
		x.state.Refusal = RefusalBlocked
		c.block = true
		c.event(x, audit.SubscriberBlocked, "reason", "throttling")
		d.notice(x, c, delivery.NoticeBlocked, m.Ref, x.flow.ID)
	case !then.BlockedUntil.IsZero():
		x.state.Notice = blockedNotice(then.BlockedUntil, x.now)
		c.event(x, audit.ThrottleBlocked, "until", then.BlockedUntil.UTC().Format(time.RFC3339))
	case then.LastingNext:
		x.state.Notice = Notice{Code: NoticeLastingNext}
	case then.Left == 1:
		x.state.Notice = Notice{Code: NoticeLastTry}
	}
}

// reason keeps a plugin from making metrics without end out of reasons of its own.
func reason(r sdk.Reason) string {
	switch r {
	case sdk.ReasonBadCredential, sdk.ReasonExpired, sdk.ReasonReplayed, sdk.ReasonLocked, sdk.ReasonNotEnrolled, sdk.ReasonUserCancelled,
		sdk.ReasonDeviceDenied, sdk.ReasonDeviceUnreachable, sdk.ReasonTransactionMismatch, sdk.ReasonMustChange, sdk.ReasonRiskRefused,
		sdk.ReasonUnknownUser, sdk.ReasonInvalidInput:
		return string(r)
	}
	return "other"
}

// notice is what the host says about a reason. Unknown user and bad credential are one.
func notice(r sdk.Reason) Notice {
	switch r {
	case sdk.ReasonExpired:
		return Notice{Code: NoticeExpired}
	case sdk.ReasonReplayed:
		return Notice{Code: NoticeReplayed}
	case sdk.ReasonInvalidInput, sdk.ReasonMustChange:
		return Notice{Code: NoticeInput}
	case sdk.ReasonDeviceDenied, sdk.ReasonUserCancelled, sdk.ReasonRiskRefused:
		return Notice{Code: NoticeDenied}
	case sdk.ReasonDeviceUnreachable:
		return Notice{Code: NoticeUnavailable}
	}
	return Notice{Code: NoticeWrong}
}

func blockedNotice(until, now time.Time) Notice {
	minutes := max(1, int((until.Sub(now)+time.Minute-1)/time.Minute)) // rounded up: who waits so long may try
	return Notice{Code: NoticeBlocked, Params: map[string]string{"minutes": strconv.Itoa(minutes)}}
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

func newCredentialID() string { return id.New() }
