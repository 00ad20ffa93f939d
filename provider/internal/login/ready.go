package login

import (
	"context"
)

// actionProceed goes on from what was proven without the browser. No form sends it.
const actionProceed Action = "\x00proceed"

// readied is what a submission means to a Flow that waits for its browser: the person pressed a button of a page whose step was proven
// meanwhile, so the Flow goes on from there; but who cancels is not signed in.
func (x *run) readied(s Submission) Submission {
	switch {
	case !x.state.Ready || !x.flow.DoneAt.IsZero():
		return s
	case s.Action == ActionCancel || s.Action == ActionRestart:
		s.Version = x.pageVersion()
		return s
	}
	return Submission{Version: x.pageVersion(), Action: actionProceed}
}

// proceed goes on now that the browser is there. Everything is decided anew: a credential may be gone since, or a plugin.
func (d *Dispatcher) proceed(ctx context.Context, x *run, c *change) error {
	if !x.state.Ready {
		return nil
	}
	x.state.Ready = false
	t, err := d.counters(ctx, x)
	if err != nil {
		return err
	}
	if err := d.advance(ctx, x, c); err != nil {
		return err
	}
	if c.finished && d.full(x) {
		c.subject, c.changed = d.Throttle.Succeed(t.subject)
	}
	return nil
}
