package sqlstore

import (
	"context"
	"database/sql"
	"reflect"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ login.Store = (*Store)(nil)

// InsertFlow begins a login; see [login.Store].
func (s *Store) InsertFlow(ctx context.Context, q tx.Q, f login.Flow) error {
	request, err := encode(f.Request)
	if err != nil {
		return err
	}
	outcome, err := encodeOutcome(f.Outcome)
	if err != nil {
		return err
	}
	n, err := query.New(q).InsertFlow(ctx, query.InsertFlowParams{
		ID: f.ID, ClientID: f.Request.Client, RedirectURI: f.Request.RedirectURI, Challenge: f.Request.Challenge, Request: request,
		BrowserHash: blob(f.BrowserHash), Sealed: blob(f.Sealed), Version: f.Version, Subject: f.Subject, Session: f.Outcome.Session,
		CreatedAt: micros(f.CreatedAt), ExpiresAt: micros(f.ExpiresAt), DoneAt: micros(f.DoneAt), Outcome: outcome,
		CodeHash: blob(f.CodeHash), CodeExpiresAt: micros(f.CodeExpiresAt), RedeemedAt: micros(f.RedeemedAt),
	})
	return changed(n, err, fault.Conflict, "insert a flow")
}

// Flow finds a login; see [login.Store].
func (s *Store) Flow(ctx context.Context, q tx.Q, id string) (*login.Flow, error) {
	r, err := query.New(q).Flow(ctx, id)
	if err != nil {
		return nil, mapped(err, "find a flow")
	}
	f := &login.Flow{
		ID: r.ID, BrowserHash: absent(r.BrowserHash), Sealed: absent(r.Sealed), Version: r.Version, Subject: r.Subject,
		CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), DoneAt: moment(r.DoneAt), CodeHash: absent(r.CodeHash),
		CodeExpiresAt: moment(r.CodeExpiresAt), RedeemedAt: moment(r.RedeemedAt),
	}
	if err := decode(r.Request, &f.Request); err != nil {
		return nil, err
	}
	f.Outcome, err = decodeOutcome(r.Outcome)
	return f, err
}

// CommitFlow writes a step's result by compare-and-set on Version and guard; see [login.Store]. The guard's counter stays
// locked until the transaction ends: a failure that is being counted elsewhere is waited for. In a transaction on PostgreSQL it travels with the
// next statement, and that it lost may come with that or with the commit.
func (s *Store) CommitFlow(ctx context.Context, q tx.Q, f login.Flow, g login.Guard) error {
	outcome, err := encodeOutcome(f.Outcome)
	if err != nil {
		return err
	}
	params := query.CommitFlowParams{
		Sealed: blob(f.Sealed), Subject: f.Subject, Session: f.Outcome.Session, ExpiresAt: micros(f.ExpiresAt), DoneAt: micros(f.DoneAt),
		Outcome: outcome, CodeHash: blob(f.CodeHash), CodeExpiresAt: micros(f.CodeExpiresAt), ID: f.ID, Version: f.Version,
		GuardKey: g.Key, GuardVersion: g.Version,
	}
	if _, inTx := q.(*sql.Tx); inTx && s.Dialect() == "postgres" && (g.Key == "" || g.Stored) {
		_, err := query.New(insisting{q}).CommitFlow(ctx, params)
		return mapped(err, "commit a flow")
	}
	n, err := query.New(q).CommitFlow(ctx, params)
	if err != nil || n > 0 || g.Key == "" || g.Version > 0 {
		return changed(n, err, fault.Conflict, "commit a flow")
	}
	// Perhaps only because the counter was never touched: what is not there cannot be locked. Put it there and try again; this happens
	// once in a subscriber's life.
	return s.atomically(ctx, q, func(q tx.Q) error {
		if _, err := query.New(q).AnchorCounter(ctx, query.AnchorCounterParams{Key: g.Key, At: micros(f.CreatedAt)}); err != nil {
			return mapped(err, "anchor a counter")
		}
		n, err := query.New(q).CommitFlow(ctx, params)
		return changed(n, err, fault.Conflict, "commit a flow")
	})
}

// PruneFlows deletes flows that expired before the time, at most limit; see [login.Store].
func (s *Store) PruneFlows(ctx context.Context, q tx.Q, before time.Time, limit int) (int64, error) {
	n, err := query.New(q).PruneFlows(ctx, query.PruneFlowsParams{Before: micros(before), RowLimit: int64(limit)})
	return n, mapped(err, "prune flows")
}

// encodeOutcome leaves the outcome of a flow that is not done empty: most writes have none.
func encodeOutcome(o login.Outcome) (string, error) {
	if reflect.ValueOf(o).IsZero() {
		return "", nil
	}
	return encode(o)
}

func decodeOutcome(s string) (o login.Outcome, err error) {
	if s != "" {
		err = decode(s, &o)
	}
	return o, err
}
