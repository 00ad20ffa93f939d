package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

func TestTwoReplicasSendEachMessageOnce(t *testing.T) {
	t.Parallel()
	dsn := newDSN(t, PostgreSQL)
	a := newRig(t, openMigrated(t, dsn), twoSMS)
	second, err := openStore(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.pool.Close() })
	b := newRig(t, second, twoSMS)
	var rec recorder
	a.work(t, &rec)
	b.work(t, &rec)
	const n = 60
	for i := range n {
		r := []*rig{a, b}[i%2]
		r.queue(t, code(fmt.Sprint(i)))
	}
	for _, m := range a.settle(t) {
		if m.State != Sent || m.Attempts != 1 {
			t.Errorf("%+v", m)
		}
	}
	seen := map[string]bool{}
	for _, m := range rec.all() {
		if seen[m.IdempotencyKey] {
			t.Errorf("%s was sent twice", m.IdempotencyKey)
		}
		seen[m.IdempotencyKey] = true
	}
	if len(seen) != n {
		t.Errorf("%d messages were sent, want %d", len(seen), n)
	}
}

func TestStopLetsAnAttemptFinish(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		grace time.Duration
		send  func(ctx context.Context, stop context.CancelFunc) (*sdk.SendResult, error)
		state State
	}{
		"it ends in time": {time.Minute, func(_ context.Context, stop context.CancelFunc) (*sdk.SendResult, error) {
			stop()
			return &sdk.SendResult{Accepted: true}, nil
		}, Sent},
		"it does not": {50 * time.Millisecond, func(ctx context.Context, stop context.CancelFunc) (*sdk.SendResult, error) {
			stop()
			<-ctx.Done()
			return nil, ctx.Err()
		}, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, newStore(t, SQLite), twoSMS)
			r.queue(t, code("a"))
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			w := r.worker(senderFunc(func(ctx context.Context, _ sdk.Message) (*sdk.SendResult, error) { return tc.send(ctx, stop) }))
			w.grace = tc.grace
			if err := w.Run(ctx); err != nil {
				t.Errorf("Run = %v", err)
			}
			// Run has ended: what is not written down now never will be.
			if m := r.rows(t)[0]; m.State != tc.state {
				t.Errorf("the message is %s, want %s", m.State, tc.state)
			}
		})
	}
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	dsn := newDSN(t, PostgreSQL)
	r := newRig(t, openMigrated(t, dsn), twoSMS)
	r.queue(t, code("before"))
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	admin, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	away := func(is bool) {
		t.Helper()
		for _, q := range []string{
			fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %v`, name, !is),
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`,
		} {
			if _, err := admin.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	}
	away(true) // also when the worker starts
	var rec recorder
	r.work(t, &rec)
	waitFor(t, r, "the outbox cannot start yet")
	away(false)
	r.settle(t)

	away(true) // and while it works
	waitFor(t, r, "Error fetching jobs")
	away(false)
	r.queueUntilItWorks(t, code("after"))
	r.settle(t)
	if n := len(rec.all()); n != 2 {
		t.Errorf("sent %d messages, want 2:\n%s", n, r.log)
	}
}

func waitFor(t *testing.T, r *rig, line string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(r.log.String(), line); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log never says %q:\n%s", line, r.log)
		}
	}
}

// queueUntilItWorks is a caller that comes back: the pool still hands out connections that the server has ended.
func (r *rig) queueUntilItWorks(t *testing.T, m Message) {
	t.Helper()
	for i := 0; r.store.pool.PingContext(t.Context()) != nil; i++ {
		if i == 100 {
			t.Fatal("the database did not come back")
		}
	}
	r.queue(t, m)
}

// failing is a store whose next writes fail.
type failing struct {
	*testStore
	left atomic.Int64
}

func (f *failing) UpdateMessage(ctx context.Context, q tx.Q, r Row) error {
	if f.left.Add(-1) >= 0 {
		return fault.New(fault.Unavailable, "the database fails over")
	}
	return f.testStore.UpdateMessage(ctx, q, r)
}

func TestWhatWasSentIsWrittenDownAfterABlip(t *testing.T) {
	t.Parallel()
	s := newStore(t, SQLite)
	r := newRig(t, s, twoSMS)
	f := &failing{testStore: s}
	r.Store = f
	r.queue(t, code("a"))
	r.work(t, senderFunc(func(context.Context, sdk.Message) (*sdk.SendResult, error) {
		f.left.Store(2)
		return &sdk.SendResult{Accepted: true}, nil
	}))
	if m := r.settle(t)[0]; m.State != Sent {
		t.Errorf("%+v\n%s", m, r.log)
	}
}

func TestPluginThatStartsLate(t *testing.T) {
	t.Parallel()
	r := newRig(t, newStore(t, SQLite), twoSMS)
	var up lateTexts
	r.queue(t, code("a"))
	var rec recorder
	w := r.worker(&rec, func(o *WorkerOptions) { o.Texts = &up })
	w.textTries = textTries
	run(t, w)
	waitFor(t, r, "the text of a message cannot be made")
	up.Store(true)
	if m := r.settle(t)[0]; m.State != Sent || len(rec.all()) != 1 {
		t.Errorf("%+v", m)
	}
}

// lateTexts has no texts until its plugin has started.
type lateTexts struct{ atomic.Bool }

func (l *lateTexts) Text(instance, locale, key string) (string, bool) {
	if !l.Load() {
		return "", false
	}
	return otpTexts.Text(instance, locale, key)
}

func TestStopBetweenClaimAndSend(t *testing.T) {
	t.Parallel()
	r := newRig(t, newStore(t, SQLite), twoSMS)
	r.queue(t, code("a"))
	var rec recorder
	w := r.worker(&rec)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	a := &attempt{w: w, row: &r.rows(t)[0]}
	if again := a.through(ctx, []string{"first"}, sdk.Message{}); again == 0 {
		t.Error("the message is over")
	}
	if m := r.rows(t)[0]; m.State != Queued || len(rec.all()) != 0 {
		t.Errorf("a message that was surely not sent is %s, sent %d times", m.State, len(rec.all()))
	}
}
