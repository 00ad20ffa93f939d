package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/instancekey"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/tx"
)

var waitRules = []rule{
	{"a flow that waits is found by subject and by handle", waitFound},
	{"a flow that is over, expired or gone is not", waitOver},
	{"a signal reaches the step it was left for and no other", waitSignal},
	{"a signal left during a step makes the flow due again", waitHurried},
	{"a flow that is due is taken by one replica until its lease ends", waitClaimed},
	{"signals of one flow are bounded", waitBounded},
}

var instanceKeyRules = []rule{
	{"an instance's key comes back as written, newest first", instanceKeyRoundTrip},
}

func waiting(flow, subject, handle string) login.Wait {
	return login.Wait{Flow: flow, ID: "w-" + flow, Instance: "phone", Subject: subject, Handle: handle, CreatedAt: noon, ExpiresAt: noon.Add(10 * time.Minute)}
}

// putWait writes that a flow that has just begun waits.
func putWait(t *testing.T, s store.Store, w login.Wait, heard ...string) {
	t.Helper()
	if _, err := s.Flow(t.Context(), s, w.Flow); fault.Is(err, fault.NotFound) {
		check(t, s.InsertFlow(t.Context(), s, begun(w.Flow)))
	}
	check(t, s.InTx(t.Context(), func(q tx.Q) error { return s.PutWait(t.Context(), q, w, heard, noon) }))
}

// leave leaves a signal, and says whether there was somebody to leave it to.
func leave(t *testing.T, s store.Store, to login.Due, id string) (left bool) {
	t.Helper()
	check(t, s.InTx(t.Context(), func(q tx.Q) (err error) {
		left, err = s.LeaveSignal(t.Context(), q, to, login.Signal{ID: id, Sealed: []byte(id)}, noon, noon.Add(2*time.Second))
		return err
	}))
	return left
}

func flowsOf(t *testing.T, s store.Store, instance, subject, handle string, now time.Time) []string {
	t.Helper()
	var ids []string
	for _, f := range must(s.WaitingFlows(t.Context(), s, instance, subject, handle, now, 3))(t) {
		ids = append(ids, f.ID)
	}
	return ids
}

