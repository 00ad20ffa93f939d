package audit_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/audit/audittest"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

func write(t testing.TB, w *world, n int) {
	t.Helper()
	if err := audit.Write(context.Background(), w, w, audittest.Events(n)...); err != nil {
		t.Fatal(err)
	}
}

// What a forger leaves in the stored hashes must never get our signature.
func TestSealerRefusesToSignOverTampering(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, w *world){
		"edge hash altered": func(_ *testing.T, w *world) { w.flip(2, 0) },
		"edge hash removed": func(_ *testing.T, w *world) { delete(w.Hashes, tlog.StoredHashIndex(2, 0)) },
		"head forged": func(t *testing.T, w *world) {
			stranger, _ := audittest.Key(t, "log.test/audit")
			w.State.Checkpoint = w.sign(t, 5, w.rehash(t), stranger)
		},
		"head of another size": func(_ *testing.T, w *world) { w.State.Size = 4 },
		"head removed":         func(_ *testing.T, w *world) { w.State.Checkpoint = nil },
		"head of another log": func(t *testing.T, w *world) {
			other, keys := audittest.Key(t, "other.test/audit")
			w.State.Checkpoint = w.sign(t, 5, w.rehash(t), other)
			w.keys = both{w.keys, keys}
		},
	}
	for name, tamper := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, 5)
			tamper(t, w)
			head := w.State
			write(t, w, 1)
			n, err := audittest.Sealer(w, w, w.signer, w.keys).Seal(t.Context())
			if n != 0 || err == nil || fault.Is(err, fault.Conflict) {
				t.Errorf("Seal = %d, %v; want a lasting refusal", n, err)
			}
			if w.State.Size != head.Size || len(w.Pending) != 1 {
				t.Error("something was sealed")
			}
		})
	}
}

// The process remembers what it sealed: a log cut back to an older signed head is found at once, with no kept copy.
func TestSealerNoticesALogSetBack(t *testing.T) {
	t.Parallel()
	w := build(t, 5)
	s := audittest.Sealer(w, w, w.signer, w.keys)
	older := w.State
	write(t, w, 2)
	if n, err := s.Seal(t.Context()); n != 2 || err != nil {
		t.Fatalf("Seal = %d, %v", n, err)
	}
	w.State, w.Log = older, w.Log[:5]
	write(t, w, 1)
	if _, err := s.Seal(t.Context()); err == nil || !strings.Contains(err.Error(), "set back") {
		t.Errorf("Seal = %v, want a complaint", err)
	}
	if n, err := audittest.Sealer(w, w, w.signer, w.keys).Seal(t.Context()); n != 1 || err != nil {
		t.Errorf("a restarted process must be able to go on: %d, %v", n, err)
	}
}

func TestSealerTakesOverFromAnother(t *testing.T) {
	t.Parallel()
	w := build(t)
	a, b := audittest.Sealer(w, w, w.signer, w.keys), audittest.Sealer(w, w, w.signer, w.keys)
	for i := range 9 {
		write(t, w, i+1)
		s := a
		if i%3 == 1 {
			s = b
		}
		if n, err := s.Seal(t.Context()); n != i+1 || err != nil {
			t.Fatalf("round %d: Seal = %d, %v", i, n, err)
		}
	}
	if r := w.verify(t); !r.OK() || r.Checked != 45 {
		t.Errorf("Verify = %+v", r)
	}
}

func TestSealerAfterKeyRotation(t *testing.T) {
	t.Parallel()
	w := build(t, 5)
	fresh, freshKeys := audittest.Key(t, "log.test/audit")
	w.signer, w.keys = fresh, both{freshKeys, w.keys}
	w.extend(t, 4)
	if r := w.verify(t); !r.OK() || r.Checkpoints != 2 {
		t.Errorf("Verify = %+v", r)
	}
	w.keys = freshKeys
	if r := w.verify(t); r.OK() || r.Findings[0].Problem != audit.CheckpointForged {
		t.Errorf("without the old key the old checkpoint must not count: %+v", r)
	}
}

