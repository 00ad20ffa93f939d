package login

import (
	"context"
	"sync"
	"time"
)

// handoff remembers flows that this replica has just begun, for the page that follows the redirect within milliseconds: it need not
// read what was written a moment ago. Each is handed out once, only before it was ever answered and for a few seconds: a reload, a
// second tab or a request that went by another replica reads the row. Only Page uses it; every step reads the row. The zero value is empty.
// Safe for concurrent use.
type handoff struct {
	mu       sync.Mutex
	new, old map[string]begun
}

type begun struct {
	flow  Flow
	state *state
	at    time.Time
}

const (
	handoffFor = 3 * time.Second
	handoffMax = 512 // of each of two generations: whoever begins flows and never looks at them takes no more memory than that
)

func (h *handoff) put(f Flow, s *state, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.new) >= handoffMax || h.new == nil {
		h.old, h.new = h.new, make(map[string]begun)
	}
	h.new[f.ID] = begun{f, s, now}
}

// take returns a flow that was begun here just now, and forgets it.
func (h *handoff) take(id string, now time.Time) (Flow, *state, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range []map[string]begun{h.new, h.old} {
		if b, ok := m[id]; ok {
			delete(m, id)
			return b.flow, b.state, now.Sub(b.at) < handoffFor
		}
	}
	return Flow{}, nil, false
}

// justBegun is load for a flow that was begun here just now; nil when it was not, or by another browser.
func (d *Dispatcher) justBegun(ctx context.Context, flow string, b Browser) (*run, error) {
	now := d.Now()
	f, s, ok := d.begun.take(flow, now)
	if !ok || !ownBrowser(&f, b.Binding) {
		return nil, nil
	}
	client, err := d.client(ctx, f.Request.Client)
	if err != nil {
		return nil, err
	}
	return &run{flow: f, state: s, client: client, now: now, b: b, waited: s.waitID()}, nil
}
