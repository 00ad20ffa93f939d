package provider

import (
	"context"
	"io"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// Admin carries operations out on an opened installation.
type Admin struct {
	clients     *relyingparty.Service
	subscribers *subscriber.Service
}

var _ Caller = (*Admin)(nil)

func (a *Admin) call(ctx context.Context, name string, in []byte, w io.Writer) error {
	run, ok := handlers[name]
	if !ok {
		return fault.New(fault.NotFound, "the server does not know the operation "+name+": is it of another version?")
	}
	return run(a, ctx, in, w)
}

// None is the input or the answer of an operation that has none.
type None struct{}

// ByID names what an operation is about.
type ByID struct {
	ID string `json:"id"`
}
