package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

// pruneBatch bounds the rows a statement deletes, so that none holds its locks for long.
const pruneBatch = 1000

// PruneSessions deletes up to limit sessions whose absolute limit passed before the time. Their grants are dead already.
func (s *Store) PruneSessions(ctx context.Context, q tx.Q, before time.Time, limit int) (int64, error) {
	n, err := query.New(q).PruneSessions(ctx, query.PruneSessionsParams{Before: micros(before), RowLimit: int64(limit)})
	return n, mapped(err, "prune sessions")
}

// PruneGrants deletes up to limit grants that expired before the time.
func (s *Store) PruneGrants(ctx context.Context, q tx.Q, before time.Time, limit int) (int64, error) {
	n, err := query.New(q).PruneGrants(ctx, query.PruneGrantsParams{Before: micros(before), RowLimit: int64(limit)})
	return n, mapped(err, "prune grants")
}

// counterAge is how long failures are remembered after the last one: longer than what else has expired, or somebody with time could
// try a few guesses a day for ever.
const counterAge = 30 * 24 * time.Hour

// Prune deletes everything whose time passed before the time given, batch by batch, each in its own commit; it stops at the first
// error, and the next call goes on. Replicas may prune at the same time: they skip each other's rows.
func (s *Store) Prune(ctx context.Context, before time.Time) (int64, error) {
	var total int64
	for _, batch := range []func(context.Context, tx.Q, time.Time, int) (int64, error){s.PruneFlows, s.PruneGrants, s.PruneSessions} {
		for {
			n, err := batch(ctx, s, before, pruneBatch)
			total += n
			if err != nil {
				return total, err
			}
			if n < pruneBatch {
				break
			}
		}
	}
	for _, all := range []func(context.Context, int64) (int64, error){query.New(s).PruneRevokedAccess, query.New(s).PruneOnce,
		query.New(s).PruneTickets, query.New(s).ForgetChanges} {
		n, err := all(ctx, micros(before))
		total += n
		if err != nil {
			return total, mapped(err, "prune")
		}
	}
	n, err := query.New(s).PruneSecurityEvents(ctx, micros(before.Add(-eventAge)))
	if total += n; err != nil {
		return total, mapped(err, "prune security events")
	}
	n, err = query.New(s).PruneCounters(ctx, micros(before.Add(-counterAge)))
	return total + n, mapped(err, "prune counters")
}
