package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/tx"
)

// byInstance answers as each channel instance is told to, and counts.
type byInstance struct {
	first, second senderFunc
	asked         [2]atomic.Int64
}

func (b *byInstance) Send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	if m.InstanceID == "first" {
		b.asked[0].Add(1)
		return b.first(ctx, m)
	}
	b.asked[1].Add(1)
	return b.second(ctx, m)
}

func answer(res *sdk.SendResult, err error) senderFunc {
	return func(context.Context, sdk.Message) (*sdk.SendResult, error) { return res, err }
}

// vouched is an error that knows whether the message left.
type vouched struct {
	error
	notSent bool
}

func (v vouched) NotSent() bool { return v.notSent }
func (v vouched) Unwrap() error { return v.error }

var (
	yes     = answer(&sdk.SendResult{Accepted: true, ProviderID: "id"}, nil)
	notNow  = answer(&sdk.SendResult{}, nil)
	never   = answer(&sdk.SendResult{Permanent: true}, nil)
	down    = answer(nil, status.Error(codes.Unavailable, "no route"))
	silent  = answer(nil, status.Error(codes.DeadlineExceeded, "no answer"))
	broken  = answer(nil, errors.New("EOF"))
	nothing = answer(nil, nil)
	// The plugin host's errors: a process that was not there, and one that died under the call.
	absent = answer(nil, fmt.Errorf("call: %w", vouched{errors.New("restarting"), true}))
	died   = answer(nil, vouched{status.Error(codes.Unavailable, "error reading from server: EOF"), false})
	panics = senderFunc(func(context.Context, sdk.Message) (*sdk.SendResult, error) { panic("918273 to +39333000111") })
	hangs  = senderFunc(func(ctx context.Context, _ sdk.Message) (*sdk.SendResult, error) {
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	})
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		first, second senderFunc
		state         State
		kind          string
		sender        string
		asked         [2]int64
	}{
		"accepted":                    {yes, nil, Sent, "", "first", [2]int64{1, 0}},
		"fault, second accepts":       {down, yes, Sent, "", "second", [2]int64{1, 1}},
		"not accepted, second does":   {notNow, yes, Sent, "", "second", [2]int64{1, 1}},
		"refused for good":            {never, nil, Failed, KindRefused, "first", [2]int64{1, 0}},
		"fault, then refused":         {down, never, Failed, KindRefused, "second", [2]int64{1, 1}},
		"no answer is not repeated":   {silent, nil, Unknown, KindNoAnswer, "first", [2]int64{1, 0}},
		"lost answer":                 {broken, nil, Unknown, KindNoAnswer, "first", [2]int64{1, 0}},
		"neither answer nor error":    {nothing, nil, Unknown, KindNoAnswer, "first", [2]int64{1, 0}},
		"fault, then no answer":       {down, silent, Unknown, KindNoAnswer, "second", [2]int64{1, 1}},
		"hangs until its time is up":  {hangs, nil, Unknown, KindNoAnswer, "first", [2]int64{1, 0}},
		"no process, second accepts":  {absent, yes, Sent, "", "second", [2]int64{1, 1}},
		"process died under the call": {died, nil, Unknown, KindNoAnswer, "first", [2]int64{1, 0}},
		"panics below Send":           {panics, nil, Unknown, KindDefect, "first", [2]int64{1, 0}},
		"nobody can: poison, retried": {down, notNow, Failed, KindNotAccepted, "second", [2]int64{2, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, newStore(t, SQLite), twoSMS)
			b := &byInstance{first: tc.first, second: tc.second}
			r.queue(t, code("a"))
			r.work(t, b, func(o *WorkerOptions) { o.Attempts, o.SendTimeout = 4, 200*time.Millisecond })
			m := r.settle(t)[0]
			if m.State != tc.state || m.LastErrorKind != tc.kind || m.Sender != tc.sender {
				t.Errorf("ended %s/%q by %q, want %s/%q by %q", m.State, m.LastErrorKind, m.Sender, tc.state, tc.kind, tc.sender)
			}
			if got := [2]int64{b.asked[0].Load(), b.asked[1].Load()}; got != tc.asked {
				t.Errorf("asked %v times, want %v", got, tc.asked)
			}
			if len(m.Sealed) != 0 {
				t.Error("a message that is over is still sealed in its row")
			}
			for _, secret := range []string{"918273", "+39333000111"} {
				if strings.Contains(r.log.String(), secret) {
					t.Errorf("%q is in the log:\n%s", secret, r.log)
				}
			}
			errs := r.count(t, `SELECT count(*) FROM river_job WHERE errors IS NOT NULL`)
			if errs != 0 {
				t.Error("the job queue stored an error, in clear")
			}
		})
	}
}

