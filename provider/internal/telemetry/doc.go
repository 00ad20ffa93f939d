// Package telemetry is how the provider is watched: the logger, the metrics, the traces and the request id that joins them.
//
// It owns every metric name and the rule that no secret reaches a log line. It owns the outermost HTTP middleware, because that
// is where the three meet. It decides nothing: no limit, no health check and no audit event comes from here, and losing all of
// it never fails a request.
package telemetry
