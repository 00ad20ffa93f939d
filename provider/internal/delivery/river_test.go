package delivery

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The next two tests hold River to what newDriver makes of it: they fail when a new release of it no longer asks.

func TestWakeIsEnoughWithoutPolling(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, twoSMS)
		var rec recorder
		w := r.worker(&rec)
		w.poll = time.Hour
		run(t, w)
		r.queue(t, code("first"))
		r.settle(t)
		r.queue(t, code("second")) // the worker is long past its first fetch
		r.settle(t)
		if n := len(rec.all()); n != 2 {
			t.Errorf("sent %d messages", n)
		}
	})
}

func TestNoNotifyInTheCallersTransaction(t *testing.T) {
	t.Parallel()
	dsn := newDSN(t, PostgreSQL)
	r := newRig(t, openMigrated(t, dsn), twoSMS)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const topic = `"public.` + insertTopic + `"` // River puts the schema before it
	if _, err := conn.Exec(t.Context(), `LISTEN `+topic); err != nil {
		t.Fatal(err)
	}
	r.queue(t, code("a"))
	if _, err := r.store.ExecContext(t.Context(), `NOTIFY `+topic+`, 'ours'`); err != nil {
		t.Fatal(err)
	}
	n, err := conn.WaitForNotification(t.Context())
	if err != nil || n.Payload != "ours" { // they come in the order of their commits
		t.Errorf("the transaction that queued a message notified: %+v, %v", n, err)
	}
}

func TestMigrateIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	for _, engine := range []Engine{PostgreSQL, SQLite} {
		s, err := openStore(newDSN(t, engine))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.pool.Close() })
		before, err := PendingMigrations(t.Context(), engine, s.pool)
		if err != nil || len(before) == 0 {
			t.Fatalf("%s: pending %v, %v on an empty database", engine, before, err)
		}
		for range 2 {
			if err := Migrate(t.Context(), engine, s.pool); err != nil {
				t.Fatal(err)
			}
		}
		if after, err := PendingMigrations(t.Context(), engine, s.pool); err != nil || len(after) != 0 {
			t.Errorf("%s: pending %v, %v after Migrate", engine, after, err)
		}
	}
}

func TestUnknownEngine(t *testing.T) {
	t.Parallel()
	if _, err := NewOutbox(Options{Engine: "oracle"}); err == nil || !strings.Contains(err.Error(), "oracle") {
		t.Errorf("NewOutbox = %v", err)
	}
	if err := Migrate(t.Context(), "oracle", nil); err == nil {
		t.Error("Migrate takes an unknown engine")
	}
	if _, err := PendingMigrations(t.Context(), "oracle", nil); err == nil {
		t.Error("PendingMigrations takes an unknown engine")
	}
}
