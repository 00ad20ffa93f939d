package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// RequestHeader carries the request's id to the client, who may quote it.
const RequestHeader = "X-Request-Id"

// Telemetry is what the HTTP edge needs of this package. Every field but Log may be zero.
type Telemetry struct {
	Log     *slog.Logger
	Metrics *Metrics
	Tracing *Tracing

	// Failed answers a request whose handler panicked before it wrote anything; the id is in the request's context. Zero is a line of plain text.
	Failed func(w http.ResponseWriter, r *http.Request)
}

// Middleware is the outermost handler of an endpoint, whose name (not the path: paths carry ids) labels its metrics and spans. It
// gives the request an id, counts and times it, opens its span, and turns a panic into a 500 with the id as reference.
//
// The id is always made here. One taken from outside would let a stranger choose what the operator's logs say.
func (t *Telemetry) Middleware(endpoint string, h http.Handler) http.Handler {
	return &middleware{Telemetry: t, endpoint: endpoint, next: h, metrics: t.Metrics.endpoint(endpoint)}
}

type middleware struct {
	*Telemetry
	endpoint string
	next     http.Handler
	metrics  *endpointMetrics
}

// ServeHTTP implements http.Handler.
func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := &requestContext{Context: r.Context(), id: NewID(), recorder: recorder{ResponseWriter: w}}
	w.Header()[RequestHeader] = []string{c.id}

	var span trace.Span
	if m.Tracing.enabled() {
		c.Context, span = m.Tracing.serve(c.Context, r, m.endpoint)
	}
	if m.metrics != nil {
		m.metrics.inFlight.Inc()
	}
	r2 := r.WithContext(c)
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			p = m.failed(c, r2, p)
		}
		m.done(c, r2, span, time.Since(start))
		if p != nil {
			panic(p)
		}
	}()
	m.next.ServeHTTP(&c.recorder, r2)
}

// failed answers for a handler that panicked. When part of an answer has gone out already it returns http.ErrAbortHandler for net/http to
// cut the connection, lest the client take the part for the whole.
func (m *middleware) failed(c *requestContext, r *http.Request, p any) any {
	m.Log.ErrorContext(c, "request panicked", "endpoint", m.endpoint, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if m.Metrics != nil {
		m.Metrics.panics.Inc()
	}
	if c.recorder.status != 0 {
		return http.ErrAbortHandler
	}
	if m.Failed != nil {
		defer func() {
			if p := recover(); p != nil {
				m.Log.ErrorContext(c, "error page panicked", "panic", fmt.Sprint(p))
			}
		}()
		m.Failed(&c.recorder, r)
		return nil
	}
	c.recorder.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.recorder.Header().Set("Cache-Control", "no-store")
	c.recorder.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(&c.recorder, "Something went wrong on our side. Reference: "+c.id+"\n")
	return nil
}

func (m *middleware) done(c *requestContext, r *http.Request, span trace.Span, took time.Duration) {
	c.recorder.wrote()
	status := c.recorder.status
	if m.metrics != nil {
		m.metrics.inFlight.Dec()
		m.metrics.count(r.Method, status)
		m.metrics.duration.Observe(took.Seconds())
	}
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	if m.Log.Enabled(c, level) {
		m.Log.LogAttrs(c, level, "request", slog.String("endpoint", m.endpoint), slog.String("method", r.Method),
			slog.Int("status", status), slog.Duration("took", took))
	}
	if span != nil {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
