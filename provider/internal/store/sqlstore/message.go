package sqlstore

import (
	"context"
	"math"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ delivery.Store = (*Store)(nil)

// InsertMessage stores a message unless its key is taken, and says whether it did; see [delivery.Store].
func (s *Store) InsertMessage(ctx context.Context, q tx.Q, r delivery.Row) (bool, error) {
	n, err := query.New(q).InsertMessage(ctx, query.InsertMessageParams{
		ID: r.ID, IdempotencyKey: r.Key, Channel: r.Channel, Instance: r.Instance, Subject: r.Subject, Template: r.Template, Sealed: blob(r.Sealed),
		State: string(r.State), Attempts: r.Attempts, Sender: r.Sender, ProviderID: r.ProviderID, LastErrorKind: r.LastErrorKind,
		Credential: r.Credential, ExpiresAt: micros(r.ExpiresAt), CreatedAt: micros(r.CreatedAt), UpdatedAt: micros(r.UpdatedAt),
	})
	return n > 0, mapped(err, "insert a message")
}

// Message finds a message; see [delivery.Store].
func (s *Store) Message(ctx context.Context, q tx.Q, id string) (*delivery.Row, error) {
	r, err := query.New(q).Message(ctx, id)
	if err != nil {
		return nil, mapped(err, "find a message")
	}
	m := messageOf(query.ListMessagesRow{
		ID: r.ID, IdempotencyKey: r.IdempotencyKey, Channel: r.Channel, Instance: r.Instance, Subject: r.Subject, Template: r.Template,
		State: r.State, Attempts: r.Attempts, Sender: r.Sender, ProviderID: r.ProviderID, LastErrorKind: r.LastErrorKind,
		Credential: r.Credential, Report: r.Report, Revision: r.Revision, ExpiresAt: r.ExpiresAt, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	})
	m.Sealed = absent(r.Sealed)
	return &m, nil
}

func messageOf(r query.ListMessagesRow) delivery.Row {
	return delivery.Row{
		ID: r.ID, Key: r.IdempotencyKey, Channel: r.Channel, Instance: r.Instance, Subject: r.Subject, Template: r.Template,
		State: delivery.State(r.State), Attempts: r.Attempts, Sender: r.Sender, ProviderID: r.ProviderID, LastErrorKind: r.LastErrorKind,
		Credential: r.Credential, Report: sdk.DeliveryStatus(r.Report), Revision: r.Revision, ExpiresAt: moment(r.ExpiresAt), CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt),
	}
}

// MessageByProviderID finds a message by the channel's own id; see [delivery.Store].
func (s *Store) MessageByProviderID(ctx context.Context, q tx.Q, sender, providerID string) (string, error) {
	id, err := query.New(q).MessageByProviderID(ctx, query.MessageByProviderIDParams{Sender: sender, ProviderID: providerID})
	return id, mapped(err, "find a message")
}

// UpdateMessage writes by compare-and-set on Revision; see [delivery.Store].
func (s *Store) UpdateMessage(ctx context.Context, q tx.Q, r delivery.Row) error {
	n, err := query.New(q).UpdateMessage(ctx, query.UpdateMessageParams{
		Sealed: blob(r.Sealed), State: string(r.State), Attempts: r.Attempts, Sender: r.Sender, ProviderID: r.ProviderID,
		LastErrorKind: r.LastErrorKind, Report: string(r.Report), UpdatedAt: micros(r.UpdatedAt), ID: r.ID, Revision: r.Revision,
	})
	return changed(n, err, fault.Conflict, "update a message")
}

// ListMessages pages through the messages of a state, newest first, without what they say; see [delivery.Store].
func (s *Store) ListMessages(ctx context.Context, q tx.Q, state delivery.State, after delivery.Cursor, limit int) ([]delivery.Row, error) {
	from := micros(after.CreatedAt)
	if after == (delivery.Cursor{}) {
		from = math.MaxInt64
	}
	rows, err := query.New(q).ListMessages(ctx, query.ListMessagesParams{State: string(state), CreatedAt: from, ID: after.ID, RowLimit: int64(limit)})
	if err != nil {
		return nil, mapped(err, "list messages")
	}
	out := make([]delivery.Row, len(rows))
	for i, r := range rows {
		out[i] = messageOf(r)
	}
	return out, nil
}

// PruneMessages deletes up to limit finished messages; see [delivery.Store].
func (s *Store) PruneMessages(ctx context.Context, q tx.Q, before time.Time, limit int) (int64, error) {
	n, err := query.New(q).PruneMessages(ctx, query.PruneMessagesParams{Before: micros(before), RowLimit: int64(limit)})
	return n, mapped(err, "prune messages")
}
