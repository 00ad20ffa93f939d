package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ signingkey.Store = (*Store)(nil)

// SigningKeys lists all keys, by algorithm and age; see [signingkey.Store].
func (s *Store) SigningKeys(ctx context.Context, q tx.Q) ([]signingkey.Row, error) {
	rows, err := query.New(q).SigningKeys(ctx)
	if err != nil {
		return nil, mapped(err, "list signing keys")
	}
	out := make([]signingkey.Row, len(rows))
	for i, r := range rows {
		out[i] = signingkey.Row{
			KeyID: r.KeyID, Alg: r.Alg, PublicJWK: []byte(r.PublicJWK), Sealed: absent(r.Sealed), CreatedAt: moment(r.CreatedAt),
			ActiveAt: moment(r.ActiveAt), RetiredAt: moment(r.RetiredAt), ExpiresAt: moment(r.ExpiresAt),
		}
	}
	return out, nil
}

// InsertSigningKey adds a key as the generation of its algorithm; see [signingkey.Store].
func (s *Store) InsertSigningKey(ctx context.Context, q tx.Q, r signingkey.Row, generation int64) error {
	n, err := query.New(q).InsertSigningKey(ctx, query.InsertSigningKeyParams{
		KeyID: r.KeyID, Alg: r.Alg, Generation: generation, PublicJWK: string(r.PublicJWK), Sealed: blob(r.Sealed),
		CreatedAt: micros(r.CreatedAt), ActiveAt: micros(r.ActiveAt), RetiredAt: micros(r.RetiredAt), ExpiresAt: micros(r.ExpiresAt),
	})
	return changed(n, err, fault.Conflict, "insert a signing key")
}

// RetireSigningKey sets when a key stops signing and when it stops being published; see [signingkey.Store].
func (s *Store) RetireSigningKey(ctx context.Context, q tx.Q, keyID string, retiredAt, expiresAt time.Time) error {
	n, err := query.New(q).RetireSigningKey(ctx, query.RetireSigningKeyParams{RetiredAt: micros(retiredAt), ExpiresAt: micros(expiresAt), KeyID: keyID})
	return changed(n, err, fault.NotFound, "retire a signing key")
}

// DeleteSigningKey removes a key; see [signingkey.Store].
func (s *Store) DeleteSigningKey(ctx context.Context, q tx.Q, keyID string) error {
	n, err := query.New(q).DeleteSigningKey(ctx, keyID)
	return changed(n, err, fault.NotFound, "delete a signing key")
}
