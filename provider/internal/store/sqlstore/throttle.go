package sqlstore

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ throttle.Store = (*Store)(nil)

// keysAStatement is how many counters one statement reads: a step asks for those of subscriber, browser and address.
const keysAStatement = 4

// Counters reads the counters that exist; see [throttle.Store]. More than four keys take a statement for each four.
func (s *Store) Counters(ctx context.Context, q tx.Q, keys ...string) ([]throttle.Counter, error) {
	var out []throttle.Counter
	for len(keys) > 0 {
		n := min(len(keys), keysAStatement)
		var k [keysAStatement]string
		for i := range k {
			k[i] = keys[min(i, n-1)] // the same again asks for nothing more
		}
		keys = keys[n:]
		rows, err := query.New(q).Counters(ctx, query.CountersParams{K1: k[0], K2: k[1], K3: k[2], K4: k[3]})
		if err != nil {
			return nil, mapped(err, "read counters")
		}
		for _, r := range rows {
			out = append(out, counterOf(r))
		}
	}
	return out, nil
}

func counterOf(r query.CountersRow) throttle.Counter {
	return throttle.Counter{
		Key: r.Key, Failures: int(r.Failures), Blocks: int(r.Blocks), FailedAt: moment(r.FailedAt),
		BlockedUntil: moment(r.BlockedUntil), Version: r.Version, Stored: true,
	}
}

// PutCounter writes by compare-and-set on Version; see [throttle.Store].
func (s *Store) PutCounter(ctx context.Context, q tx.Q, c throttle.Counter) error {
	var n int64
	var err error
	if c.Version == 0 {
		n, err = query.New(q).PutFirstCounter(ctx, query.PutFirstCounterParams{
			Key: c.Key, Failures: int64(c.Failures), Blocks: int64(c.Blocks), FailedAt: micros(c.FailedAt), BlockedUntil: micros(c.BlockedUntil),
		})
	} else {
		n, err = query.New(q).PutCounter(ctx, query.PutCounterParams{
			Failures: int64(c.Failures), Blocks: int64(c.Blocks), FailedAt: micros(c.FailedAt), BlockedUntil: micros(c.BlockedUntil),
			Key: c.Key, Version: c.Version,
		})
	}
	return changed(n, err, fault.Conflict, "store a counter")
}

// AddFailure counts a failure in a window that begins with its first; see [throttle.Store].
func (s *Store) AddFailure(ctx context.Context, q tx.Q, key string, at time.Time, window time.Duration) error {
	_, err := query.New(q).AddFailure(ctx, query.AddFailureParams{Key: key, At: micros(at), WindowStart: micros(at.Add(-window))})
	return mapped(err, "count a failure")
}

// PruneCounters deletes counters whose last failure is older than before and that block nobody then; see [throttle.Store].
func (s *Store) PruneCounters(ctx context.Context, q tx.Q, before time.Time) (int64, error) {
	n, err := query.New(q).PruneCounters(ctx, micros(before))
	return n, mapped(err, "prune counters")
}
