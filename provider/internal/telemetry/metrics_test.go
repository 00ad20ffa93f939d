package telemetry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{Version: "1.2.3", Revision: "abc"})
	m.LoginStep("password", "success")
	m.LoginStep("password", "success")
	m.Login("completed")
	m.TokenIssued("refresh_token")
	m.TokenIssued("urn:made:up")
	m.Throttled("address")
	m.PluginCall("password", "continue", "ok", 30*time.Millisecond)
	m.PluginUp("password", true)
	m.PluginUp("totp", false)
	m.AuditSealed(3, 700*time.Millisecond, 42)
	m.AuditSealFailed()
	m.WatchPool("main", func() Pool { return Pool{Max: 9, Open: 5, InUse: 2, Waits: 7, Waited: 1500 * time.Millisecond} })
	m.WatchPool("listen", func() Pool { return Pool{Max: 1} })

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	for _, line := range []string{
		`varco_login_steps_total{method="password",outcome="success"} 2`,
		`varco_logins_total{outcome="completed"} 1`,
		`varco_tokens_issued_total{grant="refresh_token"} 1`,
		`varco_tokens_issued_total{grant="other"} 1`,
		`varco_throttled_total{limit="address"} 1`,
		`varco_plugin_calls_total{call="continue",instance="password",outcome="ok"} 1`,
		`varco_plugin_call_duration_seconds_bucket{call="continue",instance="password",le="0.05"} 1`,
		`varco_plugin_call_duration_seconds_bucket{call="continue",instance="password",le="0.025"} 0`,
		`varco_plugin_up{instance="password"} 1`,
		`varco_plugin_up{instance="totp"} 0`,
		`varco_audit_events_sealed_total 3`,
		`varco_audit_seal_failures_total 1`,
		`varco_audit_log_size 42`,
		`varco_audit_seal_delay_seconds_bucket{le="1"} 1`,
		`varco_db_pool_max_connections{pool="main"} 9`,
		`varco_db_pool_open_connections{pool="main"} 5`,
		`varco_db_pool_used_connections{pool="main"} 2`,
		`varco_db_pool_waits_total{pool="main"} 7`,
		`varco_db_pool_wait_seconds_total{pool="main"} 1.5`,
		`varco_db_pool_max_connections{pool="listen"} 1`,
		`revision="abc",version="1.2.3"} 1`,
		`go_goroutines `,
		`process_resident_memory_bytes `,
	} {
		if !strings.Contains(string(body), line+"\n") && !(strings.HasSuffix(line, " ") && strings.Contains(string(body), "\n"+line)) {
			t.Errorf("no line %s", line)
		}
	}
	if problems, err := testutil.GatherAndLint(m.Gatherer()); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

// Tests and small tools run without metrics; no call site should have to ask.
func TestNilMetricsCountNothing(t *testing.T) {
	t.Parallel()
	var m *Metrics
	m.LoginStep("a", "b")
	m.Login("a")
	m.TokenIssued("a")
	m.Throttled("a")
	m.PluginCall("a", "b", "c", time.Second)
	m.PluginUp("a", true)
	m.AuditSealed(1, time.Second, 1)
	m.AuditSealFailed()
	m.WatchPool("a", func() Pool { panic("asked") })
	if m.endpoint("a") != nil {
		t.Error("a nil *Metrics has an endpoint")
	}
}
