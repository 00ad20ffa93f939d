package sqlstore

import (
	"context"
	"sync"
)

// waker carries wake-ups to the other processes.
type waker interface {
	wake(topic string)
	listen() // begin to hear of others, once
	close()
}

// hub wakes the subscribers of this process. A wake-up carries nothing and many may melt into one: whoever is woken looks at
// the database.
type hub struct {
	mu   sync.Mutex
	subs map[string]map[chan struct{}]struct{}
}

func newHub() *hub { return &hub{subs: make(map[string]map[chan struct{}]struct{})} }

func (h *hub) subscribe(topic string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs[topic] == nil {
		h.subs[topic] = make(map[chan struct{}]struct{})
	}
	h.subs[topic][c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs[topic], c)
		if len(h.subs[topic]) == 0 {
			delete(h.subs, topic)
		}
	}
}

func (h *hub) wake(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	knock(h.subs[topic])
}

// wakeAll is for when an unknown number of wake-ups may have been missed.
func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, subs := range h.subs {
		knock(subs)
	}
}

func knock(subs map[chan struct{}]struct{}) {
	for c := range subs {
		select {
		case c <- struct{}{}:
		default: // one is waiting already
		}
	}
}

func (h *hub) listen() {}
func (h *hub) close()  {}

// Wake wakes whoever subscribed to the topic, in this process at once and in the others within milliseconds. Call it after the
// commit: a NOTIFY inside the transaction would make commits wait for one another. It does not wait and does not fail; a
// subscriber that must not miss anything looks by itself from time to time.
func (s *Store) Wake(_ context.Context, topic string) {
	s.hub.wake(topic)
	if s.pool != nil {
		s.wakes.wake(topic)
	}
}

// Subscribe returns a channel that gets a value when the topic was woken, or may have been (after the connection that
// listens was down), and a function that ends the subscription. Look at the database once after subscribing.
func (s *Store) Subscribe(topic string) (<-chan struct{}, func()) {
	c, cancel := s.hub.subscribe(topic)
	s.wakes.listen()
	return c, cancel
}
