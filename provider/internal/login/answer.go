package login

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
)

// answer gives the person's input to the plugin of the step at hand, under the throttle.
func (d *Dispatcher) answer(ctx context.Context, x *run, s Submission, c *change) error {
	x.takeBeside(s.Method)
	m, ok := d.method(x.state.Method)
	if !ok || !m.Available {
		x.state.Notice = Notice{Code: NoticeUnavailable}
		return nil
	}
	if x.names(m) {
		return d.answerByHandle(ctx, x, m, s.Inputs, c)
	}
	var t limits
	var err error
	if x.flow.Subject == "" {
		if s.Name == "" && x.state.View != nil {
			s.Name = x.state.Name // named on an earlier page of this method
		}
		t, err = d.name(ctx, x, s.Name)
	} else {
		t, err = d.counters(ctx, x)
	}
	if err != nil {
		return err
	}
	if x.state.Binding {
		// Decided anew: since the page was shown another one may have bound what must now be used instead.
		next, err := d.decide(x)
		if err != nil {
			return err
		}
		if next.Kind != KindAsk || !next.Binding || next.Method != m.Ref {
			return d.advance(ctx, x, c)
		}
	}
	if stop, err := d.stopped(x, t); stop || err != nil {
		return err
	}

	op := host.Continue
	switch {
	case x.state.Binding:
		op = host.ContinueEnroll
	case m.Method.Opening == nil && !x.state.Begun:
		op = host.Begin // the page had nothing but the name on it
	}
	res, err := d.call(ctx, x, m, op, s.Inputs, uint32(t.subject.Failures))
	if err != nil {
		return d.technical(ctx, x, m, err)
	}
	x.state.Notice = Notice{}
	if res.Failure == nil || res.Failure.Reason != sdk.ReasonInvalidInput || x.state.Binding {
		// Something was judged, so it must have been under the newest count. Where nothing was, a guard would only leave a row
		// for each name that a stranger makes up.
		c.guard = Guard{Key: t.subject.Key, Version: t.subject.Version, Stored: t.subject.Stored}
	}
	return d.outcome(ctx, x, m, res, t, c)
}

// name looks up who was named, with the counters to judge the attempt by. A name that does not exist, or cannot be one, makes a ghost:
// from here on both do the same, and the one statement here is the same for both.
//
// What a plugin remembers belongs to the one it was remembered of. Under another name the step begins anew: else a code that was sent
// to one person's phone would open the account of the next one named.
func (d *Dispatcher) name(ctx context.Context, x *run, name string) (limits, error) {
	folded, err := subscriber.Fold(name)
	if err != nil {
		folded = " " + printable(name) // looked up all the same, and never found: no name begins with a space
	}
	keys := []string{d.nameKey(folded), throttle.AddressKey(x.b.Address)}
	for e := range knownEntries(x.b.Known) {
		keys = append(keys, throttle.BrowserKey(e.browser)) // whose they are is known only once the subject is
	}
	s, creds, rows, err := d.Rows.Claimant(ctx, d.DB, folded, keys...)
	if err != nil {
		return limits{}, err
	}
	if err := d.adopt(ctx, x, s, creds); err != nil {
		return limits{}, err
	}
	if folded != x.state.Folded || x.who.id() != x.state.Named {
		x.state.restartStep()
	}
	x.state.Name, x.state.Folded, x.state.Named = printable(name), folded, x.who.id()
	t := d.untouched(x)
	t.take(rows)
	return t, nil
}

// nameKey is the counter of a name that does not exist.
func (d *Dispatcher) nameKey(folded string) string {
	mac := d.Box.MAC(sealing.PurposeName, folded)
	return throttle.NameKey(hex.EncodeToString(mac[:16]))
}

// limits are the counters that one attempt is judged by.
type limits struct {
	subject throttle.Counter // of the subscriber, the ghost's name, or the known browser
	address throttle.Counter
	known   bool // the browser completed a login of this subscriber before
}

func (t limits) blocked(l throttle.Limits, now time.Time) time.Time {
	if until := l.BlockedUntil(t.subject, now); !until.IsZero() {
		return until
	}
	if !t.known && l.AddressBlocked(t.address, now) {
		return t.address.FailedAt.Add(l.AddressWindow)
	}
	return time.Time{}
}

