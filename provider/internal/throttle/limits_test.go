package throttle

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestFiveFailuresBlockForAWhile(t *testing.T) {
	t.Parallel()
	l, c := Defaults(), Counter{Key: SubjectKey("x")}
	for i := range 5 {
		if !l.BlockedUntil(c, noon).IsZero() {
			t.Fatalf("blocked after %d failures", i)
		}
		var then Consequence
		if c, then = l.Fail(c, noon, false); i == 3 && then.Left != 1 {
			t.Fatalf("before the last try %d are left", then.Left)
		}
	}
	if until := l.BlockedUntil(c, noon); !until.Equal(noon.Add(15 * time.Minute)) {
		t.Fatalf("blocked until %v", until)
	}
	if !l.BlockedUntil(c, noon.Add(15*time.Minute)).IsZero() {
		t.Fatal("the block does not end")
	}
}

func TestAStrangerNeverBlocksForGood(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, c, now := Defaults(), Counter{}, noon
		for range rapid.IntRange(1, 200).Draw(t, "failures") {
			var then Consequence
			c, then = l.Fail(c, now, false)
			if then.Lasting || then.LastingNext {
				t.Fatal("a stranger's failure led to a lasting block")
			}
			if c.BlockedUntil.Sub(now) > l.MaxBlock {
				t.Fatalf("blocked for %v", c.BlockedUntil.Sub(now))
			}
			if until := l.BlockedUntil(c, now); !until.IsZero() {
				now = until
			}
		}
	})
}

func TestLastingBlockIsAnnounced(t *testing.T) {
	t.Parallel()
	l, c, now := Defaults(), Counter{}, noon
	warned := false
	for i := range 15 {
		var then Consequence
		c, then = l.Fail(c, now, true)
		if then.Lasting {
			if i != 14 || !warned {
				t.Fatalf("lasting block at failure %d, announced: %v", i+1, warned)
			}
			return
		}
		warned = then.LastingNext
		now = now.Add(23 * time.Hour)
	}
	t.Fatal("fifteen failures after a proven factor do not block for good")
}

func TestSuccessForgets(t *testing.T) {
	t.Parallel()
	l := Defaults()
	c, _ := l.Fail(Counter{Key: "k", Version: 7}, noon, true)
	c, changed := l.Succeed(c)
	if !changed || c.Failures != 0 || c.Version != 7 || c.Key != "k" {
		t.Fatalf("after a success: %+v, changed %v", c, changed)
	}
	if _, changed := l.Succeed(Counter{Key: "k", Version: 7}); changed {
		t.Fatal("a success with nothing to forget costs a write")
	}
}

func TestSlipsOfMonthsDoNotAddUp(t *testing.T) {
	t.Parallel()
	l, c, now := Defaults(), Counter{Key: "k"}, noon
	for range 20 {
		var then Consequence
		if c, then = l.Fail(c, now, true); !then.BlockedUntil.IsZero() || then.Lasting {
			t.Fatal("one slip every other day led to a block")
		}
		now = now.Add(25 * time.Hour)
	}
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.7":            "a:192.0.2.7",
		"::ffff:192.0.2.7":     "a:192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "a:2001:db8:1:2::/64",
		"nonsense":             "a:unknown",
		"":                     "a:unknown",
	} {
		if got := AddressKey(in); got != want {
			t.Errorf("AddressKey(%q) = %q, want %q", in, got, want)
		}
	}
}
