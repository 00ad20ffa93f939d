package login

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

// retryWait is how long a plugin that failed technically is left alone before a waiting Flow asks it again.
const retryWait = 5 * time.Second

// Resume calls Continue of a Flow that waits, without its browser, and commits what comes of it; nothing if the Flow went on by
// itself. Called on any replica, by any number at once: the Flow's compare-and-set lets one of them win.
//
// It goes as far as the step at hand and no further. A success is kept as proven; the session, the authorization code, and
// whatever else comes next, need the browser that began the Flow. So whoever approves on a phone a login that somebody else began
// lets that somebody's browser go on and no other; and nobody who only knows the Flow's id gets anything of it.
func (d *Dispatcher) Resume(ctx context.Context, due Due) error {
	ctx = telemetry.WithFlow(ctx, due.Flow)
	for range reruns {
		x, err := d.loadWaiting(ctx, due)
		if err != nil || x == nil {
			return err
		}
		c := &change{}
		again, err := d.background(ctx, x, c)
		if err == nil && !again.IsZero() {
			return d.Rows.DelayWait(ctx, d.DB, due, again)
		}
		if err == nil {
			var quiet bool
			quiet, err = d.commitQuietly(ctx, x, c)
			if err == nil {
				d.afterCommit(ctx, x, c)
				if !quiet && d.Wake != nil {
					d.Wake(ctx, FlowTopic(due.Flow))
				}
				return nil
			}
		}
		if !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fault.New(fault.Unavailable, "a step without its browser kept losing its compare-and-set")
}

// loadWaiting reads a Flow that waits there, nil when it does not any more.
func (d *Dispatcher) loadWaiting(ctx context.Context, due Due) (*run, error) {
	f, err := d.Rows.Flow(ctx, d.DB, due.Flow)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	now := d.Now()
	if !f.DoneAt.IsZero() {
		return nil, nil
	}
	if !now.Before(f.ExpiresAt) {
		return nil, d.Rows.EndWait(ctx, d.DB, f.ID)
	}
	s, err := openState(d.Box, f)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "read a flow")
	}
	if s.waitID() != due.Wait {
		return nil, nil
	}
	client, err := d.client(ctx, f.Request.Client)
	if err != nil {
		return nil, err
	}
	return &run{flow: *f, state: s, client: client, now: now, b: s.Wait.browser(), waited: due.Wait, background: true}, nil
}

// browser is the one that sits at the page, as far as it is remembered. It holds no session and no binding: nothing that needs those
// can be done with it.
func (w *waiting) browser() Browser {
	return Browser{Address: w.Address, UserAgent: w.UserAgent, Known: w.Known}
}

// background runs the step. again says when to try it again instead of committing anything.
func (d *Dispatcher) background(ctx context.Context, x *run, c *change) (again time.Time, err error) {
	stop, err := d.recognize(ctx, x)
	if err != nil || stop {
		return time.Time{}, err
	}
	if x.before, err = d.page(x); err != nil {
		return time.Time{}, err
	}
	m, ok := d.method(x.state.Method)
	if !ok || !m.Available {
		return x.now.Add(retryWait), nil
	}
	if x.names(m) { // a phone that says whose it is
		return time.Time{}, d.answerByHandle(ctx, x, m, nil, c)
	}
	if x.state.Binding {
		// Decided anew, as when the page is answered: another authenticator may have been bound that must now be used instead.
		next, err := d.decide(x)
		if err != nil {
			return time.Time{}, err
		}
		if next.Kind != KindAsk || !next.Binding || next.Method != m.Ref {
			x.await()
			return time.Time{}, nil
		}
	}
	t, err := d.counters(ctx, x)
	if err != nil {
		return time.Time{}, err
	}
	if until := t.blocked(d.Throttle, x.now); !until.IsZero() {
		return until, nil
	}
	op := host.Continue
	if x.state.Binding {
		op = host.ContinueEnroll
	}
	res, err := d.call(ctx, x, m, op, nil, uint32(t.subject.Failures))
	var he *host.Error
	switch {
	case errors.As(err, &he) && he.Kind == host.Aborted:
		return time.Time{}, fault.Wrap(fault.Conflict, err, "a plugin asked for fresh data")
	case errors.As(err, &he):
		d.Log.WarnContext(ctx, "plugin step failed", "instance", m.Instance, "error", err)
		return x.now.Add(retryWait), nil
	case err != nil:
		return time.Time{}, err
	}
	x.state.Notice = Notice{}
	c.guard = Guard{Key: t.subject.Key, Version: t.subject.Version, Stored: t.subject.Stored}
	return time.Time{}, d.outcome(ctx, x, m, res, t, c)
}

// recognize reads whom the step is about, and says whether it must not go on: then the browser finds out why.
func (d *Dispatcher) recognize(ctx context.Context, x *run) (stop bool, err error) {
	subject := x.state.about(&x.flow)
	if subject == "" {
		return false, d.adopt(ctx, x, nil, nil)
	}
	if err := d.identify(ctx, x, subject); err != nil {
		return false, err
	}
	if x.flow.Subject == "" {
		return false, nil
	}
	ended := x.who.blocked()
	if !ended {
		if ended, err = d.resumeSession(ctx, x); err != nil {
			return false, err
		}
	}
	if ended {
		x.await()
	}
	return ended, nil
}

// await leaves the step and has the Flow wait for its browser.
func (x *run) await() {
	x.state.leaveStep()
	x.state.Ready = true
}

// commitQuietly commits, and says whether the person sees no difference.
func (d *Dispatcher) commitQuietly(ctx context.Context, x *run, c *change) (bool, error) {
	quiet := false
	if x.state.Wait != nil {
		after, err := d.page(x)
		if err != nil {
			return false, err
		}
		quiet = reflect.DeepEqual(x.before, after)
	}
	if quiet {
		x.state.Quiet++
	}
	return quiet, d.commit(ctx, x, c)
}
