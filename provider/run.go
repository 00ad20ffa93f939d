package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/callback"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

const (
	drainTimeout  = 20 * time.Second       // for requests under way when the server stops
	pluginsWait   = 5 * time.Second        // before the server is ready without a plugin that does not come up
	databaseRetry = 500 * time.Millisecond // first pause before the database is asked again at start
	clientTTL     = 15 * time.Second       // how long a replica may not see another's change of a registration without a notification
	pruneInterval = time.Minute
	pruneAge      = time.Minute // other replicas' clocks
)

// Server is an installation that serves.
type Server struct {
	config *Config
	log    *slog.Logger

	metrics *telemetry.Metrics
	tracing *telemetry.Tracing
	front   *front
	ready   chan struct{}

	// Set by start:
	store *sqlstore.Store
	host  *host.Host
	// The plugins' configuration in force, which a reload replaces.
	plugins  atomic.Pointer[Config]
	replicas replicas
	reports  *pluginReports
	*domains
	cache  *relyingparty.Cache
	outbox *delivery.Outbox

	handed    handed
	logins    *login.Dispatcher
	callbacks *callback.Handler

	routes []route
	failed func(w http.ResponseWriter, r *http.Request)
}

// New opens the listeners of the configuration; from then on they answer, with 503 until the installation is open. ctx
// ends nothing that Run does.
func New(ctx context.Context, c *Config, log *slog.Logger) (*Server, error) {
	s := &Server{config: c, log: log, metrics: telemetry.NewMetrics(build()), ready: make(chan struct{})}
	var err error
	s.tracing, err = telemetry.NewTracing(ctx, telemetry.TraceConfig{Endpoint: c.Tracing.OTLPEndpoint, Version: build().Version, Log: log})
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "tracing")
	}
	s.front, err = newFront(c, log, s.metrics, s.tracing)
	return s, err
}

// Ready is closed when the server answers logins.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Address is that of the public listener.
func (s *Server) Address() string { return s.front.address() }

// Run serves until ctx ends, and stops in order: no new requests, requests under way finish, then the background work, then the
// plugins. The error says what to do.
func (s *Server) Run(ctx context.Context) error {
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()

	// Everything that runs; the first failure ends the others.
	var work sync.WaitGroup
	alive, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	run := func(name string, scope context.Context, f func(context.Context) error) {
		work.Go(func() {
			if err := f(scope); err != nil && scope.Err() == nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	run("listen", serving, s.front.serve)

	err := s.start(alive, background, run)
	if err == nil {
		s.front.open(s)
		close(s.ready)
		<-alive.Done()
		err = context.Cause(alive)
	}
	if ctx.Err() != nil { // asked to stop, during the start or after it
		err = nil
	}
	s.front.drain()
	stopServing()
	stopBackground()
	work.Wait()
	if s.store != nil {
		err = errors.Join(err, s.store.Close())
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if flushErr := s.tracing.Shutdown(last); flushErr != nil {
		s.log.WarnContext(ctx, "the last traces were not sent", "error", flushErr)
	}
	return err
}

// build says what runs.
func build() telemetry.Build {
	b := telemetry.Build{Version: "development"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, kv := range info.Settings {
		if kv.Key == "vcs.revision" {
			b.Revision = kv.Value
		}
	}
	return b
}

// runner starts a part that runs until its context ends.
type runner func(name string, scope context.Context, f func(context.Context) error)

// start opens the parts in order and begins the background work. ctx ends a start that takes too long; background ends
// the work.
func (s *Server) start(ctx, background context.Context, run runner) error {
	c := s.config
	instances, err := c.instances()
	if err != nil {
		return err
	}
	s.reports = &pluginReports{server: s, events: make(chan audit.Event, pluginEvents)}
	s.host, err = host.New(host.Options{
		Instances: instances, Dir: c.pluginDir(), AllowUnpinned: c.Development, Log: s.log, Report: s.reports,
		Readable:    s.replicas.readable,
		Keys:        s.handKeys,
		DialOptions: []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(s.tracing.Provider())))},
	})
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the plugins cannot be started")
	}
	s.plugins.Store(c)
	run("plugins", background, s.host.Run) // they come up while the database is opened

	if s.store, err = s.openStore(ctx); err != nil {
		return err
	}
	if s.domains, err = s.openDomains(ctx); err != nil {
		return err
	}
	s.handed.opened()
	s.cache = relyingparty.NewCache(s.store, s.store, clientTTL, time.Now)
	if err := c.declareClients(ctx, s.domains, s.store); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, pluginsWait)
	defer cancel()
	if err := s.host.WaitReady(waiting); err != nil {
		s.log.WarnContext(ctx, "serving without some plugins: `varco plugin list` says which", "error", err)
	}
	others, err := s.joinReplicas(ctx)
	if err != nil {
		return err
	}
	if err := s.wire(); err != nil {
		return err
	}

	run("replicas", background, others.Run)
	run("plugin events", background, s.reports.Run)
	s.metrics.WatchPool("main", s.poolStats)
	admin := newAdmin(c, s.store, s.domains, s.host, s.log)
	admin.server = s
	run("admin socket", background, func(ctx context.Context) error { return ServeAdmin(ctx, c, admin) })
	run("signing keys", background, s.keys.Run)
	run("audit sealer", background, s.sealer().Run)
	worker := delivery.NewWorker(s.outbox, delivery.WorkerOptions{DB: s.store, Sender: s.host,
		Texts: &delivery.Catalogues{Describe: s.host.Describe}, Idempotent: c.idempotentChannels(),
		Report: s.callbacks.Report})
	run("outbox", background, worker.Run)
	run("instance keys", background, s.renewKeys)
	run("logins that wait", background, s.logins.RunWaiting)
	run("invalidation", background, s.followChanges)
	run("pruning", background, s.prune)
	return nil
}

