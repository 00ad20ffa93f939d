package telemetry

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// collect starts a collector and returns its URL and what it gets.
func collect(t *testing.T) (url string, spans func() []*tracepb.Span) {
	t.Helper()
	got := make(chan []*tracepb.Span, 16)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req coltrace.ExportTraceServiceRequest
		body, _ := io.ReadAll(r.Body)
		if err := proto.Unmarshal(body, &req); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		for _, rs := range req.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				got <- ss.GetSpans()
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []*tracepb.Span {
		var all []*tracepb.Span
		for {
			select {
			case s := <-got:
				all = append(all, s...)
			default:
				return all
			}
		}
	}
}

// The tests below set OpenTelemetry's global provider and the environment, so they do not run in parallel.
func TestTracing(t *testing.T) {
	for name, trust := range map[string]bool{"stranger's header": false, "gateway's header": true} {
		t.Run(name, func(t *testing.T) {
			url, spans := collect(t)
			tracing, err := NewTracing(t.Context(), TraceConfig{Endpoint: url, TrustIncoming: trust, Version: "1", Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			tel, log := newTelemetry()
			tel.Tracing = tracing
			var inside trace.SpanContext
			h := tel.Middleware("token", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, child := otel.Tracer("library").Start(r.Context(), "inner") // as the OIDC library does
				child.End()
				inside = trace.SpanContextFromContext(r.Context())
				w.WriteHeader(http.StatusServiceUnavailable)
			}))
			r := httptest.NewRequest(http.MethodPost, "/token?code=SECRET", nil)
			r.Header.Set("traceparent", theirs)
			h.ServeHTTP(httptest.NewRecorder(), r)
			if err := tracing.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}

			got := spans()
			if len(got) != 2 {
				t.Fatalf("%d spans, want 2", len(got))
			}
			inner, outer := got[0], got[1]
			if outer.GetName() != "token" || outer.GetKind() != tracepb.Span_SPAN_KIND_SERVER || outer.GetStatus().GetCode() != tracepb.Status_STATUS_CODE_ERROR {
				t.Errorf("span %v", outer)
			}
			if string(inner.GetParentSpanId()) != string(outer.GetSpanId()) {
				t.Error("the library's span is not inside the request's")
			}
			if strings.Contains(outer.String(), "SECRET") {
				t.Errorf("a query in %v", outer)
			}
			if continued := strings.Contains(theirs, inside.TraceID().String()); continued != trust {
				t.Errorf("trace %s continued: %v", inside.TraceID(), continued)
			}
			if !strings.Contains(log.String(), `"trace":"`+inside.TraceID().String()+`"`) {
				t.Errorf("no trace id in %s", log)
			}
		})
	}
}

func TestTracingFromTheEnvironment(t *testing.T) {
	url, spans := collect(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
	tracing, err := NewTracing(t.Context(), TraceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	_, span := tracing.Provider().Tracer("test").Start(t.Context(), "one")
	span.End()
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := spans(); len(got) != 1 || got[0].GetName() != "one" {
		t.Errorf("spans %v", got)
	}
}

func TestNoTracingCostsNothing(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	tracing, err := NewTracing(t.Context(), TraceConfig{})
	if err != nil || tracing.enabled() || tracing.Shutdown(t.Context()) != nil {
		t.Fatalf("%+v, %v", tracing, err)
	}
	var none *Tracing
	for _, p := range []trace.TracerProvider{tracing.Provider(), none.Provider(), otel.GetTracerProvider()} {
		if _, span := p.Tracer("x").Start(context.Background(), "x"); span.IsRecording() {
			t.Errorf("%T records", p)
		}
	}
	if none.enabled() || none.Shutdown(t.Context()) != nil {
		t.Error("a nil *Tracing does something")
	}
}

func TestTracingRefusesBadEndpoints(t *testing.T) {
	for _, e := range []string{"collector:4318", "grpc://collector:4317", "http://", "://", "localhost", "http://[::1"} {
		if _, err := NewTracing(t.Context(), TraceConfig{Endpoint: e}); err == nil {
			t.Errorf("endpoint %q was taken", e)
		}
	}
}
