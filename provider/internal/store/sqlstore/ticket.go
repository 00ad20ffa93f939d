package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// InsertTicket stores a recovery ticket; see [subscriber.LifeStore].
func (s *Store) InsertTicket(ctx context.Context, q tx.Q, t subscriber.Ticket) error {
	return mapped(query.New(q).InsertTicket(ctx, query.InsertTicketParams{
		ID: t.ID, Subject: t.Subject, Lost: list(t.Lost), Alone: t.Alone, Reason: t.Reason, CodeHash: blob(t.CodeHash),
		RequestedBy: t.RequestedBy, ApprovedBy: t.ApprovedBy, CreatedAt: micros(t.CreatedAt), ExpiresAt: micros(t.ExpiresAt),
	}), "insert a recovery ticket")
}

// Ticket finds a recovery ticket, whatever became of it; see [subscriber.LifeStore].
func (s *Store) Ticket(ctx context.Context, q tx.Q, id string) (*subscriber.Ticket, error) {
	r, err := query.New(q).Ticket(ctx, id)
	return ticketOf(r, err)
}

// TicketByCode finds a ticket that can be used; see [subscriber.LifeStore].
func (s *Store) TicketByCode(ctx context.Context, q tx.Q, subject string, codeHash []byte, now time.Time) (*subscriber.Ticket, error) {
	r, err := query.New(q).TicketByCode(ctx, query.TicketByCodeParams{Subject: subject, CodeHash: blob(codeHash), Now: micros(now)})
	return ticketOf(r, err)
}

func ticketOf(r query.RecoveryTicket, err error) (*subscriber.Ticket, error) {
	if err != nil {
		return nil, mapped(err, "find a recovery ticket")
	}
	t := &subscriber.Ticket{ID: r.ID, Subject: r.Subject, Alone: r.Alone, Reason: r.Reason, CodeHash: absent(r.CodeHash),
		RequestedBy: r.RequestedBy, ApprovedBy: r.ApprovedBy, CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), UsedAt: moment(r.UsedAt)}
	t.Lost, err = unlist(r.Lost)
	return t, err
}

// ApproveTicket gives a ticket its code, by another hand; see [subscriber.LifeStore].
func (s *Store) ApproveTicket(ctx context.Context, q tx.Q, t subscriber.Ticket, now time.Time) error {
	n, err := query.New(q).ApproveTicket(ctx, query.ApproveTicketParams{
		CodeHash: blob(t.CodeHash), ApprovedBy: t.ApprovedBy, ExpiresAt: micros(t.ExpiresAt), ID: t.ID, Now: micros(now),
	})
	return changed(n, err, fault.Conflict, "approve a recovery ticket")
}

// SpendTicket uses a ticket up, once; see [subscriber.LifeStore].
func (s *Store) SpendTicket(ctx context.Context, q tx.Q, id, subject string, now time.Time) error {
	n, err := query.New(q).SpendTicket(ctx, query.SpendTicketParams{Now: micros(now), ID: id, Subject: subject})
	return changed(n, err, fault.Conflict, "use a recovery ticket")
}

// VoidTickets makes a subscriber's unused tickets worthless; see [subscriber.LifeStore].
func (s *Store) VoidTickets(ctx context.Context, q tx.Q, subject string, now time.Time) error {
	_, err := query.New(q).VoidTickets(ctx, query.VoidTicketsParams{Now: micros(now), Subject: subject})
	return mapped(err, "void recovery tickets")
}
