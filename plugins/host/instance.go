package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
	return &instance{
		host: h, config: c, revision: hex.EncodeToString(sum[:8]),
		settled: make(chan struct{}), tripped: make(chan struct{}, 1), doubted: make(chan struct{}, 1),
		state: StateStopped, since: time.Now(), changed: make(chan struct{}),
	}
}

// run is the supervisor's loop.
func (i *instance) run(ctx context.Context) {
	defer i.settle.Do(func() { close(i.settled) })
	var wait backoff
	for ctx.Err() == nil {
		i.enter(StateStarting, nil, nil)
		r, err := i.start(ctx)
		if err == nil {
			began := time.Now()
			i.enter(StateUp, r, nil)
			i.settle.Do(func() { close(i.settled) })
			err = i.watch(ctx, r)
			if ctx.Err() != nil {
				i.enter(StateStopped, nil, nil)
				r.stop()
				return
			}
			i.enter(StateRestarting, nil, err)
			r.kill()
			if time.Since(began) > steadyAfter {
				wait.reset()
			}
		}
		if ctx.Err() != nil {
			break
		}
		i.rest(ctx, &wait, err)
	}
	i.enter(StateStopped, nil, nil)
}

// rest waits for the next start: the longer, the more often it failed.
func (i *instance) rest(ctx context.Context, wait *backoff, err error) {
	state, delay := StateRestarting, wait.next()
	switch {
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
	if moved {
		i.host.report.State(i.config.ID, s)
	}
}

// start brings a process up to the point where it can take steps.
func (i *instance) start(ctx context.Context) (*running, error) {
	path, digest, err := i.host.pins.executable(&i.config, i.host.bundled)
	if err != nil {
		return nil, err
	}
	r, err := i.host.launch(ctx, &i.config, path)
	if err != nil {
		return nil, err
	}
	about, err := i.introduce(ctx, r)
	if err != nil {
		if !unusable(err) && r.waitExit(50*time.Millisecond) {
			err = fmt.Errorf("%w (it ended: %s)", err, r.ending())
		}
		r.kill()
		return nil, err
	}
	i.mu.Lock()
	i.about, i.digest = underCeiling(about, i.config.AMR), digest
	i.mu.Unlock()
	return r, nil
}

// introduce asks the plugin what it is and hands it its configuration.
func (i *instance) introduce(ctx context.Context, r *running) (*sdk.Description, error) {
	about, err := within(ctx, describeTimeout, r.client.Describe)
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	if err := about.Validate(); err != nil {
		i.lied(ctx, err)
		return nil, err
	}
	if i.config.Plugin != "" && about.Name != i.config.Plugin {
		return nil, &sdk.Violation{Rule: sdk.RuleDescription, Detail: fmt.Sprintf("it calls itself %q", about.Name)}
	}
	cfg := sdk.Configuration{InstanceID: i.config.ID, Revision: i.revision, JSON: i.config.Config}
	if cfg.Keys, err = i.keys(ctx, about.InstanceKeys); err != nil {
		return nil, err
	}
	if !json.Valid(cfg.JSON) {
		return nil, &misconfigured{Problems: []sdk.Problem{{Message: "the configuration is not JSON"}}}
	}
	problems, err := within(ctx, configureTimeout, func(ctx context.Context) ([]sdk.Problem, error) {
		return r.client.ValidateConfig(ctx, cfg)
	})
	if err != nil {
		return nil, fmt.Errorf("validate the configuration: %w", err)
	}
	if len(problems) > 0 {
		return nil, &misconfigured{Problems: problems}
	}
	_, err = within(ctx, configureTimeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, r.client.Configure(ctx, cfg)
	})
	if err != nil {
		return nil, fmt.Errorf("configure: %w", err)
	}
	return about, nil
}

// keys returns the instance keys the plugin asks for. One that is missing fails the start: a plugin that signs with an empty
// key would sign what anybody can sign.
func (i *instance) keys(ctx context.Context, want []sdk.InstanceKey) (map[string][]byte, error) {
	if len(want) == 0 {
		return nil, nil
	}
	have := maps.Clone(i.config.Keys)
	if provide := i.host.options.Keys; provide != nil {
		made, err := within(ctx, configureTimeout, func(ctx context.Context) (map[string][]byte, error) {
			return provide(ctx, i.config.ID, want)
		})
		if err != nil {
			return nil, fmt.Errorf("instance keys: %w", err)
		}
		if have == nil {
			have = make(map[string][]byte, len(made))
		}
		maps.Copy(have, made)
	}
	keys := make(map[string][]byte, len(want))
	for _, k := range want {
		if keys[k.Name] = have[k.Name]; len(keys[k.Name]) == 0 {
			return nil, fmt.Errorf("instance keys: there is no %q, which the plugin asks for", k.Name)
		}
	}
	return keys, nil
}

// watch returns when the process ended, hangs, or lied too often, and says which; or when ctx ends.
func (i *instance) watch(ctx context.Context, r *running) error {
	select {
	case <-i.tripped: // by the process before
	default:
	}
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.exited:
			return errors.New("the plugin ended: " + r.ending())
		case <-i.tripped:
			return errors.New("the plugin broke the contract too often")
		case <-i.doubted:
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

func (i *instance) described() (about *sdk.Description, up bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.about, i.state == StateUp
}

func (i *instance) status() Status {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := Status{Instance: i.config.ID, Plugin: i.config.Plugin, State: i.state, Restarts: i.restarts, Since: i.since, Digest: i.digest}
	if i.about != nil {
		s.Plugin, s.Version = i.about.Name, i.about.Version
	} else if s.Plugin == "" {
		s.Plugin = i.config.Command[0]
	}
	if i.current != nil {
		s.PID = i.current.pid
	}
	if i.lastErr != nil {
		s.LastError = i.lastErr.Error()
	}
	if m := (*misconfigured)(nil); errors.As(i.lastErr, &m) {
		s.Problems = m.Problems
	}
	return s
}

// misconfigured is a configuration that its plugin refused.
type misconfigured struct{ Problems []sdk.Problem }

// Error implements error.
func (m *misconfigured) Error() string {
	s := "the configuration cannot be used"
	for _, p := range m.Problems {
		s += "; " + p.Pointer + ": " + p.Message
	}
	return s
}

// unusable tells what starting again soon will not mend: the program or its configuration is wrong.
func unusable(err error) bool {
	var refused *misconfigured
	var violation *sdk.Violation
	switch status.Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.Unimplemented:
		return true
	}
	return errors.As(err, &refused) || errors.As(err, &violation) || errors.Is(err, errPin)
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
