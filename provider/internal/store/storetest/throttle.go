package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/throttle"
)

var throttleRules = []rule{
	{"a counter is put by compare-and-set", counterPut},
	{"counters are read together", countersRead},
	{"failures of an address count in a fixed window", failuresCount},
	{"old counters go, those that still block stay", countersPruned},
}

func counter(t *testing.T, s store.Store, key string) throttle.Counter {
	t.Helper()
	found := must(s.Counters(t.Context(), s, key))(t)
	if len(found) == 0 {
		return throttle.Counter{Key: key}
	}
	return found[0]
}

func counterPut(t *testing.T, s store.Store) {
	ctx := t.Context()
	c := throttle.Counter{Key: "k", Failures: 1, FailedAt: noon}
	check(t, s.PutCounter(ctx, s, c))
	wantKind(t, s.PutCounter(ctx, s, c), fault.Conflict, "a counter that is there by now")
	c.Version, c.Failures, c.Blocks, c.BlockedUntil, c.FailedAt = 1, 2, 1, noon.Add(time.Minute), noon.Add(time.Second)
	check(t, s.PutCounter(ctx, s, c))
	wantKind(t, s.PutCounter(ctx, s, c), fault.Conflict, "an old version")
	want := c
	want.Version, want.Stored = 2, true
	same(t, counter(t, s, "k"), want)
	wantKind(t, s.PutCounter(ctx, s, throttle.Counter{Key: "none", Version: 1}), fault.Conflict, "a counter that is gone")
	same(t, counter(t, s, "none"), throttle.Counter{Key: "none"})
}

func countersRead(t *testing.T, s store.Store) {
	ctx := t.Context()
	var keys []string
	for _, k := range strings.Fields("a b c d e f g h i") {
		keys = append(keys, k)
		if k != "c" {
			check(t, s.PutCounter(ctx, s, throttle.Counter{Key: k, Failures: 1}))
		}
	}
	for n := range len(keys) + 1 {
		var got []string
		for _, c := range must(s.Counters(ctx, s, keys[:n]...))(t) {
			got = append(got, c.Key)
		}
		slices.Sort(got)
		want := slices.DeleteFunc(slices.Clone(keys[:n]), func(k string) bool { return k == "c" })
		if !slices.Equal(got, want) {
			t.Errorf("%d keys: got %v, want %v", n, got, want)
		}
	}
}

func failuresCount(t *testing.T, s store.Store) {
	ctx := t.Context()
	const window = 10 * time.Minute
	for i, step := range []struct {
		at   time.Duration
		want int
	}{{0, 1}, {time.Minute, 2}, {9 * time.Minute, 3}, {10 * time.Minute, 1}, {11 * time.Minute, 2}} {
		check(t, s.AddFailure(ctx, s, "address", noon.Add(step.at), window))
		c := counter(t, s, "address")
		if c.Failures != step.want || !c.FailedAt.Equal(noon.Add(step.at)) || c.Version != int64(i+1) {
			t.Errorf("after %v: %+v, want %d failures", step.at, c, step.want)
		}
	}
}

func countersPruned(t *testing.T, s store.Store) {
	ctx := t.Context()
	for _, c := range []throttle.Counter{
		{Key: "old", FailedAt: noon.Add(-time.Hour)},
		{Key: "blocks", FailedAt: noon.Add(-time.Hour), BlockedUntil: noon.Add(time.Hour)},
		{Key: "new", FailedAt: noon},
	} {
		check(t, s.PutCounter(ctx, s, c))
	}
	same(t, must(s.PruneCounters(ctx, s, noon))(t), int64(1))
	same(t, counter(t, s, "old").Version, int64(0))
	same(t, counter(t, s, "blocks").Version, int64(1))
	same(t, counter(t, s, "new").Version, int64(1))
}
