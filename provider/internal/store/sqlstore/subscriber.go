package sqlstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ subscriber.Store = (*Store)(nil)

// InsertSubscriber stores a subscriber with names and credentials; see [subscriber.Store].
func (s *Store) InsertSubscriber(ctx context.Context, q tx.Q, p subscriber.Subscriber, names []subscriber.Name, creds []subscriber.Credential) error {
	return s.atomically(ctx, q, func(q tx.Q) error {
		n, err := query.New(q).InsertSubscriber(ctx, query.InsertSubscriberParams{
			ID: p.ID, Status: string(p.Status), BlockedReason: p.BlockedReason, Locale: p.Locale, Claims: string(p.Claims),
			Version: p.Version, CreatedAt: micros(p.CreatedAt), UpdatedAt: micros(p.UpdatedAt),
		})
		if err := changed(n, err, fault.Conflict, "insert a subscriber"); err != nil {
			return err
		}
		for _, name := range names {
			n, err := query.New(q).InsertName(ctx, query.InsertNameParams{
				Folded: name.Folded, Shown: name.Shown, Subject: name.Subject, Kind: string(name.Kind), Retired: name.Retired,
			})
			if err := changed(n, err, fault.Conflict, "insert a name"); err != nil {
				return err
			}
		}
		for _, c := range creds {
			if err := s.InsertCredential(ctx, q, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// SubscriberByID finds a subscriber; see [subscriber.Store].
func (s *Store) SubscriberByID(ctx context.Context, q tx.Q, id string) (*subscriber.Subscriber, error) {
	row, err := query.New(q).SubscriberByID(ctx, id)
	return subscriberOf(row, err)
}

// SubscriberByName finds who signs in with a name; see [subscriber.Store].
func (s *Store) SubscriberByName(ctx context.Context, q tx.Q, folded string) (*subscriber.Subscriber, error) {
	row, err := query.New(q).SubscriberByName(ctx, folded)
	return subscriberOf(row, err)
}

func subscriberOf(row query.Subscriber, err error) (*subscriber.Subscriber, error) {
	if err != nil {
		return nil, mapped(err, "find a subscriber")
	}
	return &subscriber.Subscriber{
		ID: row.ID, Status: subscriber.Status(row.Status), BlockedReason: row.BlockedReason, Locale: row.Locale,
		Claims: json.RawMessage(absent([]byte(row.Claims))), Version: row.Version, CreatedAt: moment(row.CreatedAt), UpdatedAt: moment(row.UpdatedAt),
		Cooling: subscriber.Cooling{Until: moment(row.CoolingUntil), Reason: subscriber.CoolingReason(row.CoolingReason)}, ResetAt: moment(row.ResetAt),
	}, nil
}

// NamesOf lists a subscriber's names, retired ones too; see [subscriber.Store].
func (s *Store) NamesOf(ctx context.Context, q tx.Q, id string) ([]subscriber.Name, error) {
	rows, err := query.New(q).NamesOf(ctx, id)
	if err != nil {
		return nil, mapped(err, "list a subscriber's names")
	}
	names := make([]subscriber.Name, len(rows))
	for i, r := range rows {
		names[i] = subscriber.Name{Folded: r.Folded, Shown: r.Shown, Subject: r.Subject, Kind: subscriber.NameKind(r.Kind), Retired: r.Retired}
	}
	return names, nil
}

// SetStatus blocks or unblocks; see [subscriber.Store]. The grants of a blocked subscriber are dead from the commit on.
func (s *Store) SetStatus(ctx context.Context, q tx.Q, id string, status subscriber.Status, reason string, at time.Time, version int64) error {
	n, err := query.New(q).SetStatus(ctx, query.SetStatusParams{
		Status: string(status), BlockedReason: reason, UpdatedAt: micros(at), ID: id, Version: version,
	})
	if err == nil && n == 0 {
		if _, err := s.SubscriberByID(ctx, q, id); err != nil {
			return err
		}
	}
	return changed(n, err, fault.Conflict, "set a subscriber's status")
}

// ListSubscribers pages through all, by id; see [subscriber.Store].
func (s *Store) ListSubscribers(ctx context.Context, q tx.Q, after string, limit int) ([]subscriber.Subscriber, error) {
	rows, err := query.New(q).ListSubscribers(ctx, query.ListSubscribersParams{After: after, RowLimit: int64(limit)})
	if err != nil {
		return nil, mapped(err, "list subscribers")
	}
	out := make([]subscriber.Subscriber, len(rows))
	for i, r := range rows {
		p, _ := subscriberOf(r, nil)
		out[i] = *p
	}
	return out, nil
}

// RemoveSubscriber deletes a subscriber with credentials, consents and sessions, whose grants are dead from then on. The names stay,
// retired and without what the person wrote: one that was somebody's must never become another's.
func (s *Store) RemoveSubscriber(ctx context.Context, q tx.Q, id string) error {
	return s.atomically(ctx, q, func(q tx.Q) error {
		qs := query.New(q)
		n, err := qs.DeleteSubscriber(ctx, id) // its credentials with it
		if err := changed(n, err, fault.NotFound, "remove a subscriber"); err != nil {
			return err
		}
		if _, err := qs.RetireNamesOf(ctx, id); err != nil {
			return mapped(err, "retire a subscriber's names")
		}
		if _, err := qs.DeleteConsentsOf(ctx, id); err != nil {
			return mapped(err, "remove a subscriber's consents")
		}
		if _, err := qs.DeleteSecurityEventsOf(ctx, id); err != nil {
			return mapped(err, "remove a subscriber's security events")
		}
		return s.EndSessionsOf(ctx, q, id, s.opts.Now())
	})
}
