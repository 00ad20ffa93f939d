package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/instancekey"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ instancekey.Store = (*Store)(nil)

// InstanceKeys lists all keys of instances; see [instancekey.Store].
func (s *Store) InstanceKeys(ctx context.Context, q tx.Q) ([]instancekey.Row, error) {
	rows, err := query.New(q).InstanceKeys(ctx)
	if err != nil {
		return nil, mapped(err, "list instance keys")
	}
	out := make([]instancekey.Row, len(rows))
	for i, r := range rows {
		out[i] = instancekey.Row{KeyID: r.KeyID, Instance: r.Instance, Name: r.Name, Kind: r.Kind, Generation: r.Generation,
			Sealed: absent(r.Sealed), CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt)}
	}
	return out, nil
}

// InsertInstanceKey adds a key as the generation of its name; see [instancekey.Store].
func (s *Store) InsertInstanceKey(ctx context.Context, q tx.Q, r instancekey.Row) error {
	n, err := query.New(q).InsertInstanceKey(ctx, query.InsertInstanceKeyParams{KeyID: r.KeyID, Instance: r.Instance, Name: r.Name,
		Kind: r.Kind, Generation: r.Generation, Sealed: blob(r.Sealed), CreatedAt: micros(r.CreatedAt)})
	return changed(n, err, fault.Conflict, "insert an instance key")
}

// ExpireInstanceKey sets when a key is handed over no more; see [instancekey.Store].
func (s *Store) ExpireInstanceKey(ctx context.Context, q tx.Q, keyID string, at time.Time) error {
	n, err := query.New(q).ExpireInstanceKey(ctx, query.ExpireInstanceKeyParams{ExpiresAt: micros(at), KeyID: keyID})
	return changed(n, err, fault.NotFound, "have an instance key expire")
}

// DeleteInstanceKey removes a key; see [instancekey.Store].
func (s *Store) DeleteInstanceKey(ctx context.Context, q tx.Q, keyID string) error {
	n, err := query.New(q).DeleteInstanceKey(ctx, keyID)
	return changed(n, err, fault.NotFound, "delete an instance key")
}
