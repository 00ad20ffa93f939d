package login

import (
	"context"
	"sync"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

const (
	// lookEvery is how long a Flow may be overdue before a replica notices that is not the one that was to call it.
	lookEvery = time.Second
	// leaseWait is how long a replica has for a Flow that it took: longer than a step's deadline with its reruns.
	leaseWait = 20 * time.Second
	// claimAtOnce and parallelWaits bound what one replica takes on.
	claimAtOnce   = 32
	parallelWaits = 16
)

// waiter continues Flows that wait, in the background. The zero value is ready.
type waiter struct {
	once  sync.Once
	kick  chan struct{}
	slots chan struct{}
	work  sync.WaitGroup
}

func (w *waiter) init() {
	w.once.Do(func() {
		w.kick = make(chan struct{}, 1)
		w.slots = make(chan struct{}, parallelWaits)
	})
}

// RunWaiting calls Continue of Flows whose time has come, on whichever replica is first, until ctx ends.
//
// The time stands in the Flow's waiting row, written by the step's own transaction: a process that dies loses nothing, a Flow that
// moves on takes its timer along, and a replica that takes a row and dies leaves it to the next when its lease ends.
func (d *Dispatcher) RunWaiting(ctx context.Context) error {
	d.waiter.init()
	defer d.waiter.work.Wait()
	for {
		pause := lookEvery
		now := d.Now()
		due, next, err := d.Rows.ClaimWaits(ctx, d.DB, now, now.Add(leaseWait), claimAtOnce)
		if err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "flows that wait were not looked at", "error", err)
		}
		for _, f := range due {
			d.resumeSoon(ctx, f, true)
		}
		if !next.IsZero() {
			pause = min(pause, max(next.Sub(d.Now()), 10*time.Millisecond))
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-d.waiter.kick:
			t.Stop()
		case <-t.C:
		}
	}
}

// Heard continues the Flows that a callback left signals for: call it after the commit. It returns at once. What this replica has no
// room for, or dies over, is found by the loop of any.
func (d *Dispatcher) Heard(ctx context.Context, flows ...Waiting) {
	d.waiter.init()
	for _, f := range flows {
		d.resumeSoon(context.WithoutCancel(ctx), f.due, false)
	}
}

// resumeSoon runs Resume beside the caller. wait says to wait for room; else a Flow for which there is none is left to the loop.
func (d *Dispatcher) resumeSoon(ctx context.Context, due Due, wait bool) {
	if wait {
		select {
		case d.waiter.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
	} else {
		select {
		case d.waiter.slots <- struct{}{}:
		default:
			return
		}
	}
	d.waiter.work.Go(func() {
		defer func() { <-d.waiter.slots }()
		// Not the loop's own context: a step under way ends with its own deadline, and what it did is committed.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseWait)
		defer cancel()
		if err := d.Resume(ctx, due); err != nil && !fault.Is(err, fault.NotFound) {
			d.Log.WarnContext(ctx, "a flow that waits did not go on", "error", err)
		}
	})
}

// nudgeFor has the loop look again when a Flow is due before it would.
func (d *Dispatcher) nudgeFor(w *Wait) {
	if w == nil || w.DueAt.IsZero() {
		return
	}
	d.waiter.init()
	select {
	case d.waiter.kick <- struct{}{}:
	default:
	}
}
