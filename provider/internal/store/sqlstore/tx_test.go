package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
	"github.com/varco-id/varco/provider/internal/store/storetest/sqltest"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Two transactions that take two rows in opposite order: PostgreSQL ends one of them, and InTx runs it again.
func TestDeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Open(t)
	for _, key := range []string{"a", "b"} {
		if err := s.PutCounter(ctx, s, throttle.Counter{Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	const touch = "UPDATE throttle SET failures = failures + 1 WHERE key = $1"
	var reached [2]chan struct{}
	for i := range reached {
		reached[i] = make(chan struct{})
	}
	runs := make([]int, 2)
	done := make(chan error, 2)
	for i, keys := range [][]string{{"a", "b"}, {"b", "a"}} {
		go func() {
			done <- s.InTx(ctx, func(q tx.Q) error {
				runs[i]++
				if _, err := q.ExecContext(ctx, touch, keys[0]); err != nil {
					return err
				}
				if runs[i] == 1 {
					close(reached[i])
				}
				<-reached[1-i]
				_, err := q.ExecContext(ctx, touch, keys[1])
				return err
			})
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if runs[0]+runs[1] < 3 { // more when the second run met the other again
		t.Errorf("runs: %v: nobody was in the other's way", runs)
	}
	found, err := s.Counters(ctx, s, "a", "b")
	if err != nil || len(found) != 2 || found[0].Failures != 2 || found[1].Failures != 2 {
		t.Errorf("counters: %+v, %v", found, err)
	}
}

// Reruns end: what cannot succeed is told.
func TestRerunsAreBounded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Open(t)
	runs := 0
	err := s.InTx(ctx, func(q tx.Q) error {
		runs++
		_, err := q.ExecContext(ctx, "DO $$ BEGIN RAISE EXCEPTION 'always' USING ERRCODE = '40001'; END $$")
		return err
	})
	if err == nil || runs != 5 {
		t.Errorf("%d runs, %v", runs, err)
	}
	if err := s.PutCounter(ctx, s, throttle.Counter{Key: "after"}); fault.Is(err, fault.Unavailable) {
		t.Errorf("the connection is not in order: %v", err)
	}
}

// A transaction whose connection breaks before the commit leaves nothing, and is run again on another.
func TestLostConnectionIsRunAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := pgtest.DSN(t)
	s, other := pgtest.OpenURL(t, url), pgtest.OpenURL(t, url)
	runs := 0
	err := s.InTx(ctx, func(q tx.Q) error {
		runs++
		if err := s.PutCounter(ctx, q, throttle.Counter{Key: "k"}); err != nil {
			return err
		}
		if runs == 1 {
			var pid int
			if err := q.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
			if _, err := other.ExecContext(ctx, "SELECT pg_terminate_backend($1)", pid); err != nil {
				return err
			}
		}
		_, err := s.Counters(ctx, q, "k")
		return err
	})
	if err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
	if found, err := s.Counters(ctx, s, "k"); err != nil || len(found) != 1 || found[0].Version != 1 {
		t.Errorf("counters: %+v, %v", found, err)
	}
}

func event(id string) audit.Row { return audit.Row{ID: id, At: 1, Body: []byte("{}")} }

// An audit event that cannot be stored takes its transaction with it, though its statement is not waited for.
func TestDeferredStatementFails(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*sqlstore.Store{"PostgreSQL": pgtest.Open(t), "SQLite": sqltest.Open(t)} {
		ctx := t.Context()
		if err := s.InsertAudit(ctx, s, []audit.Row{event("taken")}); err != nil {
			t.Fatal(err)
		}
		for when, last := range map[string]bool{"before another statement": false, "before the commit": true} {
			err := s.InTx(ctx, func(q tx.Q) error {
				if last {
					if err := s.PutCounter(ctx, q, throttle.Counter{Key: "k"}); err != nil {
						return err
					}
				}
				if err := s.InsertAudit(ctx, q, []audit.Row{event("fresh"), event("taken")}); err != nil {
					return err
				}
				if !last {
					return s.PutCounter(ctx, q, throttle.Counter{Key: "k"})
				}
				return nil
			})
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s, %s: %v", name, when, err)
			}
			if found, err := s.Counters(ctx, s, "k"); err != nil || len(found) != 0 {
				t.Errorf("%s, %s: the transaction was committed: %+v, %v", name, when, found, err)
			}
		}
		if rows, err := s.UnsealedAudit(ctx, s, 10); err != nil || len(rows) != 1 {
			t.Errorf("%s: %d events, %v", name, len(rows), err)
		}
	}
}

// What a login inserts last is not waited for: a taken id, which no login meets, is told by the statement after it.
func TestInsertionsTravelWithWhatFollows(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Open(t)
	for what, insert := range map[string]func(q tx.Q) error{
		"session": func(q tx.Q) error { return s.InsertSession(ctx, q, session.Session{ID: "taken"}) },
		"grant":   func(q tx.Q) error { return s.InsertGrant(ctx, q, grant.Grant{ID: "taken"}) },
	} {
		if err := insert(s); err != nil {
			t.Fatal(err)
		}
		var inserted bool
		err := s.InTx(ctx, func(q tx.Q) error {
			if err := insert(q); err != nil {
				return err
			}
			inserted = true
			_, err := s.Counters(ctx, q, "k")
			return err
		})
		if !inserted || !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: inserted %v, %v", what, inserted, err)
		}
	}
}

// Transactions that do nothing, only leave an event, only read, or begin with another's statement.
func TestTransactionsOfOddShape(t *testing.T) {
	t.Parallel()
	s := pgtest.Open(t)
	ctx := t.Context()
	for name, fn := range map[string]func(q tx.Q) error{
		"nothing":   func(tx.Q) error { return nil },
		"one event": func(q tx.Q) error { return s.InsertAudit(ctx, q, []audit.Row{event("1")}) },
		"two events": func(q tx.Q) error {
			return errors.Join(s.InsertAudit(ctx, q, []audit.Row{event("2")}), s.InsertAudit(ctx, q, []audit.Row{event("3")}))
		},
		"no row": func(q tx.Q) error { _, err := s.Counters(ctx, q, "none"); return err },
		"a statement of a library": func(q tx.Q) error {
			var list []string
			return q.QueryRowContext(ctx, "SELECT ARRAY['a', 'b']").Scan(pgtype.NewMap().SQLScanner(&list))
		},
		"a prepared statement": func(q tx.Q) error {
			st, err := q.PrepareContext(ctx, "SELECT 1")
			if err != nil {
				return err
			}
			return errors.Join(st.QueryRowContext(ctx).Scan(new(int)), st.Close())
		},
		"an unread answer": func(q tx.Q) error {
			rows, err := q.QueryContext(ctx, "-- name: Many :many\nSELECT generate_series(1, 5000)::bigint")
			if err != nil {
				return err
			}
			rows.Next()
			return rows.Close()
		},
	} {
		if err := s.InTx(ctx, fn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := s.InTx(ctx, func(q tx.Q) error {
		rows, err := s.UnsealedAudit(ctx, q, 10)
		if err == nil && len(rows) != 3 {
			err = fmt.Errorf("%d events were kept, want 3", len(rows))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
