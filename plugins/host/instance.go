package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// instance supervises one configured plugin.
type instance struct {
	host     *Host
	config   InstanceConfig
	revision string
	settled  chan struct{} // closed when it is up or has failed once
	settle   sync.Once
	tripped  chan struct{} // a lie opened the breaker
	doubted  chan struct{} // a call ran into its deadline: ask now whether the process is alive
	latency  histogram

	life       context.Context // ends when a reload takes it out of the roster
	end        context.CancelFunc
	first      *running    // brought up by a reload, before the supervisor begins
	live       atomic.Bool // in the roster: what becomes of it is reported
	superseded atomic.Bool // not in the roster any more
	removed    atomic.Bool // and nobody took its place

	mu       sync.Mutex
	state    State
	since    time.Time
	next     time.Time // of the next start
	changed  chan struct{}
	current  *running
	about    *sdk.Description
	digest   string
	restarts int
	lastErr  error
	breaker  breaker
}

func newInstance(h *Host, c InstanceConfig) *instance {
	if len(c.Config) == 0 {
		c.Config = []byte("{}")
	}
	sum := sha256.Sum256(c.Config)
	i := &instance{
		host: h, config: c, revision: hex.EncodeToString(sum[:8]),
		settled: make(chan struct{}), tripped: make(chan struct{}, 1), doubted: make(chan struct{}, 1),
		state: StateStopped, since: time.Now(), changed: make(chan struct{}),
	}
	i.life, i.end = context.WithCancel(context.Background())
	return i
}

// run is the supervisor's loop. It ends with the host, or when a reload retires the instance.
func (i *instance) run(host context.Context) {
	ctx, cancel := context.WithCancel(host)
	defer cancel()
	defer i.end()
	defer context.AfterFunc(i.life, cancel)()
	defer i.settle.Do(func() { close(i.settled) })
	var wait backoff
	for ctx.Err() == nil {
		r, err := i.first, error(nil)
		if i.first = nil; r == nil {
			i.enter(StateStarting, nil, nil)
			r, err = i.start(ctx)
		}
		outside := false
		if err == nil {
			began := time.Now()
			i.enter(StateUp, r, nil)
			i.settle.Do(func() { close(i.settled) })
			err = i.watch(ctx, r)
			if ctx.Err() != nil {
				i.enter(StateStopped, nil, nil)
				i.part(host, r)
				return
			}
			i.enter(StateRestarting, nil, err)
			r.kill()
			outside = r.killedByOthers()
			if (outside && r.useful.Load() > 0) || time.Since(began) > steadyAfter {
				wait.reset()
			}
		}
		if ctx.Err() != nil {
			break
		}
		i.rest(ctx, &wait, err, outside || errors.Is(err, errKilled))
	}
	i.enter(StateStopped, nil, nil)
}

// part ends the process after its last call: soon when the host stops, as late as a call may last when a reload has put
// another in its place.
func (i *instance) part(host context.Context, r *running) {
	if i.superseded.Load() {
		r.drain(host, retireTimeout)
	}
	r.drain(context.Background(), drainTimeout)
	if i.removed.Load() && host.Err() == nil {
		_, err := within(host, removeTimeout, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, r.client.Remove(ctx, i.config.ID)
		})
		if err != nil && !r.ended() {
			i.host.log.Warn("plugin instance was not asked to forget itself", "instance", i.config.ID, "error", err)
		}
	}
	r.stop()
}

// rest waits for the next start: the longer, the more often it failed. A process that somebody else killed has not failed and is
// not counted, or whoever has a program killed now and then would have it taken away.
func (i *instance) rest(ctx context.Context, wait *backoff, err error, outside bool) {
	state, delay := StateRestarting, wait.next()
	switch {
	case outside:
		delay = min(delay, jitter(backoffKilled))
	case unusable(err):
		state, delay = StateFailed, jitter(backoffMost)
	case i.crashed():
		state, delay = StateBroken, jitter(breakerOpen)
	}
	i.host.log.Error("plugin instance down", "instance", i.config.ID, "state", string(state), "retry_in", delay, "error", err)
	i.mu.Lock()
	i.next = time.Now().Add(delay)
	i.restarts++
	i.mu.Unlock()
	i.enter(state, nil, err)
	i.settle.Do(func() { close(i.settled) })
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// enter changes the state and wakes whoever waits for one.
func (i *instance) enter(s State, r *running, err error) {
	i.mu.Lock()
	if s == StateUp {
		i.lastErr = nil
	} else if err != nil {
		i.lastErr = err
	}
	i.current = r
	moved := i.state != s
	if moved {
		i.state, i.since = s, time.Now()
	}
	close(i.changed)
	i.changed = make(chan struct{})
	i.mu.Unlock()
	if moved && i.live.Load() {
		i.host.report.State(i.config.ID, s)
	}
}

// start brings a process up to the point where it can take steps.
func (i *instance) start(ctx context.Context) (*running, error) {
	program, err := i.host.pins.program(&i.config, i.host.bundled)
	if err != nil {
		return nil, err
	}
	r, err := i.host.launch(ctx, &i.config, program)
	if err != nil {
		return nil, err
	}
	about, err := i.introduce(ctx, r)
	if err != nil {
		if !unusable(err) && r.gone() {
			err = fmt.Errorf("%w (it ended: %s)", err, r.ending())
			if r.killedByOthers() {
				err = fmt.Errorf("%w: %w", errKilled, err)
			}
		}
		r.kill()
		return nil, err
	}
	r.about = underCeiling(about, i.config.AMR)
	i.mu.Lock()
	i.about, i.digest = i.withTexts(r.about), program.digest
	i.mu.Unlock()
	return r, nil
}

// watch returns when the process ended, hangs, or lied too often, and says which; or when ctx ends.
func (i *instance) watch(ctx context.Context, r *running) error {
	select {
	case <-i.tripped: // by the process before
	default:
	}
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	spin := newSpinWatch(r)
	defer spin.stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.exited:
			return errors.New("the plugin ended: " + r.ending())
		case <-i.tripped:
			return errors.New("the plugin broke the contract too often")
		case <-spin.due:
			if spin.spins() {
				return errors.New("the plugin computes without end and answers nothing")
			}
			continue
		case <-i.doubted:
			spin.suspect()
		case <-ticker.C:
		}
		if !i.alive(ctx, r) && ctx.Err() == nil {
			return errors.New("the plugin does not answer")
		}
	}
}

// alive pings more than once: a busy machine is not a hung plugin.
func (*instance) alive(ctx context.Context, r *running) bool {
	for range pingTries {
		if r.ping(ctx) == nil {
			return true
		}
	}
	return false
}

// crashed counts a crash and says whether the breaker opens.
func (i *instance) crashed() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.breaker.hit(time.Now())
}

// lied reports a broken rule; too many open the breaker.
func (i *instance) lied(ctx context.Context, err error) {
	var violation *sdk.Violation
	if !errors.As(err, &violation) {
		return
	}
	i.host.report.Lied(ctx, i.config.ID, string(violation.Rule))
	i.host.log.ErrorContext(ctx, "plugin answer refused", "instance", i.config.ID, "rule", string(violation.Rule), "detail", violation.Detail)
	if i.crashed() {
		poke(i.tripped)
	}
}

// within calls f with a deadline.
func within[T any](ctx context.Context, d time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx)
}

// poke wakes the reader of c, once.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
