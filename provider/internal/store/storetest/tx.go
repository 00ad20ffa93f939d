package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/tx"
)

var txRules = []rule{
	{"a transaction commits what it did", txCommits},
	{"a transaction that fails did nothing", txFails},
	{"a transaction that panics did nothing", txPanics},
	{"a lost insertion leaves the transaction usable", txGoesOn},
	{"a cancelled request changes nothing and costs nothing", txCancelled},
	{"a woken topic wakes its subscribers", wakes},
}

func txCommits(t *testing.T, s store.Store) {
	ctx := t.Context()
	check(t, s.InTx(ctx, func(q tx.Q) error {
		check(t, s.InsertClient(ctx, q, client("a")))
		_ = must(s.Client(ctx, q, "a"))(t) // it sees what it wrote
		return s.InsertClient(ctx, q, client("b"))
	}))
	same(t, len(must(s.Clients(ctx, s))(t)), 2)
}

func txFails(t *testing.T, s store.Store) {
	ctx := t.Context()
	mine := errors.New("mine")
	err := s.InTx(ctx, func(q tx.Q) error {
		check(t, s.InsertClient(ctx, q, client("a")))
		return mine
	})
	if !errors.Is(err, mine) {
		t.Errorf("InTx answers %v, want the error of its function", err)
	}
	same(t, len(must(s.Clients(ctx, s))(t)), 0)
}

func txPanics(t *testing.T, s store.Store) {
	ctx := t.Context()
	func() {
		defer func() { same(t, recover(), any("mine")) }()
		_ = s.InTx(ctx, func(q tx.Q) error {
			check(t, s.InsertClient(ctx, q, client("a")))
			panic("mine")
		})
	}()
	same(t, len(must(s.Clients(ctx, s))(t)), 0)
	check(t, s.InsertClient(ctx, s, client("a"))) // the connection is in order
}

func txGoesOn(t *testing.T, s store.Store) {
	ctx := t.Context()
	check(t, s.InsertClient(ctx, s, client("a")))
	check(t, s.InTx(ctx, func(q tx.Q) error {
		wantKind(t, s.InsertClient(ctx, q, client("a")), fault.Conflict, "a client_id that is taken")
		return s.InsertClient(ctx, q, client("b"))
	}))
	same(t, len(must(s.Clients(ctx, s))(t)), 2)
}

func txCancelled(t *testing.T, s store.Store) {
	for range 20 { // more often than there are connections
		ctx, cancel := context.WithCancel(t.Context())
		err := s.InTx(ctx, func(q tx.Q) error {
			check(t, s.InsertClient(ctx, q, client("a")))
			cancel()
			return s.InsertClient(ctx, q, client("b"))
		})
		if err == nil {
			t.Fatal("a transaction whose asker went away was committed")
		}
		if _, err := s.Client(ctx, s, "a"); err == nil {
			t.Fatal("a statement whose asker went away was run")
		}
	}
	check(t, s.InsertClient(t.Context(), s, client("a")))
}

// undone holds a store to failing a transaction as a whole when something in it meets what is taken, even if the store says so no
// earlier than at the commit.
func undone(t *testing.T, s store.Store, what string, fn func(q tx.Q) error) {
	t.Helper()
	err := s.InTx(t.Context(), func(q tx.Q) error {
		check(t, s.InsertClient(t.Context(), q, client("undone")))
		return fn(q)
	})
	wantKind(t, err, fault.Conflict, what+", in a transaction")
	_, err = s.Client(t.Context(), s, "undone")
	wantKind(t, err, fault.NotFound, "what a failed transaction did before")
}

func wakes(t *testing.T, s store.Store) {
	woken, cancel := s.Subscribe("topic")
	other, cancelOther := s.Subscribe("other topic")
	defer cancelOther()
	for range 3 {
		s.Wake(t.Context(), "topic")
	}
	select {
	case <-woken:
	case <-time.After(time.Minute):
		t.Fatal("nobody was woken")
	}
	cancel()
	cancel() // twice is no harm
	s.Wake(t.Context(), "topic")
	s.Wake(t.Context(), "other topic")
	<-other
}