func TestUnsureIsRepeatedWhereAKeyCountsOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, newStore(t, SQLite), twoSMS)
	var calls atomic.Int64
	var keys [2]string
	var sent [2]sdk.Message
	b := &byInstance{first: func(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
		n := calls.Add(1)
		keys[n-1], sent[n-1] = m.IdempotencyKey, m
		if n == 1 {
			return silent(ctx, m)
		}
		return yes(ctx, m)
	}}
	r.queue(t, code("a"))
	r.work(t, b, func(o *WorkerOptions) { o.Idempotent = map[string]bool{"first": true} })
	m := r.settle(t)[0]
	if m.State != Sent || calls.Load() != 2 || b.asked[1].Load() != 0 {
		t.Errorf("%s after %d calls, second channel %d", m.State, calls.Load(), b.asked[1].Load())
	}
	if keys[0] != keys[1] || keys[0] != m.Key {
		t.Errorf("the key changed between the attempts: %q", keys)
	}
	// The channel learns that, and since when, the message may be with its provider.
	if first, then := sent[0].MaybeSentSince, sent[1].MaybeSentSince; !first.IsZero() || !then.Equal(m.CreatedAt) || sent[0].Locale != "it" {
		t.Errorf("may have been sent since %v, then %v, made at %v; locale %q", first, then, m.CreatedAt, sent[0].Locale)
	}
}

func TestBoundToTheChannelThatMayHaveSentIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		then  senderFunc // what the first channel says after it gave no answer
		late  bool       // the message's time is over by then
		state State
	}{
		"knows nothing of it now":  {down, false, Unknown},
		"does not accept it now":   {notNow, false, Unknown},
		"still no answer":          {silent, false, Unknown},
		"takes it, or took it":     {yes, false, Sent},
		"refuses it":               {never, false, Failed},
		"too late to ask it again": {yes, true, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, newStore(t, SQLite), twoSMS)
			var late atomic.Bool
			r.Now = func() time.Time {
				if late.Load() {
					return time.Now().Add(time.Hour)
				}
				return time.Now()
			}
			var calls atomic.Int64
			b := &byInstance{second: yes, first: func(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
				if calls.Add(1) == 1 {
					late.Store(tc.late)
					return silent(ctx, m)
				}
				return tc.then(ctx, m)
			}}
			r.queue(t, code("a"))
			r.work(t, b, func(o *WorkerOptions) { o.Idempotent, o.Attempts = map[string]bool{"first": true}, 2 })
			if m := r.settle(t)[0]; m.State != tc.state {
				t.Errorf("ended %s/%q, want %s", m.State, m.LastErrorKind, tc.state)
			}
			if n := b.asked[1].Load(); n != 0 {
				t.Errorf("the other channel was asked %d times: a second message", n)
			}
		})
	}
}

func TestExpiredIsNeverSent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, twoSMS)
		late := code("late")
		late.ExpiresAt = time.Now().Add(-time.Second)
		r.queue(t, late)
		var rec recorder
		r.work(t, &rec)
		if m := r.settle(t)[0]; m.State != Expired || m.LastErrorKind != KindTooLate || m.Attempts != 0 {
			t.Errorf("%+v", m)
		}
		if n := len(rec.all()); n != 0 {
			t.Errorf("a dead code was sent %d times", n)
		}
	})
}

