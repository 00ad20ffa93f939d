package throttle

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// Counter is the state under one key. The zero value with the key set is that of a key never seen.
type Counter struct {
	Key          string
	Failures     int       // consecutive, over all factors
	Blocks       int       // temporary blocks since the last success
	FailedAt     time.Time // last failure
	BlockedUntil time.Time
	Version      int64 // compare-and-set; 0 means no row, or one that only waits to be locked
	Stored       bool  // set by the store: there is a row
}

// Store is what this package asks of storage.
type Store interface {
	// Counters returns the rows that exist among keys, one statement.
	Counters(ctx context.Context, q tx.Q, keys ...string) ([]Counter, error)
	// PutCounter writes c if the row's version is still c.Version (0: if there is none) and raises it; fault.Conflict when lost.
	PutCounter(ctx context.Context, q tx.Q, c Counter) error
	// AddFailure raises an address' counter by one, starting anew after window; one upsert, no compare-and-set.
	AddFailure(ctx context.Context, q tx.Q, key string, at time.Time, window time.Duration) error
	// PruneCounters deletes counters whose last failure is older than before.
	PruneCounters(ctx context.Context, q tx.Q, before time.Time) (int64, error)
}
