package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Pool is the state of a pool of database connections.
type Pool struct {
	Max, Open, InUse int
	Waits            int64         // acquisitions that had to wait, since the start
	Waited           time.Duration // for how long altogether
}

// WatchPool shows a pool's state at each scrape. The name tells pools apart; it must be new.
func (m *Metrics) WatchPool(name string, stat func() Pool) {
	if m == nil {
		return
	}
	m.registry.MustRegister(poolCollector{stat, [5]*prometheus.Desc{
		poolDesc(name, "max_connections", "Connections the pool may open."),
		poolDesc(name, "open_connections", "Connections that are open."),
		poolDesc(name, "used_connections", "Connections that are in use."),
		poolDesc(name, "waits_total", "Acquisitions that had to wait for a connection."),
		poolDesc(name, "wait_seconds_total", "Time spent waiting for a connection."),
	}})
}

func poolDesc(pool, name, help string) *prometheus.Desc {
	return prometheus.NewDesc("varco_db_pool_"+name, help, nil, prometheus.Labels{"pool": pool})
}

type poolCollector struct {
	stat  func() Pool
	descs [5]*prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c poolCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c poolCollector) Collect(out chan<- prometheus.Metric) {
	s := c.stat()
	for i, v := range []float64{float64(s.Max), float64(s.Open), float64(s.InUse), float64(s.Waits), s.Waited.Seconds()} {
		kind := prometheus.GaugeValue
		if i >= 3 {
			kind = prometheus.CounterValue
		}
		out <- prometheus.MustNewConstMetric(c.descs[i], kind, v)
	}
}
