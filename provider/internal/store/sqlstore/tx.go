package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// maxRuns is how often a transaction that others get in the way of is run before its asker hears of it.
const maxRuns = 5

// READ COMMITTED whatever the server's default is: each compare-and-set is one statement that reads the newest row, so nothing
// more is needed, and a stricter level would answer half of the racers with an error instead of a result.
var readCommitted = &sql.TxOptions{Isolation: sql.LevelReadCommitted}

// InTx runs fn in one transaction; see [tx.DB]. It also runs fn again when its connection was lost before the commit: a restarted
// server takes the pool's connections with it, and nothing of the transaction remains. On SQLite writers come one after the other: fn must use the Q it is given and never
// the store, which would wait for fn to end.
func (s *Store) InTx(ctx context.Context, fn func(q tx.Q) error) error {
	for run := 1; ; run++ {
		ended, err := s.once(ctx, fn)
		if err == nil || run == maxRuns || !rerunnable(err) && (ended || !lost(err)) {
			return err
		}
		// A random pause, longer each time: those who collided must not meet again.
		if waitErr := pause(ctx, time.Duration(1+rand.IntN(4<<run))*time.Millisecond); waitErr != nil {
			return err
		}
	}
}

// once runs fn in one transaction and says whether it came to a commit: what is lost on the way there may have been done.
func (s *Store) once(ctx context.Context, fn func(q tx.Q) error) (ended bool, err error) {
	t, err := s.write.BeginTx(ctx, readCommitted)
	if err != nil {
		return false, mapped(err, "begin a transaction")
	}
	done := false
	defer func() { // also when fn panics: the connection must not go back to the pool inside a transaction
		if !done {
			err = rolledBack(err, t.Rollback())
		}
	}()
	if err := fn(t); err != nil {
		return false, err
	}
	done = true
	return true, mapped(t.Commit(), "commit a transaction")
}

// rolledBack keeps fn's error: a rollback that fails has lost its connection, and the server rolls back by itself.
func rolledBack(err, rollback error) error {
	if rollback == nil || errors.Is(rollback, sql.ErrTxDone) || err != nil {
		return err
	}
	return mapped(rollback, "roll a transaction back")
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// atomically runs fn in q when q is a transaction, else in one of its own: a method of several statements is atomic either way.
func (s *Store) atomically(ctx context.Context, q tx.Q, fn func(q tx.Q) error) error {
	if _, ok := q.(*sql.Tx); ok {
		return fn(q)
	}
	return s.InTx(ctx, fn)
}

// deferring marks the statements that change something deferred. Only those whose answer is success or an error can be: how many rows
// they met is not known.
type deferring struct{ tx.Q }

// insisting marks an UPDATE deferred that must meet a row; on PostgreSQL, in a transaction. That it met none is fault.Conflict, of a later statement or of
// the commit.
type insisting struct{ tx.Q }

func (i insisting) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return i.Q.ExecContext(ctx, deferredChange+query, args...)
}

func (d deferring) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.Q.ExecContext(ctx, deferred+query, args...)
}
