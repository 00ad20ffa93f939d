package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Operation is something an operator asks for. It runs in this process on an opened installation, or in a running
// server through its admin socket; the caller cannot tell which.
type Operation[In, Out any] struct{ name string }

// Caller carries operations out: an *Admin here, a *Remote in a running server.
type Caller interface {
	// call runs the operation on a JSON input and writes what it answers.
	call(ctx context.Context, name string, in []byte, w io.Writer) error
}

// Do carries the operation out. Errors have a text for the operator.
func (o Operation[In, Out]) Do(ctx context.Context, c Caller, in In) (Out, error) {
	var out Out
	var answer bytes.Buffer
	if err := o.stream(ctx, c, in, &answer); err != nil {
		return out, err
	}
	if err := json.Unmarshal(answer.Bytes(), &out); err != nil {
		return out, fault.Wrap(fault.Internal, err, "the server answered something else than expected: is it of another version?")
	}
	return out, nil
}

func (o Operation[In, Out]) stream(ctx context.Context, c Caller, in In, w io.Writer) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "write the request")
	}
	return c.call(ctx, o.name, raw, w)
}

// handlers are the operations by name.
var handlers = map[string]func(a *Admin, ctx context.Context, in []byte, w io.Writer) error{}

// operation makes an operation of a method that answers a value.
func operation[In, Out any](name string, run func(*Admin, context.Context, In) (Out, error)) Operation[In, Out] {
	handlers[name] = func(a *Admin, ctx context.Context, raw []byte, w io.Writer) error {
		var in In
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields() // an older server must refuse what it would not do
		if err := d.Decode(&in); err != nil {
			return fault.Wrap(fault.Invalid, err, "the request cannot be read: are both sides of the same version?")
		}
		out, err := run(a, ctx, in)
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(out)
	}
	return Operation[In, Out]{name}
}

type actorKey struct{}

// WithActor says in whose name operations of this context run; the audit log keeps it.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actorOf(ctx context.Context) string {
	if actor, ok := ctx.Value(actorKey{}).(string); ok && actor != "" {
		return "operator:" + actor
	}
	return "operator"
}
