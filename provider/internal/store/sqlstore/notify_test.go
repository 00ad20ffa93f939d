package sqlstore_test

import (
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

func await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		t.Fatalf("not woken: %s", what)
	}
}

func TestWakeReachesOtherReplicas(t *testing.T) {
	t.Parallel()
	url := pgtest.DSN(t)
	a, b := pgtest.OpenURL(t, url), pgtest.OpenURL(t, url)
	clients, cancel := b.Subscribe("client")
	defer cancel()
	keys, cancelKeys := b.Subscribe("signing_key")
	defer cancelKeys()
	await(t, clients, "when the connection listens")
	await(t, keys, "when the connection listens")

	for range 50 {
		a.Wake(t.Context(), "client")
		await(t, clients, "by the other replica")
	}
	select {
	case <-keys:
		t.Error("woken by another topic")
	default:
	}
	for _, topic := range []string{"signing_key", "a topic with spaces, 'quotes' and è"} {
		woken, cancel := b.Subscribe(topic)
		a.Wake(t.Context(), topic)
		await(t, woken, topic)
		cancel()
	}
}

func TestListenerComesBack(t *testing.T) {
	t.Parallel()
	url := pgtest.DSN(t)
	a, b := pgtest.OpenURL(t, url), pgtest.OpenURL(t, url)
	woken, cancel := b.Subscribe("client")
	defer cancel()
	await(t, woken, "when the connection listens")
	const listeners = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
	var ended bool
	if err := a.SQL().QueryRowContext(t.Context(), listeners).Scan(&ended); err != nil || !ended {
		t.Fatalf("end the listener: %v, %v", ended, err)
	}
	await(t, woken, "when the connection listens again: something may have been missed")
	a.Wake(t.Context(), "client")
	await(t, woken, "after the interruption")
}

func TestCloseSendsWhatIsDue(t *testing.T) {
	t.Parallel()
	url := pgtest.DSN(t)
	b := pgtest.OpenURL(t, url)
	woken, cancel := b.Subscribe("client")
	defer cancel()
	await(t, woken, "when the connection listens")
	for range 20 {
		command := pgtest.OpenURL(t, url)
		command.Wake(t.Context(), "client")
		if err := command.Close(); err != nil {
			t.Fatal(err)
		}
		await(t, woken, "by a command that ended right after")
	}
}
