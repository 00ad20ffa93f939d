package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ subscriber.LifeStore = (*Store)(nil)

// Amend writes by compare-and-set on Version; see [subscriber.LifeStore].
func (s *Store) Amend(ctx context.Context, q tx.Q, p subscriber.Subscriber) error {
	n, err := query.New(q).AmendSubscriber(ctx, query.AmendSubscriberParams{
		Status: string(p.Status), BlockedReason: p.BlockedReason, Claims: string(p.Claims), CoolingUntil: micros(p.Cooling.Until),
		CoolingReason: string(p.Cooling.Reason), ResetAt: micros(p.ResetAt), UpdatedAt: micros(p.UpdatedAt), ID: p.ID, Version: p.Version,
	})
	return changed(n, err, fault.Conflict, "amend a subscriber")
}

// PutContact replaces the address in use; see [subscriber.LifeStore].
func (s *Store) PutContact(ctx context.Context, q tx.Q, c subscriber.Contact, at time.Time) error {
	return s.atomically(ctx, q, func(q tx.Q) error {
		if _, err := query.New(q).EndContact(ctx, query.EndContactParams{EndedAt: micros(at), Subject: c.Subject, Channel: string(c.Channel)}); err != nil {
			return mapped(err, "end a contact")
		}
		if c.ID == "" {
			return nil
		}
		n, err := query.New(q).InsertContact(ctx, query.InsertContactParams{
			ID: c.ID, Subject: c.Subject, Channel: string(c.Channel), Lookup: blob(c.Lookup), Sealed: blob(c.Sealed),
			VerifiedAt: micros(c.VerifiedAt), CreatedAt: micros(c.CreatedAt),
		})
		return changed(n, err, fault.Conflict, "insert a contact")
	})
}

// ContactsOf lists addresses in use and those lately given up; see [subscriber.LifeStore].
func (s *Store) ContactsOf(ctx context.Context, q tx.Q, subject string, since time.Time) ([]subscriber.Contact, error) {
	rows, err := query.New(q).ContactsOf(ctx, query.ContactsOfParams{Subject: subject, Since: micros(since)})
	if err != nil {
		return nil, mapped(err, "list a subscriber's contacts")
	}
	out := make([]subscriber.Contact, len(rows))
	for i, r := range rows {
		out[i] = subscriber.Contact{ID: r.ID, Subject: r.Subject, Channel: subscriber.Channel(r.Channel), Lookup: absent(r.Lookup),
			Sealed: absent(r.Sealed), VerifiedAt: moment(r.VerifiedAt), CreatedAt: moment(r.CreatedAt), EndedAt: moment(r.EndedAt)}
	}
	return out, nil
}

// NamesByContact finds whose verified address it is; see [subscriber.LifeStore].
func (s *Store) NamesByContact(ctx context.Context, q tx.Q, lookup []byte) ([]subscriber.Named, error) {
	rows, err := query.New(q).NamesByContact(ctx, blob(lookup))
	if err != nil {
		return nil, mapped(err, "find names by an address")
	}
	out := make([]subscriber.Named, len(rows))
	for i, r := range rows {
		out[i] = subscriber.Named{Subject: r.Subject, Locale: r.Locale, Name: r.Shown, Channel: subscriber.Channel(r.Channel)}
	}
	return out, nil
}

// InsertChange notes what can be taken back; see [subscriber.LifeStore].
func (s *Store) InsertChange(ctx context.Context, q tx.Q, c subscriber.Change) error {
	return mapped(query.New(q).InsertChange(ctx, query.InsertChangeParams{
		ID: c.ID, Subject: c.Subject, Kind: string(c.Kind), Method: c.Method, Sealed: blob(c.Sealed), CreatedAt: micros(c.CreatedAt),
		CoolsUntil: micros(c.CoolsUntil),
	}), "insert a change")
}

func changeOf(r query.AccountChange) subscriber.Change {
	return subscriber.Change{ID: r.ID, Subject: r.Subject, Kind: subscriber.ChangeKind(r.Kind), Method: r.Method, Sealed: absent(r.Sealed),
		CreatedAt: moment(r.CreatedAt), CoolsUntil: moment(r.CoolsUntil), CancelledAt: moment(r.CancelledAt)}
}

// Change finds a change, whatever became of it; see [subscriber.LifeStore].
func (s *Store) Change(ctx context.Context, q tx.Q, id string) (*subscriber.Change, error) {
	r, err := query.New(q).Change(ctx, id)
	if err != nil {
		return nil, mapped(err, "find a change")
	}
	c := changeOf(r)
	return &c, nil
}

// OpenChanges lists what can be taken back, newest first; see [subscriber.LifeStore].
func (s *Store) OpenChanges(ctx context.Context, q tx.Q, subject string, now time.Time) ([]subscriber.Change, error) {
	rows, err := query.New(q).OpenChanges(ctx, query.OpenChangesParams{Subject: subject, Now: micros(now)})
	if err != nil {
		return nil, mapped(err, "list changes")
	}
	out := make([]subscriber.Change, len(rows))
	for i, r := range rows {
		out[i] = changeOf(r)
	}
	return out, nil
}

// CancelChange takes a change back once; see [subscriber.LifeStore].
func (s *Store) CancelChange(ctx context.Context, q tx.Q, id string, now time.Time) error {
	n, err := query.New(q).CancelChange(ctx, query.CancelChangeParams{CancelledAt: micros(now), ID: id})
	return changed(n, err, fault.Conflict, "cancel a change")
}

// RevokeGrantsOf ends everything a subscriber granted; see [subscriber.LifeStore].
func (s *Store) RevokeGrantsOf(ctx context.Context, q tx.Q, subject string, at time.Time) error {
	_, err := query.New(q).RevokeGrantsOf(ctx, query.RevokeGrantsOfParams{RevokedAt: micros(at), Subject: subject})
	return mapped(err, "revoke a subscriber's grants")
}
