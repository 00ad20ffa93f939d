package sqlstore_test

import (
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
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
	if runs[0]+runs[1] != 3 {
		t.Errorf("runs: %v, want one more than two", runs)
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
