package telemetry

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func newTelemetry() (*Telemetry, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return &Telemetry{Log: NewLogger(log, slog.LevelDebug), Metrics: NewMetrics(Build{Version: "1", Revision: "abc"})}, log
}

func (t *Telemetry) series(tb testing.TB, want string, names ...string) {
	tb.Helper()
	if err := testutil.GatherAndCompare(t.Metrics.Gatherer(), strings.NewReader(want), names...); err != nil {
		tb.Error(err)
	}
}

func TestMiddlewareCountsAndNamesRequests(t *testing.T) {
	t.Parallel()
	tel, log := newTelemetry()
	var inner string
	h := tel.Middleware("token", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner = RequestID(r.Context())
		switch r.URL.Path {
		case "/bad":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusBadRequest)
			w.WriteHeader(http.StatusOK)
		case "/down":
			http.Error(w, "down", http.StatusServiceUnavailable)
		case "/body":
			_, _ = io.WriteString(w, "hello")
		}
	}))
	serve := func(method, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set(RequestHeader, "chosen-by-a-stranger")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get(RequestHeader); got != inner || len(got) != IDLength {
			t.Errorf("%s %s: header %q, context %q", method, path, got, inner)
		}
		return w
	}
	for range 3 {
		serve("GET", "/")
	}
	if w := serve("POST", "/body"); w.Body.String() != "hello" || w.Code != http.StatusOK {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	serve("POST", "/bad")
	serve("POST", "/down")
	serve("INVENTED", "/")
	serve("INVENTED2", "/")
	tel.series(t, `
# HELP varco_http_requests_total HTTP requests answered.
# TYPE varco_http_requests_total counter
varco_http_requests_total{endpoint="token",method="GET",status="200"} 3
varco_http_requests_total{endpoint="token",method="POST",status="200"} 1
varco_http_requests_total{endpoint="token",method="POST",status="400"} 1
varco_http_requests_total{endpoint="token",method="POST",status="503"} 1
varco_http_requests_total{endpoint="token",method="other",status="200"} 2
# HELP varco_http_requests_in_flight HTTP requests being answered.
# TYPE varco_http_requests_in_flight gauge
varco_http_requests_in_flight 0
`, "varco_http_requests_total", "varco_http_requests_in_flight")
	if n := strings.Count(log.String(), `"msg":"request"`); n != 8 {
		t.Errorf("%d log lines, want 8", n)
	}
	if !strings.Contains(log.String(), `"level":"WARN","msg":"request","endpoint":"token","method":"POST","status":503`) {
		t.Errorf("the 503 is not a warning: %s", log)
	}
	if strings.Contains(log.String(), "stranger") {
		t.Error("a request chose its own id")
	}
}

func TestMiddlewareRecovers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler http.HandlerFunc
		failed  func(http.ResponseWriter, *http.Request)
		status  int // 0: the connection is cut
		body    string
		panics  int
	}{
		"before writing": {func(http.ResponseWriter, *http.Request) { panic("boom") }, nil, 500, "Reference: ", 1},
		"a nil pointer":  {func(_ http.ResponseWriter, r *http.Request) { _ = r.TLS.Version }, nil, 500, "Reference: ", 1},
		"own error page": {func(http.ResponseWriter, *http.Request) { panic("boom") }, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "page "+RequestID(r.Context()), 500) }, 500, "page ", 1},
		"bad error page": {func(http.ResponseWriter, *http.Request) { panic("boom") }, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); panic("again") }, 500, "", 1},
		"deliberate":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, 0, "", 0},
		"after a part": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic("boom")
		}, nil, 0, "", 1},
		"after a status":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("boom") }, nil, 0, "", 1},
		"no panic at all": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }, nil, 200, "fine", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tel, log := newTelemetry()
			tel.Failed = tc.failed
			s := httptest.NewUnstartedServer(tel.Middleware("page", tc.handler))
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			s.Start()
			res, err := s.Client().Get(s.URL)
			var body []byte
			if err == nil {
				body, err = io.ReadAll(res.Body)
				_ = res.Body.Close()
			}
			s.Close()
			if tc.status == 0 {
				if err == nil {
					t.Errorf("the client took %d %q for a whole answer", res.StatusCode, body)
				}
			} else if err != nil || res.StatusCode != tc.status || !strings.Contains(string(body), tc.body) {
				t.Errorf("answer %q, %v", body, err)
			} else if tc.panics > 0 && tc.body != "" && !strings.Contains(string(body), res.Header.Get(RequestHeader)) {
				t.Errorf("no reference in %q", body)
			}
			tel.series(t, fmt.Sprintf("# HELP varco_panics_total Requests that ended in a defect of the server.\n# TYPE varco_panics_total counter\nvarco_panics_total %d\n", tc.panics), "varco_panics_total")
			tel.series(t, "# HELP varco_http_requests_in_flight HTTP requests being answered.\n# TYPE varco_http_requests_in_flight gauge\nvarco_http_requests_in_flight 0\n", "varco_http_requests_in_flight")
			if got := strings.Contains(log.String(), `"msg":"request panicked"`); got != (tc.panics > 0) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// Handlers must find the same abilities in the wrapped writer as in the real one.
