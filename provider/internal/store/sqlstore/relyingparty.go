package sqlstore

import (
	"context"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ relyingparty.Store = (*Store)(nil)

// Client finds a registration; see [relyingparty.Store].
func (s *Store) Client(ctx context.Context, q tx.Q, id string) (*relyingparty.Client, error) {
	row, err := query.New(q).Client(ctx, id)
	if err != nil {
		return nil, mapped(err, "find a relying party")
	}
	return clientOf(row)
}

// Clients lists all registrations by client_id; see [relyingparty.Store].
func (s *Store) Clients(ctx context.Context, q tx.Q) ([]relyingparty.Client, error) {
	rows, err := query.New(q).Clients(ctx)
	if err != nil {
		return nil, mapped(err, "list relying parties")
	}
	out := make([]relyingparty.Client, len(rows))
	for i, r := range rows {
		c, err := clientOf(r)
		if err != nil {
			return nil, err
		}
		out[i] = *c
	}
	return out, nil
}

func clientOf(r query.RelyingParty) (*relyingparty.Client, error) {
	c := &relyingparty.Client{
		SecretHash: absent(r.SecretHash), OldSecretHash: absent(r.OldSecretHash), OldSecretUntil: moment(r.OldSecretUntil),
		Declared: r.Declared, Version: r.Version, CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt),
	}
	if err := decode(r.Settings, &c.Settings); err != nil {
		return nil, err
	}
	c.ClientID = r.ClientID // the column is what was looked up, whatever the JSON says
	return c, nil
}

// InsertClient registers; see [relyingparty.Store].
func (s *Store) InsertClient(ctx context.Context, q tx.Q, c relyingparty.Client) error {
	settings, err := encode(c.Settings)
	if err != nil {
		return err
	}
	n, err := query.New(q).InsertClient(ctx, query.InsertClientParams{
		ClientID: c.ClientID, Settings: settings, SecretHash: blob(c.SecretHash), OldSecretHash: blob(c.OldSecretHash),
		OldSecretUntil: micros(c.OldSecretUntil), Declared: c.Declared, Version: c.Version, CreatedAt: micros(c.CreatedAt), UpdatedAt: micros(c.UpdatedAt),
	})
	return changed(n, err, fault.Conflict, "insert a relying party")
}

// UpdateClient writes by compare-and-set on Version; see [relyingparty.Store].
func (s *Store) UpdateClient(ctx context.Context, q tx.Q, c relyingparty.Client) error {
	settings, err := encode(c.Settings)
	if err != nil {
		return err
	}
	n, err := query.New(q).UpdateClient(ctx, query.UpdateClientParams{
		Settings: settings, SecretHash: blob(c.SecretHash), OldSecretHash: blob(c.OldSecretHash), OldSecretUntil: micros(c.OldSecretUntil),
		Declared: c.Declared, UpdatedAt: micros(c.UpdatedAt), ClientID: c.ClientID, Version: c.Version,
	})
	if err == nil && n == 0 {
		if _, err := s.Client(ctx, q, c.ClientID); err != nil {
			return err
		}
	}
	return changed(n, err, fault.Conflict, "update a relying party")
}

// DeleteClient removes a registration; see [relyingparty.Store].
func (s *Store) DeleteClient(ctx context.Context, q tx.Q, id string) error {
	n, err := query.New(q).DeleteClient(ctx, id)
	return changed(n, err, fault.NotFound, "delete a relying party")
}
