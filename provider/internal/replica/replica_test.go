package replica

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// memory is a Store; the database that carries it is not needed.
type memory struct {
	mu   sync.Mutex
	rows map[key]Plugin
	fail error
}

func (m *memory) set(fail error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memory) has(k key) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.rows[k]
	return ok
}

func (m *memory) AnnounceReplica(_ context.Context, _ tx.Q, p Plugin) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		m.rows[key{p.Replica, p.Instance}] = p
	}
	return m.fail
}

func (m *memory) Replicas(context.Context, tx.Q) ([]Plugin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.rows)), m.fail
}

func (m *memory) ForgetReplica(_ context.Context, _ tx.Q, id string, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.rows, func(k key, p Plugin) bool { return k.replica == id && !p.SeenAt.After(until) })
	return m.fail
}

// member is a replica that runs one plugin.
type member struct {
	*Registry
	version uint32
	stop    context.CancelFunc
	done    chan struct{}
}

func join(t *testing.T, m *memory, id string, version uint32, skew time.Duration) *member {
	t.Helper()
	me := &member{version: version, done: make(chan struct{})}
	me.Registry = New(Options{ID: id, Store: m, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(skew) },
		Own: func() []Plugin { return []Plugin{{Instance: "otp", StateVersion: me.version, PluginVersion: "1"}} }})
	if err := me.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	me.stop = cancel
	go func() { defer close(me.done); _ = me.Run(ctx) }()
	return me
}

// leave stops the replica in order; vanish does not let it say so.
func (me *member) leave() { me.stop(); <-me.done }

func (me *member) want(t *testing.T, version uint32, when string) {
	t.Helper()
	if got := me.Highest("otp", me.version); got != version {
		t.Errorf("%s: writes version %d, want %d", when, got, version)
	}
}

// A rolling upgrade and the way back: nobody ever writes what somebody who lives cannot read.
func TestRollingUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[key]Plugin{}}
		a, b := join(t, m, "a", 1, 0), join(t, m, "b", 1, -time.Hour) // clocks an hour apart
		c := join(t, m, "c", 2, time.Hour)
		c.want(t, 1, "beside two of the version before")
		a.leave()
		a = join(t, m, "a2", 2, 0)
		a.want(t, 1, "beside one of the version before")
		b.leave()
		b = join(t, m, "b2", 2, 0)
		time.Sleep(Every + time.Second)
		for _, me := range []*member{a, b, c} {
			me.want(t, 2, "when all are new")
		}
		before := time.Now()
		back := join(t, m, "d", 1, 0)
		if time.Since(before) < Every {
			t.Error("an older one began before the others could have taken notice")
		}
		for _, me := range []*member{a, b, c} {
			me.want(t, 1, "when an older one came")
		}
		for _, me := range []*member{a, b, c, back} {
			me.leave()
		}
		if len(m.rows) != 0 {
			t.Errorf("left behind: %v", m.rows)
		}
	})
}

// A replica that was killed counts for half a minute, and its rows go after an hour.
func TestDeadReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[key]Plugin{{"dead", "otp"}: {Replica: "dead", Instance: "otp", StateVersion: 1, SeenAt: time.Now().Add(24 * time.Hour)}}}
		me := join(t, m, "a", 2, 0)
		me.want(t, 1, "it may be alive")
		time.Sleep(liveFor + Every)
		me.want(t, 2, "it has not moved")
		time.Sleep(buryAfter + Every)
		if m.has(key{"dead", "otp"}) {
			t.Error("its row is still there")
		}
		me.leave()
	})
}

// Who does not know writes what every version can read.
func TestUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[key]Plugin{}}
		fresh := New(Options{Store: m, Now: time.Now})
		for own, want := range map[uint32]uint32{0: 0, 1: 1, 2: 1, 7: 6} {
			if got := fresh.Highest("otp", own); got != want {
				t.Errorf("own version %d: %d, want %d", own, got, want)
			}
		}
		me := join(t, m, "a", 3, 0)
		me.want(t, 3, "alone")
		m.set(errors.New("the database is away"))
		time.Sleep(staleAfter / 2)
		me.want(t, 3, "for a moment")
		time.Sleep(staleAfter)
		me.want(t, 2, "for long")
		m.set(nil)
		me.Changed()
		synctest.Wait()
		me.want(t, 3, "when it is back")
		me.leave()
	})
}