func waitFound(t *testing.T, s store.Store) {
	later := waiting("f1", "anna", "h1")
	later.CreatedAt = noon.Add(time.Second)
	putWait(t, s, later)
	putWait(t, s, waiting("f2", "anna", ""))
	putWait(t, s, waiting("f3", "", "h3"))
	for name, c := range map[string]struct {
		instance, subject, handle string
		want                      []string
	}{
		"by subject":        {"phone", "anna", "", []string{"f2", "f1"}},
		"by handle":         {"phone", "", "h3", []string{"f3"}},
		"by both, once":     {"phone", "anna", "h1", []string{"f2", "f1"}},
		"nobody":            {"phone", "", "", nil},
		"another instance":  {"other", "anna", "h1", nil},
		"somebody else":     {"phone", "bruno", "h2", nil},
		"subject no handle": {"phone", "h1", "anna", nil},
	} {
		if got := flowsOf(t, s, c.instance, c.subject, c.handle, noon); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	found := must(s.WaitingFlows(t.Context(), s, "phone", "", "h1", noon, 3))(t)
	want := begun("f1")
	want.Outcome = login.Outcome{}
	same(t, &found[0], &want)
	for i := range 3 {
		w := waiting("g"+string(rune('a'+i)), "anna", "")
		w.CreatedAt = noon.Add(-time.Second)
		putWait(t, s, w)
	}
	if got := flowsOf(t, s, "phone", "anna", "", noon); len(got) != 3 {
		t.Errorf("%d flows for a limit of 3", len(got))
	}
	check(t, s.InsertFlow(t.Context(), s, begun("f4")))
	taken := waiting("f4", "", "h3")
	wantKind(t, s.InTx(t.Context(), func(q tx.Q) error { return s.PutWait(t.Context(), q, taken, nil, noon) }), fault.Conflict, "a handle that another flow waits under")
}

func waitOver(t *testing.T, s store.Store) {
	ctx := t.Context()
	putWait(t, s, waiting("f1", "anna", ""))
	if got := flowsOf(t, s, "phone", "anna", "", noon.Add(10*time.Minute)); got != nil {
		t.Errorf("expired: %v", got)
	}
	check(t, s.CommitFlow(ctx, s, done("f1", "anna", "s1"), login.Guard{}))
	if got := flowsOf(t, s, "phone", "anna", "", noon); got != nil {
		t.Errorf("done: %v", got)
	}
	putWait(t, s, waiting("f2", "anna", ""))
	check(t, s.EndWait(ctx, s, "f2"))
	check(t, s.EndWait(ctx, s, "f2"))
	if got := flowsOf(t, s, "phone", "anna", "", noon); got != nil {
		t.Errorf("ended: %v", got)
	}
	// A flow that is pruned takes along what waits for it.
	putWait(t, s, waiting("f3", "bruno", ""))
	leave(t, s, login.Due{Flow: "f3", Wait: "w-f3"}, "s1")
	must(s.PruneFlows(ctx, s, noon.Add(time.Hour), 10))(t)
	if got := flowsOf(t, s, "phone", "bruno", "", noon); got != nil {
		t.Errorf("pruned: %v", got)
	}
	if left := must(s.Signals(ctx, s, "f3"))(t); len(left) > 0 {
		t.Errorf("signals of a pruned flow: %v", left)
	}
}

func waitSignal(t *testing.T, s store.Store) {
	putWait(t, s, waiting("f1", "anna", ""))
	for name, to := range map[string]login.Due{"another step": {Flow: "f1", Wait: "w-f0"}, "another flow": {Flow: "f2", Wait: "w-f1"}, "none": {}} {
		if leave(t, s, to, "s-"+name) {
			t.Errorf("a signal for %s was left", name)
		}
	}
	here := login.Due{Flow: "f1", Wait: "w-f1"}
	if !leave(t, s, here, "s1") || !leave(t, s, here, "s2") {
		t.Fatal("a signal was not left")
	}
	got := must(s.Signals(t.Context(), s, "f1"))(t)
	if len(got) != 2 || got[0].ID != "s1" || string(got[0].Sealed) != "s1" || got[1].ID != "s2" {
		t.Errorf("signals: %+v", got)
	}
	putWait(t, s, waiting("f1", "anna", ""), "s1")
	if got := must(s.Signals(t.Context(), s, "f1"))(t); len(got) != 1 || got[0].ID != "s2" {
		t.Errorf("after one was heard: %+v", got)
	}
	check(t, s.EndWait(t.Context(), s, "f1"))
	if got := must(s.Signals(t.Context(), s, "f1"))(t); len(got) != 0 || leave(t, s, here, "s3") {
		t.Errorf("after the wait: %+v", got)
	}
	putWait(t, s, waiting("f9", "anna", ""))
	check(t, s.InTx(t.Context(), func(q tx.Q) error {
		left, err := s.LeaveSignal(t.Context(), q, login.Due{Flow: "f9", Wait: "w-f9"}, login.Signal{ID: "late"}, noon.Add(time.Hour), noon)
		if left {
			t.Error("a signal was left to a flow that expired")
		}
		return err
	}))
}

func waitHurried(t *testing.T, s store.Store) {
	ctx := t.Context()
	w := waiting("f1", "anna", "")
	w.DueAt = noon.Add(time.Minute)
	putWait(t, s, w)
	leave(t, s, login.Due{Flow: "f1", Wait: "w-f1"}, "s1")
	// The step did not hear s1: it was left after it had looked.
	putWait(t, s, w)
	if due, _, err := s.ClaimWaits(ctx, s, noon, noon.Add(time.Minute), 9); err != nil || len(due) != 1 {
		t.Errorf("with a signal that was not heard, due are %v (%v)", due, err)
	}
	putWait(t, s, w, "s1")
	due, next, err := s.ClaimWaits(ctx, s, noon, noon.Add(time.Minute), 9)
	if err != nil || len(due) != 0 || !next.Equal(w.DueAt) {
		t.Errorf("with all signals heard, due are %v, next %s (%v)", due, next, err)
	}
}

func waitClaimed(t *testing.T, s store.Store) {
	ctx := t.Context()
	if due, next, err := s.ClaimWaits(ctx, s, noon, noon.Add(time.Minute), 9); err != nil || len(due) > 0 || !next.IsZero() {
		t.Fatalf("of nothing due are %v, next %s (%v)", due, next, err)
	}
	const flows = 12
	for i := range flows {
		w := waiting("f"+string(rune('a'+i)), "anna", "")
		w.DueAt = noon.Add(time.Duration(i) * time.Millisecond)
		putWait(t, s, w)
	}
	now := noon.Add(time.Second)
	due, _, err := s.ClaimWaits(ctx, s, now, now.Add(time.Minute), flows)
	if err != nil || len(due) != flows || due[0].Wait == "" {
		t.Errorf("taken were %v (%v)", due, err)
	}
	if due, next, err := s.ClaimWaits(ctx, s, now, now.Add(time.Minute), flows); err != nil || len(due) != 0 || !next.Equal(now.Add(time.Minute)) {
		t.Errorf("taken a second time: %v, next %s (%v)", due, next, err)
	}
	if due, _, err := s.ClaimWaits(ctx, s, now.Add(time.Minute), now.Add(time.Hour), 5); err != nil || len(due) != 5 {
		t.Errorf("after the lease, of at most 5 due are %v (%v)", due, err)
	}
	check(t, s.DelayWait(ctx, s, login.Due{Flow: "fa", Wait: "another"}, now.Add(24*time.Hour)))
	check(t, s.DelayWait(ctx, s, login.Due{Flow: "fa", Wait: "w-fa"}, time.Time{}))
	for range flows {
		due, _, err := s.ClaimWaits(ctx, s, now.Add(2*time.Hour), now.Add(3*time.Hour), flows)
		check(t, err)
		if slices.ContainsFunc(due, func(d login.Due) bool { return d.Flow == "fa" }) {
			t.Error("a flow that is not due by time was taken")
		}
	}
}

// raceWaits has every racer take what it can get: each flow that is due comes to one of them.
func raceWaits(t *testing.T, pools []store.Store) {
	const flows = 24
	for i := range flows {
		w := waiting(fmt.Sprintf("f%02d", i), "anna", "")
		w.DueAt = noon
		putWait(t, pools[0], w)
	}
	var mu sync.Mutex
	var all []string
	var racers sync.WaitGroup
	for i := range Racers {
		s := pools[i%len(pools)]
		racers.Go(func() {
			due, _, err := s.ClaimWaits(t.Context(), s, noon.Add(time.Second), noon.Add(time.Minute), 3)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, d := range due {
				all = append(all, d.Flow)
			}
		})
	}
	racers.Wait()
	slices.Sort(all)
	if n := len(all); n == 0 || len(slices.Compact(all)) != n {
		t.Errorf("taken were %v", all)
	}
}

// raceSignal has a step move the flow on while signals are left for it: none is left behind, and none is left to what comes after.
func raceSignal(t *testing.T, pools []store.Store) {
	for round := range 8 {
		flow := fmt.Sprintf("f%d", round)
		putWait(t, pools[0], waiting(flow, "anna", ""))
		var racers sync.WaitGroup
		for i := range Racers {
			s := pools[i%len(pools)]
			racers.Go(func() {
				if i == 0 {
					if err := s.InTx(t.Context(), func(q tx.Q) error { return s.EndWait(t.Context(), q, flow) }); err != nil {
						t.Error(err)
					}
					return
				}
				err := s.InTx(t.Context(), func(q tx.Q) error {
					_, err := s.LeaveSignal(t.Context(), q, login.Due{Flow: flow, Wait: "w-" + flow},
						login.Signal{ID: fmt.Sprintf("s%d-%d", round, i), Sealed: []byte("x")}, noon, noon)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		racers.Wait()
		if left := must(pools[0].Signals(t.Context(), pools[0], flow))(t); len(left) > 0 {
			t.Errorf("%d signals are left to a step that is over", len(left))
		}
	}
}

func raceInstanceKey(t *testing.T, pools []store.Store) {
	OneWins(t, pools, func(ctx context.Context, s store.Store, racer int) error {
		return s.InsertInstanceKey(ctx, s, instanceKey(fmt.Sprintf("k%d", racer), 1))
	})
	if rows := must(pools[0].InstanceKeys(t.Context(), pools[0]))(t); len(rows) != 1 {
		t.Errorf("keys of one generation: %+v", rows)
	}
}

func waitBounded(t *testing.T, s store.Store) {
	putWait(t, s, waiting("f1", "anna", ""))
	left := 0
	for i := range 40 {
		if leave(t, s, login.Due{Flow: "f1", Wait: "w-f1"}, "s"+string(rune('a'+i))) {
			left++
		}
	}
	if left != 16 {
		t.Errorf("%d signals were left, want 16", left)
	}
}

func instanceKey(id string, generation int64) instancekey.Row {
	return instancekey.Row{KeyID: id, Instance: "phone", Name: "operation", Kind: instancekey.ES256, Generation: generation, Sealed: []byte(id), CreatedAt: noon}
}

func instanceKeyRoundTrip(t *testing.T, s store.Store) {
	ctx := t.Context()
	one, two := instanceKey("k1", 1), instanceKey("k2", 2)
	check(t, s.InsertInstanceKey(ctx, s, one))
	check(t, s.InsertInstanceKey(ctx, s, two))
	check(t, s.ExpireInstanceKey(ctx, s, "k1", noon.Add(time.Hour)))
	one.ExpiresAt = noon.Add(time.Hour)
	same(t, must(s.InstanceKeys(ctx, s))(t), []instancekey.Row{two, one})
	check(t, s.DeleteInstanceKey(ctx, s, "k1"))
	wantKind(t, s.DeleteInstanceKey(ctx, s, "k1"), fault.NotFound, "a key that is gone")
	wantKind(t, s.ExpireInstanceKey(ctx, s, "k1", noon), fault.NotFound, "a key that is gone")
}
