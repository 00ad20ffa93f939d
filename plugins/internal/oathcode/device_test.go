package oathcode_test

import (
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/internal/oathcode"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A code counts once, and none before it counts after it.
func TestCounterAccepts(t *testing.T) {
	t.Parallel()
	c := oathcode.Counter{Seed: oathcode.NewSeed("SHA1", 6), Next: 5}
	for _, v := range []struct {
		count    int64
		ok, used bool
	}{{3, false, false}, {4, false, true}, {5, true, false}, {15, true, false}, {16, false, false}} {
		next, ok, used, err := c.Accept(codeAt(t, c.Seed, v.count), 10)
		if err != nil || ok != v.ok || used != v.used {
			t.Errorf("count %d: %t, %t, %v", v.count, ok, used, err)
		}
		if ok && next.Next != v.count+1 {
			t.Errorf("count %d: the next is %d", v.count, next.Next)
		}
	}
	fresh := oathcode.Counter{Seed: oathcode.NewSeed("SHA256", 8)}
	next, ok, _, err := fresh.Accept(codeAt(t, fresh.Seed, 0), 0)
	if err != nil || !ok || next.Next != 1 {
		t.Errorf("the very first code: %+v, %t, %v", next, ok, err)
	}
}

func TestCounterResync(t *testing.T) {
	t.Parallel()
	c := oathcode.Counter{Seed: oathcode.NewSeed("SHA1", 6), Next: 5}
	code := func(n int64) string { return codeAt(t, c.Seed, n) }
	for name, v := range map[string]struct {
		one, two string
		want     int64 // 0: refused
	}{
		"two in a row":       {code(80), code(81), 82},
		"the next two":       {code(5), code(6), 7},
		"not in a row":       {code(80), code(82), 0},
		"in the wrong order": {code(81), code(80), 0},
		"the same twice":     {code(80), code(80), 0},
		"too far":            {code(200), code(201), 0},
		"already used":       {code(3), code(4), 0},
	} {
		next, ok, err := c.Resync(v.one, v.two, 100)
		if err != nil || ok != (v.want != 0) || next.Next != v.want {
			t.Errorf("%s: %+v, %t, %v", name, next, ok, err)
		}
	}
}

func TestClockResync(t *testing.T) {
	t.Parallel()
	c := oathcode.Clock{Seed: oathcode.NewSeed("SHA1", 6), Period: 30, Last: -1}
	w := oathcode.Window{Skew: 1, MaxDrift: 20}
	here := c.StepAt(noon)
	code := func(n int64) string { return codeAt(t, c.Seed, here+n) }
	for off, want := range map[int64]bool{-20: true, -3: true, 0: true, 7: true, 20: true, -21: false, 21: false} {
		next, ok, err := c.Resync(code(off), code(off+1), noon, 20, w)
		if err != nil || ok != want || ok && (next.Last != here+off+1 || next.Drift != off+1) {
			t.Errorf("off by %d: %+v, %t, %v", off, next, ok, err)
		}
	}
	c.Last = here + 3
	if _, ok, err := c.Resync(code(2), code(3), noon, 20, w); ok || err != nil {
		t.Errorf("codes from before the last one accepted: %t, %v", ok, err)
	}
}