// openStore waits for a database that is away: a provider that starts before its database is not ready rather than dead.
func (s *Server) openStore(ctx context.Context) (*sqlstore.Store, error) {
	for wait := databaseRetry; ; wait = min(2*wait, 10*time.Second) {
		store, err := s.config.openStore(ctx, s.log)
		if err == nil {
			if err = store.CheckSchema(ctx); err == nil {
				return store, nil
			}
			err = errors.Join(err, store.Close())
		}
		if !fault.Is(err, fault.Unavailable) {
			return nil, err
		}
		s.log.WarnContext(ctx, "the database is not ready yet, trying again", "error", err, "retry_in", wait.String())
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

func (s *Server) openDomains(ctx context.Context) (*domains, error) {
	if s.config.Sealing.usesKMS() { // without its plugin nothing opens; the others may still come up later
		waiting, cancel := context.WithTimeout(ctx, startTimeout)
		defer cancel()
		if err := s.host.WaitReady(waiting); err != nil {
			s.log.WarnContext(ctx, "the plugins are slow to start: `varco plugin list` says which", "error", err)
		}
	}
	box, err := s.openBox(ctx)
	if err != nil {
		return nil, err
	}
	plugins := importer{func(context.Context) (*host.Host, error) { return s.host, nil }}
	d, err := newDomains(s.config, s.store, box, plugins, s.log)
	if err != nil {
		return nil, err
	}
	return d, d.keys.Maintain(ctx)
}

// openBox waits for a KMS that is away, as openStore does for the database.
func (s *Server) openBox(ctx context.Context) (*sealing.Keyring, error) {
	for wait := databaseRetry; ; wait = min(2*wait, 10*time.Second) {
		box, err := s.config.openBox(ctx, s.store, s.host)
		if !fault.Is(err, fault.Unavailable) {
			return box, err
		}
		s.log.WarnContext(ctx, "the secrets cannot be opened yet, trying again", "error", err, "retry_in", wait.String())
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// sealer seals the audit log.
func (s *Server) sealer() *audit.Sealer {
	return &audit.Sealer{DB: s.store, Store: s.store, Signer: s.audit.signer, Keys: s.audit.known, Log: s.log, Now: time.Now, Observer: s.metrics}
}

// followChanges forgets what is cached when another replica, or a command, changed it.
func (s *Server) followChanges(ctx context.Context) error {
	clients, stopClients := s.store.Subscribe(topicClients)
	defer stopClients()
	keys, stopKeys := s.store.Subscribe(topicKeys)
	defer stopKeys()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-clients:
			s.cache.Invalidate()
		case <-keys:
			s.keys.Invalidate()
		}
	}
}

// prune deletes what has expired. Replicas may do it at the same time.
func (s *Server) prune(ctx context.Context) error {
	t := time.NewTicker(pruneInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if _, err := s.store.Prune(ctx, time.Now().Add(-pruneAge)); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "what has expired was not pruned", "error", err)
			}
		}
	}
}

func (s *Server) poolStats() telemetry.Pool {
	p := s.store.Stats()
	return telemetry.Pool{Max: p.Max, Open: p.Open, InUse: p.InUse, Waits: p.Waited, Waited: p.WaitedFor}
}

// listen opens a TCP listener with an error that says what to do.
func listen(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, key+": "+address+" cannot be listened on: is another program using it?")
	}
	return l, nil
}