// untouched says which counters they are, before any is read. A known browser has a budget of its own, so that a stranger who fails
// on purpose cannot keep the person out of the browsers they use.
func (d *Dispatcher) untouched(x *run) (t limits) {
	key := throttle.SubjectKey(x.who.id())
	switch bid, known := knownBrowser(d.Box, x.b.Known, x.who.id(), x.now); {
	case known:
		key, t.known = throttle.BrowserKey(bid), true
	case x.who.sub == nil:
		key = d.nameKey(x.counted())
	}
	t.subject.Key, t.address.Key = key, throttle.AddressKey(x.b.Address)
	return t
}

// take fills in what was read.
func (t *limits) take(rows []throttle.Counter) {
	for _, r := range rows {
		switch r.Key {
		case t.subject.Key:
			t.subject = r
		case t.address.Key:
			t.address = r
		}
	}
}

// counters reads them in one statement.
func (d *Dispatcher) counters(ctx context.Context, x *run) (limits, error) {
	t := d.untouched(x)
	rows, err := d.Rows.Counters(ctx, d.DB, t.subject.Key, t.address.Key)
	t.take(rows)
	return t, err
}

// call runs one step of a plugin with the flow's state and the subject's credentials.
func (d *Dispatcher) call(ctx context.Context, x *run, m host.MethodRef, op host.Op, in map[string]string, failed uint32) (*sdk.StepResponse, error) {
	if m.Instance == "" {
		return d.hostStep(ctx, x, m, op, in)
	}
	r, err := d.request(x, m, op, in, failed)
	if err != nil {
		return nil, err
	}
	if r.Signals, err = d.hear(ctx, x); err != nil {
		return nil, err
	}
	x.state.Calls++
	return d.Plugins.Step(ctx, op, r)
}

// request is what a plugin is told of the step at hand.
func (d *Dispatcher) request(x *run, m host.MethodRef, op host.Op, in map[string]string, failed uint32) (*sdk.StepRequest, error) {
	creds, err := d.credentials(x, m.Instance)
	if err != nil {
		return nil, err
	}
	intent := sdk.IntentLogin
	if x.state.Binding {
		intent = sdk.IntentEnrol
	}
	if x.recovering() {
		intent = sdk.IntentRecovery
	}
	key := d.Box.MAC(sealing.PurposeIdempotency, x.flow.ID, strconv.FormatInt(x.flow.Version, 10), m.Ref, string(op))
	r := &sdk.StepRequest{
		Context: sdk.StepContext{
			InstanceID: m.Instance, MethodID: m.Method.ID, FlowID: x.flow.ID, Step: x.state.Calls,
			IdempotencyKey: hex.EncodeToString(key[:16]), Intent: intent, Now: x.now, Locale: x.state.Locale,
			Client:    sdk.ClientInfo{ID: x.client.ClientID, Name: x.client.Name},
			Browser:   sdk.BrowserInfo{Address: x.b.Address, UserAgent: clip(x.b.UserAgent, 200)},
			ExpiresAt: x.flow.ExpiresAt, FailedAttempts: failed, RPID: d.RPID, Origins: d.Origins,
			ReturnURL: d.returnURL(m.Instance), ReturnState: d.returnState(x.flow.ID, m.Instance),
			Identified: x.flow.Subject != "", Sought: x.sought,
		},
		Credentials: creds, State: x.state.PluginState, StateVersion: x.state.StateVersion, Inputs: in,
	}
	if x.who.sub != nil {
		name := x.state.Name
		if name == "" || x.shown != "" { // what was typed is not of whom a credential named
			name = x.who.display()
		}
		r.Context.Subject = &sdk.Subject{ID: x.who.sub.ID, Name: name, Attributes: attributes(x.who.sub.Claims)}
	}
	return r, nil
}

// technical turns a plugin's fault into a page that offers another way. It never counts and never opens the door.
func (d *Dispatcher) technical(ctx context.Context, x *run, m host.MethodRef, err error) error {
	var he *host.Error
	if !errors.As(err, &he) {
		return err
	}
	if he.Kind == host.Aborted {
		return fault.Wrap(fault.Conflict, err, "a plugin asked for fresh data")
	}
	d.Log.WarnContext(ctx, "plugin step failed", "instance", m.Instance, "error", err)
	x.state.Notice = Notice{Code: NoticeUnavailable}
	return nil
}
