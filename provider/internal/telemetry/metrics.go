package telemetry

import (
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// buckets suit both a token answered from memory and a push that waits for a gateway, in seconds.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Build says what runs.
type Build struct{ Version, Revision string }

// Metrics are the provider's own, in a registry of their own: a library that registers globally adds nothing here. All methods
// work on a nil *Metrics and then count nothing. Label values come from closed sets or from the configuration, never from a request: a stranger
// must not be able to make the server keep one more series.
type Metrics struct {
	registry *prometheus.Registry

	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	panics      prometheus.Counter
	steps       *prometheus.CounterVec
	logins      *prometheus.CounterVec
	tokens      *prometheus.CounterVec
	throttled   *prometheus.CounterVec
	risk        *prometheus.CounterVec
	pluginCalls *prometheus.CounterVec
	pluginTime  *prometheus.HistogramVec
	pluginUp    *prometheus.GaugeVec

	auditSealed  prometheus.Counter
	auditFailed  prometheus.Counter
	auditSize    prometheus.Gauge
	auditSealing prometheus.Histogram
}

// NewMetrics makes the registry and everything in it.
func NewMetrics(b Build) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "varco", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "varco", Name: name, Help: help, Buckets: buckets}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "varco", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry:     prometheus.NewRegistry(),
		requests:     counter("http_requests_total", "HTTP requests answered.", "endpoint", "method", "status"),
		durations:    histogram("http_request_duration_seconds", "Time to answer an HTTP request.", "endpoint"),
		inFlight:     gauge("http_requests_in_flight", "HTTP requests being answered.").WithLabelValues(),
		panics:       counter("panics_total", "Requests that ended in a defect of the server.").WithLabelValues(),
		steps:        counter("login_steps_total", "Answers to login steps.", "method", "outcome"),
		logins:       counter("logins_total", "Logins that ended.", "outcome"),
		tokens:       counter("tokens_issued_total", "Answers of the token endpoint that carried tokens.", "grant"),
		throttled:    counter("throttled_total", "Attempts refused for being too many.", "limit"),
		risk:         counter("risk_verdicts_total", "Verdicts of risk sources; silent ones are what policy takes silence for.", "source", "operation", "verdict", "silent"),
		pluginCalls:  counter("plugin_calls_total", "Calls to plugins.", "instance", "call", "outcome"),
		pluginTime:   histogram("plugin_call_duration_seconds", "Time a plugin took to answer.", "instance", "call"),
		pluginUp:     gauge("plugin_up", "1 while the plugin serves, 0 while it does not.", "instance"),
		auditSealed:  counter("audit_events_sealed_total", "Audit events this process sealed into the log.").WithLabelValues(),
		auditFailed:  counter("audit_seal_failures_total", "Attempts to seal audit events that failed.").WithLabelValues(),
		auditSize:    gauge("audit_log_size", "Events in the audit log when this process last sealed.").WithLabelValues(),
		auditSealing: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "varco", Name: "audit_seal_delay_seconds", Help: "Age of the oldest audit event when it was sealed.", Buckets: []float64{.5, 1, 2, 5, 10, 30, 60, 300}}),
	}
	build := gauge("build_info", "Always 1; says what runs.", "version", "revision", "go")
	build.WithLabelValues(b.Version, b.Revision, runtime.Version()).Set(1)
	m.registry.MustRegister(m.requests, m.durations, m.inFlight, m.panics, m.steps, m.logins, m.tokens, m.throttled, m.risk, m.pluginCalls, m.pluginTime,
		m.pluginUp, m.auditSealed, m.auditFailed, m.auditSize, m.auditSealing, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers Prometheus' scrapes. It shows no secret, but load and failures: serve it on the operator's listener.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Registerer takes further collectors.
func (m *Metrics) Registerer() prometheus.Registerer { return m.registry }

// Gatherer gives tests and `varco doctor` what Handler would show.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// LoginStep counts an answer to a step. Outcome is a plugin contract's outcome in snake case.
func (m *Metrics) LoginStep(method, outcome string) {
	if m != nil {
		m.steps.WithLabelValues(method, outcome).Inc()
	}
}

// Login counts a login that ended: completed, reused (SSO without a step), refused, cancelled, expired.
func (m *Metrics) Login(outcome string) {
	if m != nil {
		m.logins.WithLabelValues(outcome).Inc()
	}
}

var grants = []string{"authorization_code", "refresh_token", "client_credentials"}

// TokenIssued counts an answer of the token endpoint by grant_type; one that is none of ours is counted as "other".
func (m *Metrics) TokenIssued(grant string) {
	if m == nil {
		return
	}
	if !slices.Contains(grants, grant) {
		grant = "other"
	}
	m.tokens.WithLabelValues(grant).Inc()
}

// Throttled counts an attempt that a limit refused.
func (m *Metrics) Throttled(limit string) {
	if m != nil {
		m.throttled.WithLabelValues(limit).Inc()
	}
}

// RiskAssessed counts a verdict of a risk source, or what its silence was taken for.
func (m *Metrics) RiskAssessed(source, operation, verdict string, silent bool) {
	if m != nil {
		m.risk.WithLabelValues(source, operation, verdict, strconv.FormatBool(silent)).Inc()
	}
}

// PluginCall counts a call to a plugin and its time. Outcome is "ok" or the gRPC status in snake case.
func (m *Metrics) PluginCall(instance, call, outcome string, took time.Duration) {
	if m != nil {
		m.pluginCalls.WithLabelValues(instance, call, outcome).Inc()
		m.pluginTime.WithLabelValues(instance, call).Observe(took.Seconds())
	}
}

// PluginUp says whether an instance serves.
func (m *Metrics) PluginUp(instance string, up bool) {
	if m == nil {
		return
	}
	v := 0.0
	if up {
		v = 1
	}
	m.pluginUp.WithLabelValues(instance).Set(v)
}

// AuditSealed tells of a sealing; see audit.Observer.
func (m *Metrics) AuditSealed(events int, oldest time.Duration, size int64) {
	if m != nil {
		m.auditSealed.Add(float64(events))
		m.auditSealing.Observe(oldest.Seconds())
		m.auditSize.Set(float64(size))
	}
}

// AuditSealFailed tells of a failed one.
func (m *Metrics) AuditSealFailed() {
	if m != nil {
		m.auditFailed.Inc()
	}
}
