package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// eventAge is how long the person's own page remembers; the audit log keeps what must be kept longer.
const eventAge = 400 * 24 * time.Hour

// InsertEvents notes what happened to an account; see [subscriber.LifeStore]. In a transaction on PostgreSQL they travel with the next
// statement.
func (s *Store) InsertEvents(ctx context.Context, q tx.Q, events ...subscriber.Event) error {
	for _, e := range events {
		data := ""
		if len(e.Data) > 0 {
			var err error
			if data, err = encode(e.Data); err != nil {
				return err
			}
		}
		err := query.New(deferring{q}).InsertSecurityEvent(ctx, query.InsertSecurityEventParams{
			ID: e.ID, Subject: e.Subject, At: micros(e.At), Kind: e.Kind, Address: e.Address, Browser: e.Browser, Data: data,
		})
		if err != nil {
			return mapped(err, "note a security event")
		}
	}
	return nil
}

// beforeAll sorts after every id.
const beforeAll = "~"

// EventsOf pages through what happened, newest first; see [subscriber.LifeStore].
func (s *Store) EventsOf(ctx context.Context, q tx.Q, subject, before string, limit int) ([]subscriber.Event, error) {
	if before == "" {
		before = beforeAll
	}
	rows, err := query.New(q).SecurityEvents(ctx, query.SecurityEventsParams{Subject: subject, Before: before, RowLimit: int64(limit)})
	if err != nil {
		return nil, mapped(err, "list security events")
	}
	out := make([]subscriber.Event, len(rows))
	for i, r := range rows {
		out[i] = subscriber.Event{ID: r.ID, Subject: r.Subject, At: moment(r.At), Kind: r.Kind, Address: r.Address, Browser: r.Browser}
		if r.Data != "" {
			if err := decode(r.Data, &out[i].Data); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
