package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
)

var _ sealing.KeysetStore = (*Store)(nil)

// InstallationID returns the random name of this database, made by whoever asks first.
func (s *Store) InstallationID(ctx context.Context) (string, error) {
	const name = "installation_id"
	q := query.New(s)
	if v, err := q.Meta(ctx, name); !errors.Is(err, sql.ErrNoRows) {
		return v, mapped(err, "read the installation's id")
	}
	if _, err := q.InsertMeta(ctx, query.InsertMetaParams{Name: name, Value: id.New()}); err != nil {
		return "", mapped(err, "name the installation")
	}
	v, err := q.Meta(ctx, name)
	return v, mapped(err, "read the installation's id")
}

// Keysets lists the wrapped keysets; see [sealing.KeysetStore].
func (s *Store) Keysets(ctx context.Context) ([]sealing.Keyset, error) {
	rows, err := query.New(s).Keysets(ctx)
	if err != nil {
		return nil, mapped(err, "list keysets")
	}
	out := make([]sealing.Keyset, len(rows))
	for i, r := range rows {
		out[i] = sealing.Keyset{Class: sealing.Class(r.Class), Wrapped: r.Wrapped, KEK: r.KEKID, Version: r.Version}
	}
	return out, nil
}

// InsertKeyset stores the first keyset of a class; see [sealing.KeysetStore].
func (s *Store) InsertKeyset(ctx context.Context, k sealing.Keyset) error {
	n, err := query.New(s).InsertKeyset(ctx, query.InsertKeysetParams{Class: string(k.Class), Wrapped: k.Wrapped, KEKID: k.KEK, Version: k.Version})
	return changed(n, err, fault.Conflict, "insert a keyset")
}

// UpdateKeyset replaces a keyset by compare-and-set on Version; see [sealing.KeysetStore].
func (s *Store) UpdateKeyset(ctx context.Context, k sealing.Keyset) error {
	n, err := query.New(s).UpdateKeyset(ctx, query.UpdateKeysetParams{Wrapped: k.Wrapped, KEKID: k.KEK, Class: string(k.Class), Version: k.Version})
	return changed(n, err, fault.Conflict, "update a keyset")
}
