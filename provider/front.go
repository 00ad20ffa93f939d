package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/varco-id/varco/provider/internal/telemetry"
)

// Bounds of every request. A form of ours is far below them; what is beyond them is an attack or a mistake.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 90 * time.Second
	// answerTimeout is how long a request may take, a plugin's slowest step included. Without it, a database that accepts connections and says
	// nothing would hold every request until the browser gives up, rather than have people told to come back.
	answerTimeout  = 15 * time.Second
	maxHeaderBytes = 32 << 10
)

// front is the HTTP edge: it listens from the first moment, answers 503 until the installation is open, and takes no
// new requests while it drains.
type front struct {
	config *Config
	log    *slog.Logger
	tele   *telemetry.Telemetry

	public, metrics net.Listener
	handler         atomic.Pointer[http.ServeMux]
	ready           func(context.Context) error
	draining        atomic.Bool
	stopping        chan struct{} // closed when it drains: requests that wait for something end
	servers         []*http.Server
	once            sync.Once
}

func newFront(c *Config, log *slog.Logger, m *telemetry.Metrics, t *telemetry.Tracing) (*front, error) {
	f := &front{config: c, log: log, stopping: make(chan struct{}), tele: &telemetry.Telemetry{Log: log, Metrics: m, Tracing: t}}
	var err error
	if f.public, err = listen("listen", c.Listen); err != nil {
		return nil, err
	}
	if c.TLS != nil {
		cert := &certificate{cert: c.Path(c.TLS.Cert), key: c.Path(c.TLS.Key), log: log}
		if err := cert.load(); err != nil {
			return nil, errors.Join(err, f.public.Close())
		}
		f.public = tls.NewListener(f.public, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert.get, NextProtos: []string{"h2", "http/1.1"}})
	}
	f.add(f)
	if c.MetricsListen == "" {
		return f, nil
	}
	if f.metrics, err = listen("metrics_listen", c.MetricsListen); err != nil {
		return nil, errors.Join(err, f.public.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("GET /livez", f.livez)
	mux.HandleFunc("GET /readyz", f.readyz)
	f.add(mux)
	return f, nil
}

func (f *front) add(h http.Handler) {
	f.servers = append(f.servers, &http.Server{Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(f.log.Handler(), slog.LevelDebug)})
}

func (f *front) address() string { return f.public.Addr().String() }

// serve answers until ctx ends.
func (f *front) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, f.drain)
	defer stop()
	errs := make(chan error, len(f.servers))
	for i, l := range []net.Listener{f.public, f.metrics}[:len(f.servers)] {
		go func() {
			err := f.servers[i].Serve(l)
			if errors.Is(err, http.ErrServerClosed) {
				err = nil
			}
			errs <- err
		}()
	}
	var all []error
	for range f.servers {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// open starts to answer with the installation's routes.
func (f *front) open(s *Server) {
	mux := http.NewServeMux()
	for _, r := range s.routes {
		mux.Handle(r.pattern, f.tele.Middleware(r.name, within(answerTimeout, r.handler)))
	}
	f.tele.Failed = s.failed
	f.ready = s.store.Ping
	f.handler.Store(mux)
}

var _ http.Handler = (*front)(nil)

// within ends the request's context after d: whatever it waits for then fails as unavailable, and the answer says so.
func within(d time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// drain lets requests under way finish. A load balancer sees /readyz fail first.
func (f *front) drain() {
	f.once.Do(func() {
		f.draining.Store(true)
		close(f.stopping)
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		for _, s := range f.servers {
			if err := s.Shutdown(ctx); err != nil {
				f.log.Warn("requests were cut off", "error", err)
				_ = s.Close()
			}
		}
	})
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.metrics == nil && r.Method == http.MethodGet {
		switch r.URL.Path {
		case "/livez":
			f.livez(w, r)
			return
		case "/readyz":
			f.readyz(w, r)
			return
		}
	}
	if mux := f.handler.Load(); mux != nil {
		mux.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Retry-After", "2")
	http.Error(w, "starting: the database does not answer yet", http.StatusServiceUnavailable)
}

// livez says that the process is not stuck; it must not depend on anything outside.
func (f *front) livez(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }

// readyz says whether logins can be answered now.
func (f *front) readyz(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.draining.Load():
		answer(w, http.StatusServiceUnavailable, "stopping")
		return
	case f.handler.Load() == nil:
		answer(w, http.StatusServiceUnavailable, "starting")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := f.ready(ctx); err != nil {
		f.log.WarnContext(ctx, "not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	answer(w, http.StatusOK, "ok")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "2")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(strings.TrimSpace(text) + "\n"))
}