func TestMiddlewareKeepsTheConnectionsAbilities(t *testing.T) {
	t.Parallel()
	tel, _ := newTelemetry()
	var mu sync.Mutex
	var problems []error
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		problems = append(problems, err)
	}
	s := httptest.NewServer(tel.Middleware("stream", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		switch r.URL.Path {
		case "/stream":
			note(c.SetWriteDeadline(time.Now().Add(time.Minute)))
			_, _ = io.WriteString(w, "one\n")
			note(c.Flush())
			<-r.Context().Done()
		case "/file":
			rf, ok := w.(io.ReaderFrom)
			if !ok {
				note(errors.New("no ReadFrom"))
				return
			}
			_, err := rf.ReadFrom(strings.NewReader("from a file"))
			note(err)
		case "/hijack":
			conn, _, err := c.Hijack()
			note(err)
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 299 Own\r\nConnection: close\r\n\r\n")
				_ = conn.Close()
			}
		}
	})))
	defer s.Close()

	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/stream", nil)
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); line != "one\n" {
		t.Errorf("first event %q, %v", line, err)
	}
	cancel()
	_ = res.Body.Close()
	for path, want := range map[string]string{"/file": "200 from a file", "/hijack": "299 "} {
		res, err := s.Client().Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if got := fmt.Sprint(res.StatusCode, " ", string(body)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	s.Close()
	if err := errors.Join(problems...); err != nil {
		t.Error(err)
	}
}

// Contexts derived from the request's must end with it without a goroutine each, and see what lies below.
func TestMiddlewareContext(t *testing.T) {
	t.Parallel()
	tel, _ := newTelemetry()
	type key struct{}
	parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "below"))
	h := tel.Middleware("page", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		child, stop := context.WithCancel(WithFlow(r.Context(), "FLOW"))
		defer stop()
		if child.Value(key{}) != "below" || FlowID(child) != "FLOW" || len(RequestID(child)) != IDLength {
			t.Errorf("values %v %q %q", child.Value(key{}), FlowID(child), RequestID(child))
		}
		gone := errors.New("gone")
		cancel(gone)
		if <-child.Done(); context.Cause(child) != gone {
			t.Errorf("cause %v", context.Cause(child))
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(parent))
}

func TestMiddlewareWithoutMetrics(t *testing.T) {
	t.Parallel()
	tel := &Telemetry{Log: slog.New(slog.DiscardHandler)}
	w := httptest.NewRecorder()
	tel.Middleware("page", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })).
		ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 204 {
		t.Errorf("status %d", w.Code)
	}
}

func TestMiddlewareUnderLoad(t *testing.T) {
	t.Parallel()
	tel, _ := newTelemetry()
	tel.Log = slog.New(slog.DiscardHandler)
	h := tel.Middleware("page", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200 + len(r.URL.Path)%7)
	}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 700 {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/"+strings.Repeat("x", i%7), nil))
			}
		})
	}
	wg.Wait()
	var want strings.Builder
	want.WriteString("# HELP varco_http_requests_total HTTP requests answered.\n# TYPE varco_http_requests_total counter\n")
	for s := range 7 {
		fmt.Fprintf(&want, "varco_http_requests_total{endpoint=\"page\",method=\"GET\",status=\"%d\"} 800\n", 200+s)
	}
	tel.series(t, want.String(), "varco_http_requests_total")
}

type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func BenchmarkMiddleware(b *testing.B) {
	tel, _ := newTelemetry()
	tel.Log = NewLogger(io.Discard, slog.LevelInfo)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	w, r := nowhere{http.Header{}}, httptest.NewRequest("GET", "/", nil)
	for name, h := range map[string]http.Handler{"bare": handler, "wrapped": tel.Middleware("token", handler)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
