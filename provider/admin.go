package provider

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
)

// Admin carries operations out on an opened installation: a server's own, or one opened for a command.
type Admin struct {
	config *Config
	store  *sqlstore.Store
	log    *slog.Logger

	server *Server // nil for one opened for a command

	mu      sync.Mutex
	domains *domains
	host    *host.Host
	closers []func() error // of what this Admin itself opened, last first
}

var _ Caller = (*Admin)(nil)

// OpenAdmin opens the installation for a command. Only what an operation needs is opened: a database without a schema can
// be migrated, plugins start when they are asked for something.
func OpenAdmin(ctx context.Context, c *Config) (*Admin, error) {
	log := slog.New(slog.DiscardHandler) // a command tells what it did; what the parts log is for a server
	store, err := c.openStore(ctx, log)
	if err != nil {
		return nil, err
	}
	return &Admin{config: c, store: store, log: log, closers: []func() error{store.Close}}, nil
}

// newAdmin returns the Admin of a running server, whose parts are open.
func newAdmin(c *Config, store *sqlstore.Store, d *domains, h *host.Host, log *slog.Logger) *Admin {
	return &Admin{config: c, store: store, domains: d, host: h, log: log}
}

// Close ends what OpenAdmin began.
func (a *Admin) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}

func (a *Admin) call(ctx context.Context, name string, in []byte, w io.Writer) error {
	run, ok := handlers[name]
	if !ok {
		return fault.New(fault.NotFound, "the server does not know the operation "+name+": is it of another version?")
	}
	return run(a, ctx, in, w)
}

// ready opens the domains once.
func (a *Admin) ready(ctx context.Context) (*domains, error) {
	keys, err := a.keyService(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.domains != nil {
		return a.domains, nil
	}
	if err := a.store.CheckSchema(ctx); err != nil {
		return nil, err
	}
	d, err := openDomains(ctx, a.config, a.store, keys, importer{a.plugins}, a.log)
	if err != nil {
		return nil, err
	}
	a.domains = d
	return d, nil
}

// keyService returns what reaches key-encryption keys in a KMS: nil, and no plugin is started, when there are none.
func (a *Admin) keyService(ctx context.Context) (keyService, error) {
	if !a.config.Sealing.usesKMS() {
		return nil, nil
	}
	return a.plugins(ctx)
}

// startTimeout is how long a command waits for plugins.
const startTimeout = 15 * time.Second

// plugins returns the host, started once.
func (a *Admin) plugins(ctx context.Context) (*host.Host, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.host != nil {
		return a.host, nil
	}
	instances, err := a.config.instances()
	if err != nil {
		return nil, err
	}
	h, err := host.New(host.Options{Instances: instances, AllowUnpinned: a.config.Development, Log: a.log})
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the plugins cannot be started")
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- h.Run(running) }()
	a.closers = append(a.closers, func() error { stop(); return <-ended })
	waiting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := h.WaitReady(waiting); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the plugins did not start in time: `varco plugin list` says which")
	}
	a.host = h
	return h, nil
}

// None is the input or the answer of an operation that has none.
type None struct{}

// ByID names what an operation is about.
type ByID struct {
	ID string `json:"id"`
}
