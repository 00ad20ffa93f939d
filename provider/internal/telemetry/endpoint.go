package telemetry

import (
	"maps"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// endpointMetrics holds the series of one endpoint, resolved once: looking labels up for each request costs more than counting.
type endpointMetrics struct {
	endpoint string
	requests *prometheus.CounterVec
	duration prometheus.Observer
	inFlight prometheus.Gauge

	// series is replaced as a whole when a new method and status appear, which soon ends.
	series atomic.Pointer[map[answer]prometheus.Counter]
}

type answer struct {
	method string
	status int
}

func (m *Metrics) endpoint(name string) *endpointMetrics {
	if m == nil {
		return nil
	}
	e := &endpointMetrics{endpoint: name, requests: m.requests, duration: m.durations.WithLabelValues(name), inFlight: m.inFlight}
	e.series.Store(&map[answer]prometheus.Counter{})
	return e
}

func (e *endpointMetrics) count(method string, status int) {
	a := answer{knownMethod(method), knownStatus(status)}
	old := e.series.Load()
	if c, ok := (*old)[a]; ok {
		c.Inc()
		return
	}
	c := e.requests.WithLabelValues(e.endpoint, a.method, strconv.Itoa(a.status))
	c.Inc()
	// Losing this race only means that somebody resolves the series once more.
	more := maps.Clone(*old)
	more[a] = c
	e.series.CompareAndSwap(old, &more)
}

// knownMethod keeps methods that a client invents from becoming series.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

func knownStatus(s int) int {
	if s < 100 || s > 599 {
		return 0
	}
	return s
}
