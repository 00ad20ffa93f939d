package e2e_test

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spans is a collector that keeps what it gets: trace id → "service instance: span name".
type spans struct {
	mu    sync.Mutex
	byID  map[string][]string
	bytes []byte
}

func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	raw, _ := io.ReadAll(body)
	var req collector.ExportTraceServiceRequest
	if proto.Unmarshal(raw, &req) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes = append(s.bytes, raw...)
	for _, resource := range req.GetResourceSpans() {
		instance := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.instance.id" {
				instance = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				id := hex.EncodeToString(span.GetTraceId())
				s.byID[id] = append(s.byID[id], instance+": "+span.GetName())
			}
		}
	}
}

// through says whether one trace holds a span of the endpoint and one of the plugin's own process.
func (s *spans) through(endpoint, plugin string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, names := range s.byID {
		server := slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, endpoint) })
		inside := slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "plugin-"+plugin+": ") })
		if server && inside {
			return true
		}
	}
	return false
}

// A trace begins at the request and goes on in the plugin's process; nothing secret is in it.
func TestTracesGoThroughPlugins(t *testing.T) {
	t.Parallel()
	s := &spans{byID: map[string][]string{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)

	in := install(t, relyingParty("web", nil))
	in.config["tracing"] = map[string]any{"otlp_endpoint": server.URL}
	in.save(t)
	in.start(t)
	anna := in.newPerson(t, "anna.rossi")
	c := in.goClient(t, "web")
	c.login(anna)

	waitFor(t, "a trace from the login page into the password plugin", func() bool { return s.through("login", "password") })
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(string(s.bytes), anna.Password) {
		t.Error("a span holds the password")
	}
}
