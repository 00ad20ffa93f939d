package callback

import (
	"sync"
	"time"
)

// rate is a number of events a second that may come in bursts.
type rate struct {
	perSecond float64
	burst     float64
}

// The limits of one replica. They keep a flood off the plugins and guessing off the handles; what a person or a vendor's
// server does in a day of work is far below them.
var (
	// perAddress bounds what one address costs us before anything is known of it: the check of a proof's signature. A vendor's
	// server, and a mobile network's gateway with thousands of phones behind it, are one address.
	perAddress = rate{perSecond: 500, burst: 1000}
	// perStranger bounds requests of one address that turned out to come from nobody: an unknown handle, a wrong proof, or what
	// the plugin refused.
	perStranger = rate{perSecond: 1, burst: 60}
	// perHandle bounds requests about one credential by one key, or from one address where there is no proof.
	perHandle = rate{perSecond: 5, burst: 30}
)

// limiter counts by key what it is told (the generic cell rate algorithm: one time per key). It remembers two generations of at most
// limitKeys keys each; a flood of new keys forgets old ones and takes no more memory.
type limiter struct {
	rate rate

	mu       sync.Mutex
	new, old map[string]time.Time // when the key's bucket will be full again
}

const limitKeys = 1 << 15

// spent says whether key has nothing left now, and for how long.
func (l *limiter) spent(key string, now time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	over := l.over(key, now)
	return over, over > 0
}

// take counts one event of key, whether or not it is spent; it says false when it is.
func (l *limiter) take(key string, now time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if over := l.over(key, now); over > 0 {
		return over, false
	}
	if l.new == nil || len(l.new) >= limitKeys {
		l.old, l.new = l.new, make(map[string]time.Time)
	}
	l.new[key] = l.full(key, now).Add(l.span(1))
	return 0, true
}

// over is how long it takes until the bucket of key has room for one more; not positive when it has.
func (l *limiter) over(key string, now time.Time) time.Duration {
	return l.full(key, now).Sub(now) - l.span(l.rate.burst-1)
}

// full is when the bucket of key will be full again: now for one that is.
func (l *limiter) full(key string, now time.Time) time.Time {
	t, ok := l.new[key]
	if !ok {
		t = l.old[key]
	}
	if t.Before(now) {
		return now
	}
	return t
}

func (l *limiter) span(events float64) time.Duration {
	return time.Duration(events / l.rate.perSecond * float64(time.Second))
}

// recent remembers keys for a while: two generations of at most limitKeys each. The zero value is empty. Safe for concurrent use.
type recent struct {
	mu       sync.Mutex
	new, old map[string]struct{}
}

func (r *recent) add(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.new == nil || len(r.new) >= limitKeys {
		r.old, r.new = r.new, make(map[string]struct{})
	}
	r.new[key] = struct{}{}
}

func (r *recent) has(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.new[key]
	if !ok {
		_, ok = r.old[key]
	}
	return ok
}
