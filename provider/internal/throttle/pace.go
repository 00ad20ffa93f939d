package throttle

import (
	"sync"
	"time"
)

// Pace bounds how fast each key may do something that costs storage before anybody is known: whoever asks for a page writes a row. It is of
// this process alone and keeps little: a bucket for each key that was seen in the last minute. Safe for concurrent use.
type Pace struct {
	// PerSecond is how many a second a key may do on average; a minute's worth at once.
	PerSecond int

	mu       sync.Mutex
	new, old map[string]bucket
	since    time.Time // of new
}

type bucket struct {
	left float64
	at   time.Time
}

const (
	paceWindow = time.Minute // a bucket that was not touched for so long is full again
	paceKeys   = 1 << 16     // of each of two generations; with more, nobody is held to a bound rather than everybody
)

// Allow says whether the key may once more at the time now.
func (p *Pace) Allow(key string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.new == nil || now.Sub(p.since) >= paceWindow || len(p.new) >= paceKeys {
		p.old, p.new, p.since = p.new, make(map[string]bucket), now
	}
	size := float64(p.PerSecond) * paceWindow.Seconds()
	b, seen := p.new[key]
	if !seen {
		if b, seen = p.old[key]; !seen {
			b = bucket{size, now}
		}
	}
	b.left = min(size, b.left+now.Sub(b.at).Seconds()*float64(p.PerSecond))
	b.at = now
	allowed := b.left >= 1
	if allowed {
		b.left--
	}
	p.new[key] = b
	return allowed
}
