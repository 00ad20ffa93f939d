package throttle

import (
	"strconv"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := &Pace{PerSecond: 2}
	spend := func(key string) (n int) {
		for p.Allow(key, now) {
			n++
		}
		return n
	}
	if n := spend("a"); n != 120 {
		t.Errorf("%d at once, want a minute's worth", n)
	}
	if !p.Allow("b", now) {
		t.Error("one address has used up another's")
	}
	now = now.Add(3 * time.Second)
	if n := spend("a"); n != 6 {
		t.Errorf("%d after three seconds, want 6", n)
	}
	now = now.Add(paceWindow - time.Second) // the generations change; what was spent is not forgotten with it
	if n := spend("a"); n != 118 {
		t.Errorf("%d after 59 seconds, want 118", n)
	}
	now = now.Add(10 * paceWindow)
	if n := spend("a"); n != 120 {
		t.Errorf("%d after a long time, want 120", n)
	}
	for i := range 3 * paceKeys {
		p.Allow(strconv.Itoa(i), now)
	}
	if n := len(p.new) + len(p.old); n > 2*paceKeys {
		t.Errorf("%d addresses are remembered", n)
	}
}
