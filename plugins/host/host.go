package host

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// The deadlines of the contract, and of supervision.
const (
	describeTimeout  = 2 * time.Second
	configureTimeout = 10 * time.Second
	cancelTimeout    = time.Second
	checkTimeout     = 5 * time.Second
	sendTimeout      = 10 * time.Second
	importTimeout    = 10 * time.Second
	keyTimeout       = 5 * time.Second
	legacyTimeout    = 10 * time.Second
	assessTimeout    = 3 * time.Second // at most; the caller's policy may give less

	pingEvery        = 5 * time.Second
	pingTimeout      = 2 * time.Second
	pingTries        = 2                // unanswered in a row, before the process is taken for hung
	drainTimeout     = 2 * time.Second  // for calls under way when the host stops
	retireTimeout    = 12 * time.Second // for those on a process that was replaced: more than any call may take
	removeTimeout    = 5 * time.Second
	shutdownTimeout  = 2 * time.Second
	terminateTimeout = time.Second
)

// Host runs the configured plugin instances.
type Host struct {
	options   Options
	log       *slog.Logger
	report    Reporter
	bundled   string // what to execute for a bundled plugin
	dir       string
	pins      pins
	launcher  *launcher
	crew      crew
	reloading sync.Mutex
	swapping  sync.Mutex
	roster    atomic.Pointer[roster]
}

// New checks the options. It starts nothing.
func New(o Options) (*Host, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	h := &Host{options: o, log: o.Log, report: o.Report, bundled: o.Executable}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.report == nil {
		h.report = Silent{}
	}
	own, err := os.Executable()
	if h.bundled == "" && err != nil && ownExecutable == "" {
		return nil, err
	}
	if h.bundled == "" || h.bundled == own {
		if h.bundled = ownExecutable; h.bundled == "" {
			h.bundled = own
		}
	}
	var order []*instance
	for _, c := range o.Instances {
		i := newInstance(h, c)
		i.live.Store(true)
		order = append(order, i)
	}
	h.roster.Store(newRoster(order))
	return h, nil
}

// Run starts every instance at once and keeps them running until ctx ends; then it stops them, within a few seconds. A
// plugin that does not start or breaks never makes Run return. Run may be called once.
func (h *Host) Run(ctx context.Context) error {
	dir, remove, err := prepareDir(h.options.Dir)
	if err != nil {
		return err
	}
	defer remove()
	h.dir, h.pins.dir = dir, dir
	defer h.pins.close()
	h.launcher = newLauncher()
	defer h.launcher.stop()
	h.crew.begin(ctx)
	for _, i := range h.roster.Load().order {
		h.crew.join(i.run)
	}
	h.crew.wait()
	for _, i := range h.roster.Load().order {
		i.settle.Do(func() { close(i.settled) }) // also where ctx had ended before it could begin
	}
	return nil
}

// WaitReady waits until every instance is up or has failed once. The error is that of ctx.
func (h *Host) WaitReady(ctx context.Context) error {
	for _, i := range h.roster.Load().order {
		select {
		case <-i.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// MethodRef is a method of an instance.
type MethodRef struct {
	Ref       string // what policy names: the instance's ID, or "instance/method" where the plugin has several
	Instance  string
	Method    sdk.Method // AMR is under the operator's ceiling
	Available bool       // its instance answers, or is about to
}

// Methods lists what can authenticate, in the order of the configuration. An instance that never came up has none yet.
func (h *Host) Methods() []MethodRef {
	var refs []MethodRef
	for _, i := range h.roster.Load().order {
		d, up := i.described()
		if d == nil {
			continue
		}
		for _, m := range d.Methods {
			ref := i.config.ID
			if len(d.Methods) > 1 {
				ref += "/" + m.ID
			}
			refs = append(refs, MethodRef{Ref: ref, Instance: i.config.ID, Method: m, Available: up})
		}
	}
	return refs
}

// Describe returns what the plugin of an instance said of itself, with AMR under the operator's ceiling. It is false
// for an unknown instance and for one that never came up. The description is shared: do not change it.
func (h *Host) Describe(instance string) (*sdk.Description, bool) {
	i, ok := h.find(instance)
	if !ok {
		return nil, false
	}
	d, _ := i.described()
	return d, d != nil
}

// underCeiling returns d with every method's AMR cut to the operator's ceiling.
func underCeiling(d *sdk.Description, ceiling []string) *sdk.Description {
	if len(ceiling) == 0 {
		return d
	}
	cut := *d
	cut.Methods = slices.Clone(d.Methods)
	for n := range cut.Methods {
		m := &cut.Methods[n]
		m.AMR = slices.DeleteFunc(slices.Clone(m.AMR), func(v string) bool { return !slices.Contains(ceiling, v) })
	}
	return &cut
}

var errUnknownInstance = errors.New("there is no such plugin instance")
