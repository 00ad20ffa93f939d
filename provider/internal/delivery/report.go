package delivery

import (
	"context"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Report is what became of a message that an instance asked to be told of.
type Report struct {
	Instance, Subject, Credential string
	Key                           string // the instance's own idempotency key of the effect
	Status                        sdk.DeliveryStatus
	Reason                        string // one of the Kind constants, empty for a message that arrived
}

const (
	reportAgain  = 30 * time.Second // after an instance could not be told
	reportGiveUp = 24 * time.Hour
)

// reportOf is what there is to tell of a message that is over. Of one that may have left there is nothing: neither a receipt nor a
// refusal says what became of it.
func reportOf(r *Row) sdk.DeliveryStatus {
	switch {
	case r.Credential == "" || r.Instance == "":
		return ""
	case r.State == Delivered:
		return sdk.DeliveryDelivered
	case r.State == Failed && r.LastErrorKind == KindGone:
		return sdk.DeliveryGone
	case r.State == Failed:
		return sdk.DeliveryFailed
	}
	return ""
}

// remains is what is kept sealed of a message that is over: nothing, or the instance's own key, as long as there may be something to tell.
func (o *Outbox) remains(r *Row) []byte {
	if r.Credential == "" || r.Instance == "" {
		return []byte{}
	}
	b, err := o.open(r)
	if err != nil {
		return []byte{}
	}
	sealed, err := o.seal(r.ID, body{Key: b.Key})
	if err != nil {
		return []byte{}
	}
	return sealed
}

// report tells the instance that asked for a message what became of it, and says when to come back; 0 means that there is nothing left
// to tell. That it was told is committed with what it did about it: a process that dies in between tells it again.
func (w *Worker) report(ctx context.Context, row *Row) time.Duration {
	if row.Report == "" || w.Report == nil {
		return 0
	}
	r := Report{Instance: row.Instance, Subject: row.Subject, Credential: row.Credential, Status: row.Report, Reason: row.LastErrorKind}
	if b, err := w.box.open(row); err == nil {
		r.Key = b.Key
	}
	err := w.Report(ctx, r, func(ctx context.Context, q tx.Q) error {
		told := *row
		told.Report, told.Sealed = "", []byte{}
		return w.box.Store.UpdateMessage(ctx, q, told)
	})
	switch {
	case err == nil, fault.Is(err, fault.Conflict): // somebody else told it, or a later receipt has a job of its own
		return 0
	case w.box.Now().Sub(row.UpdatedAt) > reportGiveUp:
		w.box.Log.WarnContext(ctx, "an instance was not told what became of a message", "message", row.ID, "instance", row.Instance, "error", err)
		return 0
	}
	return reportAgain
}