func TestExpiresBetweenAttempts(t *testing.T) {
	t.Parallel()
	r := newRig(t, newStore(t, SQLite), twoSMS)
	m := code("a")
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	r.Now = func() time.Time { return time.Unix(0, clock.Load()) }
	m.ExpiresAt = r.Now().Add(time.Minute)
	b := &byInstance{first: func(context.Context, sdk.Message) (*sdk.SendResult, error) {
		clock.Add(int64(2 * time.Minute)) // the first channel took its time to say no
		return nil, status.Error(codes.Unavailable, "")
	}}
	r.queue(t, m)
	r.work(t, b)
	if got := r.settle(t)[0]; got.State != Expired || got.LastErrorKind != KindFault || b.asked[1].Load() != 0 {
		t.Errorf("%s, second channel asked %d times", got.State, b.asked[1].Load())
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, r *rig, m *Message)
		kind  string
	}{
		"no such text":      {func(_ *testing.T, _ *rig, m *Message) { m.Template = "missing" }, KindTemplate},
		"broken text":       {func(_ *testing.T, _ *rig, m *Message) { m.Template = "broken" }, KindTemplate},
		"missing parameter": {func(_ *testing.T, _ *rig, m *Message) { m.Params = nil }, KindTemplate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, newStore(t, SQLite), twoSMS)
			m := code("a")
			tc.spoil(t, r, &m)
			r.queue(t, m)
			var rec recorder
			r.work(t, &rec)
			if got := r.settle(t)[0]; got.State != Failed || got.LastErrorKind != tc.kind || len(rec.all()) != 0 {
				t.Errorf("%s/%q, sent %d", got.State, got.LastErrorKind, len(rec.all()))
			}
		})
	}
}

func TestSealedPartOfAnotherMessageDoesNotOpen(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, twoSMS)
		thief := code("a")
		thief.Subject = "sub-thief"
		if err := s.InTx(t.Context(), func(q tx.Q) error {
			if err := r.Queue(t.Context(), q, thief, code("a")); err != nil {
				return err
			}
			// Somebody who writes to the database swaps whose code goes where.
			_, err := q.ExecContext(t.Context(), `UPDATE message SET sealed = (SELECT m.sealed FROM message m WHERE m.subject = $1)
				WHERE subject = $2`, "sub-1", "sub-thief")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var rec recorder
		r.work(t, &rec)
		for _, m := range r.settle(t) {
			if m.Subject == "sub-thief" && (m.State != Failed || m.LastErrorKind != KindUnreadable) {
				t.Errorf("the swapped message is %s/%q", m.State, m.LastErrorKind)
			}
		}
		if n := len(rec.all()); n != 1 {
			t.Errorf("sent %d messages, want the untouched one alone", n)
		}
	})
}

func TestPrune(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, map[string][]string{SMS: {"first"}})
		gone := code("over")
		gone.To = ""
		r.queue(t, gone, code("waiting"))
		w := r.worker(yes)
		r.Now = func() time.Time { return time.Now().Add(w.Retention + time.Hour) }
		if err := w.prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rows := r.rows(t); len(rows) != 1 || rows[0].State != Queued {
			t.Errorf("left %+v", rows)
		}
	})
}

func TestWaitGrowsAndIsBounded(t *testing.T) {
	t.Parallel()
	for _, attempts := range []int64{0, 1, 2, 5, 9, 20, 1000} {
		d := (&attempt{row: &Row{Attempts: attempts}}).wait()
		if d < firstWait*4/5 || d > longest*6/5 {
			t.Errorf("after %d attempts: %s", attempts, d)
		}
	}
	if a, b := (&attempt{row: &Row{Attempts: 1}}).wait(), (&attempt{row: &Row{Attempts: 6}}).wait(); b <= a {
		t.Errorf("%s after one attempt, %s after six", a, b)
	}
}
