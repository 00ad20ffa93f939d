package audit

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/telemetry"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Write stores events as pending rows of q's transaction, in the order given, with one statement. It gives each its ID, the
// request's id from ctx when it has none, and the time when At is zero;
// it cuts what is too long and replaces what looks like a secret. An error means that the caller must not commit: a decision without its
// record must not happen.
func Write(ctx context.Context, q tx.Q, w Writer, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	if len(events) > MaxEvents {
		return fault.New(fault.Internal, "too many audit events in one write")
	}
	request := telemetry.RequestID(ctx)
	rows := make([]Row, len(events))
	for i, e := range events {
		if e.Kind == "" {
			return fault.New(fault.Internal, "audit event without a kind")
		}
		e.ID = telemetry.NewID()
		if e.At.IsZero() {
			e.At = time.Now()
		}
		if e.Request == "" {
			e.Request = request
		}
		rows[i] = Row{ID: e.ID, At: e.At.UnixMicro(), Body: Encode(guard(e))}
	}
	if err := w.InsertAudit(ctx, q, rows); err != nil {
		return fault.Wrap(fault.KindOf(err), err, "write audit events")
	}
	return nil
}
