package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ login.WaitStore = (*Store)(nil)

// maxSignals bounds what is left for one flow: a plugin whose callback is flooded must not fill the database.
const maxSignals = 16

// PutWait writes that a flow waits; see [login.WaitStore].
func (s *Store) PutWait(ctx context.Context, q tx.Q, w login.Wait, heard []string, now time.Time) error {
	n, err := query.New(q).PutPending(ctx, query.PutPendingParams{
		Flow: w.Flow, Wait: w.ID, Instance: w.Instance, Subject: w.Subject, Handle: w.Handle, DueAt: micros(w.DueAt),
		CreatedAt: micros(w.CreatedAt), ExpiresAt: micros(w.ExpiresAt),
	})
	if err := changed(n, err, fault.Conflict, "write that a flow waits"); err != nil {
		return err
	}
	for _, id := range heard {
		if _, err := query.New(q).DeleteSignal(ctx, id); err != nil {
			return mapped(err, "remove a signal")
		}
	}
	_, err = query.New(q).HurryPending(ctx, query.HurryPendingParams{DueAt: micros(now), Flow: w.Flow})
	return mapped(err, "look for signals")
}

// EndWait removes a flow from those that wait; see [login.WaitStore].
func (s *Store) EndWait(ctx context.Context, q tx.Q, flow string) error {
	_, err := query.New(q).DeletePending(ctx, flow)
	return mapped(err, "end a flow's wait")
}

// DelayWait sets when a flow is looked at next; see [login.WaitStore].
func (s *Store) DelayWait(ctx context.Context, q tx.Q, due login.Due, at time.Time) error {
	_, err := query.New(q).DelayPending(ctx, query.DelayPendingParams{DueAt: micros(at), Flow: due.Flow, Wait: due.Wait})
	return mapped(err, "delay a flow that waits")
}

// LeaveSignal stores a signal for a flow that waits; see [login.WaitStore].
func (s *Store) LeaveSignal(ctx context.Context, q tx.Q, to login.Due, sig login.Signal, now, due time.Time) (bool, error) {
	n, err := query.New(q).RingPending(ctx, query.RingPendingParams{DueAt: micros(due), Flow: to.Flow, Wait: to.Wait, Now: micros(now)})
	if err != nil || n == 0 {
		return false, mapped(err, "leave a signal")
	}
	n, err = query.New(q).InsertSignal(ctx, query.InsertSignalParams{ID: sig.ID, Flow: to.Flow, Sealed: blob(sig.Sealed), At: micros(now), Most: maxSignals})
	return n > 0, mapped(err, "leave a signal")
}

// Signals returns those left for a flow; see [login.WaitStore].
func (s *Store) Signals(ctx context.Context, q tx.Q, flow string) ([]login.Signal, error) {
	rows, err := query.New(q).Signals(ctx, flow)
	if err != nil {
		return nil, mapped(err, "read signals")
	}
	out := make([]login.Signal, len(rows))
	for i, r := range rows {
		out[i] = login.Signal{ID: r.ID, Sealed: absent(r.Sealed)}
	}
	return out, nil
}

// WaitingFlows finds the flows that wait for somebody, or under a handle; see [login.WaitStore].
func (s *Store) WaitingFlows(ctx context.Context, q tx.Q, instance, subject, handle string, now time.Time, limit int) ([]login.Flow, error) {
	rows, err := query.New(q).PendingFlows(ctx, query.PendingFlowsParams{RowLimit: int64(limit), Instance: instance, Subject: subject,
		Now: micros(now), Handle: handle})
	if err != nil {
		return nil, mapped(err, "find flows that wait")
	}
	out := make([]login.Flow, 0, len(rows))
	for _, r := range rows {
		if r.DoneAt != 0 {
			continue
		}
		f := login.Flow{ID: r.ID, BrowserHash: absent(r.BrowserHash), Sealed: absent(r.Sealed), Version: r.Version, Subject: r.Subject,
			CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt)}
		if err := decode(r.Request, &f.Request); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// ClaimWaits takes flows that are due; see [login.WaitStore]. Where none is, it only reads.
func (s *Store) ClaimWaits(ctx context.Context, q tx.Q, now, lease time.Time, limit int) ([]login.Due, time.Time, error) {
	next, err := query.New(q).NextPending(ctx)
	if err != nil || next == 0 || next > micros(now) {
		return nil, moment(next), mapped(err, "look for flows that are due")
	}
	rows, err := query.New(q).ClaimPending(ctx, query.ClaimPendingParams{Lease: micros(lease), Now: micros(now), RowLimit: int64(limit)})
	if err != nil {
		return nil, time.Time{}, mapped(err, "take flows that are due")
	}
	out := make([]login.Due, len(rows))
	for i, r := range rows {
		out[i] = login.Due{Flow: r.Flow, Wait: r.Wait}
	}
	return out, time.Time{}, nil
}
