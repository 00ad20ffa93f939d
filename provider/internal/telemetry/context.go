package telemetry

import "context"

type requestKey struct{}
type flowKey struct{}

// WithRequest returns a context that carries a request id into log lines and audit events. [Middleware] calls it for each HTTP
// request; a background job calls it with an id of its own.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID returns the id of the request that ctx belongs to, "" outside any. It is the reference that error pages show.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// WithFlow returns a context whose log lines carry the login Flow's id.
func WithFlow(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, flowKey{}, id)
}

// FlowID returns the id that WithFlow set, "" when none was.
func FlowID(ctx context.Context) string {
	id, _ := ctx.Value(flowKey{}).(string)
	return id
}