func TestSealerEmptiesABacklog(t *testing.T) {
	t.Parallel()
	w := build(t)
	for range 30 {
		write(t, w, audit.MaxEvents)
	}
	if n, err := audittest.Sealer(w, w, w.signer, w.keys).Seal(t.Context()); n != 30*audit.MaxEvents || err != nil {
		t.Errorf("Seal = %d, %v", n, err)
	}
	if r := w.verify(t); !r.OK() || r.Checked != 30*audit.MaxEvents {
		t.Errorf("Verify = %+v", r)
	}
}

// lostCommit loses the answer to a commit that happened.
type lostCommit struct {
	*audittest.Store
	lose bool
}

func (l *lostCommit) InTx(ctx context.Context, fn func(q tx.Q) error) error {
	err := l.Store.InTx(ctx, fn)
	if err == nil && l.lose {
		l.lose = false
		return fault.New(fault.Unavailable, "connection lost")
	}
	return err
}

func TestSealerAfterALostAnswer(t *testing.T) {
	t.Parallel()
	w := build(t)
	db := &lostCommit{Store: w.Store}
	s := audittest.Sealer(db, w, w.signer, w.keys)
	for round := range 4 {
		write(t, w, 3)
		db.lose = round == 1
		if _, err := s.Seal(t.Context()); (err != nil) != (round == 1) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	if r := w.verify(t); !r.OK() || r.Checked != 12 || len(w.Pending) != 0 {
		t.Errorf("Verify = %+v, %d pending", r, len(w.Pending))
	}
}

type observed struct {
	sync.Mutex
	events, failures int
	oldest           time.Duration
	size             int64
}

func (o *observed) AuditSealed(n int, oldest time.Duration, size int64) {
	o.Lock()
	defer o.Unlock()
	o.events, o.oldest, o.size = o.events+n, oldest, size
}

func (o *observed) AuditSealFailed() {
	o.Lock()
	defer o.Unlock()
	o.failures++
}

func TestSealerRun(t *testing.T) {
	t.Parallel()
	w := build(t)
	w.keys = both{w.keys, w.keys}
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		seen := &observed{}
		s := audittest.Sealer(w, w, w.signer, w.keys)
		s.Now, s.Log, s.Observer = time.Now, slog.New(slog.NewTextHandler(&log, nil)), seen
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}

		pass(100*time.Second + time.Millisecond)
		if w.Queries != 100 {
			t.Errorf("%d queries in 100 idle seconds, want 100", w.Queries)
		}

		write(t, w, 3)
		pass(time.Second)
		if seen.events != 3 || seen.size != 3 || len(w.Pending) != 0 {
			t.Errorf("a second after writing: %d sealed, %d pending", seen.events, len(w.Pending))
		}

		w.Fail(fault.New(fault.Unavailable, "database down"))
		pass(5 * time.Minute)
		if seen.failures < 10 || seen.failures > 20 {
			t.Errorf("%d attempts in five minutes without a database, want them to thin out", seen.failures)
		}
		w.Fail(nil)
		write(t, w, 2)
		pass(31 * time.Second)
		if seen.events != 5 {
			t.Errorf("%d sealed after the database came back, want 5", seen.events)
		}

		for range 130 { // a little over two hours of steady traffic
			write(t, w, 1)
			pass(time.Minute)
		}
		if n := len(w.Kept); n < 130 || n > 133 {
			t.Errorf("%d checkpoints kept in 130 minutes, want one a minute", n)
		}
		if n := strings.Count(log.String(), `msg="audit checkpoint"`); n != 3 {
			t.Errorf("%d checkpoints announced in the log, want one an hour and the first", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	if r := w.verify(t); !r.OK() || r.Checked != 135 {
		t.Errorf("Verify = %+v", r)
	}
}
