package host

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

const (
	// patience is how far away a restart may be for a call to wait for it.
	patience = time.Second
	// settleRetry lets the end of a process become known: before a call is repeated, and before its failure is judged.
	settleRetry = 50 * time.Millisecond
)

// call runs f on the instance's process under a deadline. With retry it is run once more when the plugin was not
// there: on the next process if that one ended. f is called with the same arguments, so with the same idempotency key.
func (h *Host) call(ctx context.Context, id, op string, limit time.Duration, retry bool, f func(context.Context, *instance, *sdk.Client) error) (err error) {
	began := time.Now()
	defer func() { h.report.Called(id, op, time.Since(began), err) }()
	i, ok := h.byID[id]
	if !ok {
		return &Error{Instance: id, Op: op, Kind: NotConfigured, Err: errUnknownInstance, notSent: true}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, failed := i.once(ctx, op, f)
	if failed == nil {
		return nil
	}
	if retry && failed.Kind == Unavailable && r != nil && ctx.Err() == nil {
		if _, failed = i.once(ctx, op, f); failed == nil {
			return nil
		}
	}
	return failed
}

// once runs f on the current process, and returns that process with an error.
func (i *instance) once(ctx context.Context, op string, f func(context.Context, *instance, *sdk.Client) error) (*running, *Error) {
	r, err := i.acquire(ctx)
	if err != nil {
		err.Op, err.notSent = op, true
		return nil, err
	}
	defer r.calls.Done()
	failure := f(ctx, i, r.client)
	if failure == nil {
		return r, nil
	}
	failed := classify(i.config.ID, op, failure)
	switch failed.Kind {
	case Bug:
		i.lied(ctx, failed)
	case Deadline:
		poke(i.doubted)
	}
	// An Unavailable may also be the transport's, because the process went away under the call: then nobody knows what it
	// had done. The process' end becomes known a moment later.
	failed.notSent = failed.Kind != Bug && refused(failure) && (status.Code(failure) != codes.Unavailable || r.outlives(settleRetry))
	return r, failed
}

// outlives says whether the process is still there after d.
func (r *running) outlives(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.exited:
		return false
	case <-timer.C:
		return true
	}
}

// acquire returns the current process and counts a call on it, or waits for one that is about to come up. The caller
// ends the call with calls.Done.
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
		soon := r != nil || // ended, and the supervisor is about to notice
			state == StateStarting || (state == StateRestarting && time.Until(i.next) < patience)
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
