package op

import (
	"sync"
	"time"
)

// damper bounds how often something that a stranger can provoke is recorded: a handful a minute for each key. Keys are ids
// of registered clients, so there are few.
type damper struct {
	mu   sync.Mutex
	seen map[string]burst
}

type burst struct {
	since time.Time
	n     int
}

const (
	burstSize = 10
	burstTime = time.Minute
)

func (d *damper) allow(key string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[string]burst{}
	}
	b := d.seen[key]
	if now.Sub(b.since) >= burstTime {
		b = burst{since: now}
	}
	b.n++
	d.seen[key] = b
	return b.n <= burstSize
}
