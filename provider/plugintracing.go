package provider

import (
	"context"
	"log/slog"
	"os"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"

	"github.com/varco-id/varco/provider/internal/telemetry"
)

// pluginTraces tells a bundled plugin's process where its spans go. Plugins get no other part of our environment.
const pluginTraces = "VARCO_PLUGIN_OTLP_ENDPOINT"

// pluginEnv is what plugins are told of the configuration beside their own.
func (c *Config) pluginEnv() []string {
	if c.Tracing.OTLPEndpoint == "" {
		return nil
	}
	return []string{pluginTraces + "=" + c.Tracing.OTLPEndpoint}
}

// PluginTracing makes the process of a bundled plugin continue the traces of the server that calls it. Nothing, at no cost, when
// no collector is configured.
func PluginTracing(name string) []grpc.ServerOption {
	endpoint := os.Getenv(pluginTraces)
	if endpoint == "" {
		return nil
	}
	t, err := telemetry.NewTracing(context.Background(), telemetry.TraceConfig{Endpoint: endpoint, TrustIncoming: true,
		Version: build().Version, Instance: "plugin-" + name, Log: slog.Default()})
	if err != nil {
		slog.Warn("the plugin's spans go nowhere", "error", err)
		return nil
	}
	return []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(t.Provider())))}
}
