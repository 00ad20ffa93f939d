package host

import (
	"math/rand/v2"
	"time"
)

// The supervision times of the contract.
const (
	backoffFirst  = 50 * time.Millisecond
	backoffMost   = 30 * time.Second
	backoffKilled = patience / 2     // at most, after a kill from outside: calls wait for the next process
	steadyAfter   = 30 * time.Second // up for that long, a crash starts the back-off anew
	breakerWindow = 60 * time.Second
	breakerEvents = 5
	breakerOpen   = 30 * time.Second
)

// breaker opens after too many crashes and lies in a short time. It is half open afterwards: the old events still
// count, so the next one within the window opens it again.
type breaker struct{ events []time.Time }

// hit records an event and says whether the breaker opens.
func (b *breaker) hit(now time.Time) bool {
	b.events = append(b.events, now)
	for len(b.events) > 0 && now.Sub(b.events[0]) > breakerWindow {
		b.events = b.events[1:]
	}
	if len(b.events) > breakerEvents {
		b.events = b.events[len(b.events)-breakerEvents:]
	}
	return len(b.events) == breakerEvents
}

// backoff doubles the wait between starts.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, backoffFirst), backoffMost)
	return jitter(b.last)
}

func (b *backoff) reset() { b.last = 0 }

// jitter spreads d over its upper half, so that the plugins of many replicas do not come back in step.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
