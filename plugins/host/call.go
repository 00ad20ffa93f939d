package host

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

const (
	// patience is how far away a restart may be for a call to wait for it.
	patience = time.Second
	// settleRetry lets the end of a connection become known: before a call is repeated, and before its failure is judged.
	settleRetry = 50 * time.Millisecond
	// settleExit lets the end of its process become known then.
	settleExit = time.Second
)

// callee is what a call does with the process it got.
type callee func(ctx context.Context, i *instance, on *running) error

// call runs f on the instance's process under a deadline. With retry it is run once more when the plugin was not there, on
// the next process if that one ended; and as often as the deadline allows when somebody else killed the process under it,
// which is not the call's doing. A call that never left, because the process had ended just before, is carried over in any
// case: it did nothing. f is called with the same arguments, so with the same idempotency key.
func (h *Host) call(ctx context.Context, id, op string, limit time.Duration, retry bool, f callee) (err error) {
	began := time.Now()
	defer func() { h.called(id, op, time.Since(began), err) }()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	perhapsDone := false // by an attempt before
	for repeated := false; ; repeated = true {
		r, failed := h.once(ctx, id, op, f)
		if failed == nil {
			return nil
		}
		perhapsDone = perhapsDone || !failed.notSent
		failed.notSent = !perhapsDone
		if !(retry || failed.neverLeft) || failed.Kind != Unavailable || r == nil || ctx.Err() != nil {
			return failed
		}
		if repeated && !(r.gone() && r.killedByOthers()) {
			return failed
		}
	}
}

func (h *Host) called(id, op string, took time.Duration, err error) {
	if i, ok := h.find(id); ok {
		i.latency.add(took)
	}
	h.report.Called(id, op, took, err)
}

// once runs f on the current process, and returns that process with an error.
func (h *Host) once(ctx context.Context, id, op string, f callee) (*running, *Error) {
	i, r, err := h.acquire(ctx, id)
	if err != nil {
		err.Op, err.notSent = op, true
		return nil, err
	}
	defer r.calls.Done()
	failure := f(ctx, i, r)
	if failure == nil {
		r.useful.Add(1)
		return r, nil
	}
	failed := classify(id, op, failure)
	switch failed.Kind {
	case Bug:
		i.lied(ctx, failed)
	case Deadline:
		poke(i.doubted)
	}
	if failed.neverLeft = neverLeft(failure); failed.neverLeft {
		failed.notSent = true
		return r, failed
	}
	// An Unavailable may also be the transport's, because the process went away under the call: then nobody knows what it
	// had done. The process' end becomes known a moment later.
	failed.notSent = failed.Kind != Bug && refused(failure) && (status.Code(failure) != codes.Unavailable || !r.gone())
	return r, failed
}

// gone says whether the process ended, or its connection did and so soon will the process. What a plugin answered by itself
// came over a connection that is still there.
func (r *running) gone() bool {
	if r.waitExit(settleRetry) {
		return true
	}
	return r.conn.GetState() != connectivity.Ready && r.waitExit(settleExit)
}

// acquire returns who has the name and its current process, and counts a call on it. The caller ends the call with
// calls.Done.
func (h *Host) acquire(ctx context.Context, id string) (*instance, *running, *Error) {
	for {
		i, ok := h.find(id)
		if !ok {
			return nil, nil, &Error{Instance: id, Kind: NotConfigured, Err: errUnknownInstance}
		}
		r, err := i.acquire(ctx)
		if err == nil || !i.superseded.Load() {
			return i, r, err
		}
		// A reload has put another in its place, which is up.
	}
}

// acquire returns the current process and counts a call on it, or waits for one that is about to come up.
func (i *instance) acquire(ctx context.Context) (*running, *Error) {
	for {
		i.mu.Lock()
		r := i.current
		if r != nil && !r.ended() {
			r.calls.Add(1)
			i.mu.Unlock()
			return r, nil
		}
		state, changed, lastErr := i.state, i.changed, i.lastErr
		soon := r != nil || i.soon() // ended, and the supervisor is about to notice; or about to come up
		i.mu.Unlock()
		if !soon {
			kind := Unavailable
			if state == StateFailed {
				kind = NotConfigured
			}
			return nil, &Error{Instance: i.config.ID, Kind: kind, Err: errors.Join(errors.New("the plugin is "+string(state)), lastErr)}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, &Error{Instance: i.config.ID, Kind: Unavailable, Err: errors.Join(ctx.Err(), lastErr)}
		}
	}
}

func unimplemented(err error) bool { return status.Code(err) == codes.Unimplemented }
