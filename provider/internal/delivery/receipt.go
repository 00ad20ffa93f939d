package delivery

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Receive writes down what a channel instance learned of messages it accepted, in q's transaction, with the jobs that tell those who
// asked. A receipt for a message that is unknown, was sent by another channel or is settled already changes nothing: carriers repeat
// their receipts, and send them in any order. fault.Conflict when a message moved meanwhile: run the transaction again.
func (o *Outbox) Receive(ctx context.Context, q tx.Q, sender string, receipts []sdk.Receipt) error {
	for _, r := range receipts {
		if err := o.receive(ctx, q, sender, r); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outbox) receive(ctx context.Context, q tx.Q, sender string, r sdk.Receipt) error {
	id, err := o.Store.MessageByProviderID(ctx, q, sender, clip(r.ProviderID, maxProviderID))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	row, err := o.Store.Message(ctx, q, id)
	if fault.Is(err, fault.NotFound) || err == nil && row.State != Sent {
		return nil
	}
	if err != nil {
		return err
	}
	row.State, row.LastErrorKind, row.UpdatedAt = Failed, KindUndelivered, o.Now()
	switch r.Status {
	case sdk.DeliveryDelivered:
		row.State, row.LastErrorKind = Delivered, ""
	case sdk.DeliveryGone:
		row.LastErrorKind = KindGone
	}
	row.Report = reportOf(row)
	if err := o.Store.UpdateMessage(ctx, q, *row); err != nil {
		return err
	}
	if row.State == Failed {
		// The words are the channel's, promised to hold no address and no code; the message's own are gone by now.
		o.Log.WarnContext(ctx, "a message did not arrive", "message", id, "channel", row.Channel, "sender", sender, "kind", row.LastErrorKind,
			"reason", clip(r.Reason, maxReason))
	}
	if row.Report == "" {
		return nil
	}
	driverTx, err := unwrap(q)
	if err != nil {
		return err
	}
	_, err = o.jobs.InsertManyFastTx(ctx, driverTx, []river.InsertManyParams{{Args: jobArgs{ID: id},
		InsertOpts: &river.InsertOpts{Queue: queueNotice, MaxAttempts: maxJobRuns}}})
	if err != nil {
		return fmt.Errorf("delivery: queue a job: %w", err)
	}
	return nil
}
