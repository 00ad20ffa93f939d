package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const scope = "github.com/varco-id/varco"

// TraceConfig says where traces go. The zero value, in an environment without OTEL_EXPORTER_OTLP_ENDPOINT, is nowhere.
type TraceConfig struct {
	Endpoint string  // of an OTLP/HTTP collector, as http(s)://host:port; /v1/traces is added when there is no path. Empty: the environment's
	Ratio    float64 // share of requests traced, 0 < Ratio ≤ 1; 0 means 1

	// TrustIncoming continues the trace of whoever calls us. Only behind a gateway that removes the traceparent header of strangers: they could
	// otherwise have everything traced, and join their requests to another's trace.
	TrustIncoming bool

	Version, Instance string // of this server
	Log               *slog.Logger
}

// Tracing makes spans. A nil *Tracing makes none.
type Tracing struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
	trust    bool
	shutdown func(context.Context) error
}

// NewTracing sets up tracing, also as OpenTelemetry's global provider, because the OIDC library and the database's tracer ask there. Without an
// endpoint both are no-ops, no exporter exists and no goroutine runs.
func NewTracing(ctx context.Context, c TraceConfig) (*Tracing, error) {
	t := &Tracing{provider: noop.NewTracerProvider(), trust: c.TrustIncoming}
	endpoint, ok, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	if ok {
		if err := t.export(ctx, c, endpoint); err != nil {
			return nil, err
		}
	}
	otel.SetTracerProvider(t.provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return t, nil
}

// endpoint returns the collector's URL, "" to let the exporter read its own environment variables, and whether there is one at all.
func (c TraceConfig) endpoint() (string, bool, error) {
	if c.Endpoint == "" {
		for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
			if os.Getenv(name) != "" {
				return "", true, nil
			}
		}
		return "", false, nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", false, errors.New("the traces' endpoint is not a URL of the form http(s)://host:port")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces"
	}
	return u.String(), true, nil
}

func (t *Tracing) export(ctx context.Context, c TraceConfig, endpoint string) error {
	options := []otlptracehttp.Option{otlptracehttp.WithTimeout(10 * time.Second)}
	if endpoint != "" {
		options = append(options, otlptracehttp.WithEndpointURL(endpoint))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return fmt.Errorf("set up the traces' exporter: %w", err)
	}
	ratio := c.Ratio
	if ratio <= 0 || ratio > 1 {
		ratio = 1
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "varco"),
			attribute.String("service.version", c.Version), attribute.String("service.instance.id", c.Instance))),
	)
	t.provider, t.tracer, t.shutdown = provider, provider.Tracer(scope), provider.Shutdown
	if c.Log != nil {
		// A collector that is down is the operator's to know, and no reason to write to standard error past our logger.
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { c.Log.Warn("traces are not exported", "error", err) }))
	}
	return nil
}

// Provider is for libraries that take one; it is never nil.
func (t *Tracing) Provider() trace.TracerProvider {
	if t == nil {
		return noop.NewTracerProvider()
	}
	return t.provider
}

// Shutdown sends what is left.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t == nil || t.shutdown == nil {
		return nil
	}
	return t.shutdown(ctx)
}

func (t *Tracing) enabled() bool { return t != nil && t.tracer != nil }

// serve opens the span of a request.
func (t *Tracing) serve(ctx context.Context, r *http.Request, endpoint string) (context.Context, trace.Span) {
	if t.trust {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return t.tracer.Start(ctx, endpoint, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("http.route", endpoint)))
}
