package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ session.Store = (*Store)(nil)

// Session finds a session, ended ones too; see [session.Store].
func (s *Store) Session(ctx context.Context, q tx.Q, id string) (*session.Session, error) {
	r, err := query.New(q).Session(ctx, id)
	if err != nil {
		return nil, mapped(err, "find a session")
	}
	return sessionOf(r)
}

func sessionOf(r query.OpSession) (*session.Session, error) {
	out := &session.Session{
		ID: r.ID, Subject: r.Subject, AuthTime: moment(r.AuthTime), CreatedAt: moment(r.CreatedAt), LastSeenAt: moment(r.LastSeenAt),
		ExpiresAt: moment(r.ExpiresAt), EndedAt: moment(r.EndedAt), Browser: r.Browser, Address: r.Address, Version: r.Version,
	}
	return out, decode(r.Proofs, &out.Proofs)
}

// InsertSession begins a session; see [session.Store]. In a transaction on PostgreSQL it travels with the next statement, and an error, of a
// taken id too, may come with that or with the commit.
func (s *Store) InsertSession(ctx context.Context, q tx.Q, v session.Session) error {
	proofs, err := encode(v.Proofs)
	if err != nil {
		return err
	}
	err = query.New(deferring{q}).InsertSession(ctx, query.InsertSessionParams{
		ID: v.ID, Subject: v.Subject, Proofs: proofs, AuthTime: micros(v.AuthTime), CreatedAt: micros(v.CreatedAt),
		LastSeenAt: micros(v.LastSeenAt), ExpiresAt: micros(v.ExpiresAt), EndedAt: micros(v.EndedAt), Browser: v.Browser,
		Address: v.Address, Version: v.Version,
	})
	return mapped(err, "insert a session")
}

// UpdateSession writes by compare-and-set on Version; an ended session takes no update. See [session.Store].
func (s *Store) UpdateSession(ctx context.Context, q tx.Q, v session.Session) error {
	proofs, err := encode(v.Proofs)
	if err != nil {
		return err
	}
	n, err := query.New(q).UpdateSession(ctx, query.UpdateSessionParams{
		Proofs: proofs, AuthTime: micros(v.AuthTime), LastSeenAt: micros(v.LastSeenAt), ID: v.ID, Version: v.Version,
	})
	return changed(n, err, fault.Conflict, "update a session")
}

// EndSession ends a session; see [session.Store]. Its grants that are not offline are revoked by the same row: every statement that
// reads a grant looks at its session, so none can slip through that a token request inserts at the same moment.
func (s *Store) EndSession(ctx context.Context, q tx.Q, id string, at time.Time) error {
	_, err := query.New(q).EndSession(ctx, query.EndSessionParams{EndedAt: micros(at), ID: id})
	return mapped(err, "end a session")
}

// SessionsOf lists the sessions that have neither ended nor reached their absolute limit, last used first; see [session.Store].
func (s *Store) SessionsOf(ctx context.Context, q tx.Q, subject string, now time.Time) ([]session.Session, error) {
	rows, err := query.New(q).SessionsOf(ctx, query.SessionsOfParams{Subject: subject, Now: micros(now)})
	if err != nil {
		return nil, mapped(err, "list a subscriber's sessions")
	}
	out := make([]session.Session, len(rows))
	for i, r := range rows {
		v, err := sessionOf(r)
		if err != nil {
			return nil, err
		}
		out[i] = *v
	}
	return out, nil
}

// EndSessionsOf ends all sessions of a subscriber; see [session.Store] and EndSession.
func (s *Store) EndSessionsOf(ctx context.Context, q tx.Q, subject string, at time.Time) error {
	_, err := query.New(q).EndSessionsOf(ctx, query.EndSessionsOfParams{EndedAt: micros(at), Subject: subject})
	return mapped(err, "end a subscriber's sessions")
}
