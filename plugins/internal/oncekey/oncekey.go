// Package oncekey remembers, for the life of a process, which messages a delivery channel handed over, by their idempotency keys.
//
// It answers the repeated call of a host that missed the first answer while the process lived. What a crash makes forgotten is the
// provider's to know: a channel asks there when the host says that the message may have left. It holds no address and no text.
package oncekey

import (
	"crypto/sha256"
	"sync"
)

const most = 4096 // keys; of 32 bytes and an id each

// Memory is the memory of an instance. The zero value is ready.
type Memory struct {
	mu    sync.Mutex
	locks map[[32]byte]*holder // calls under way
	ids   map[[32]byte]string  // provider's ids by key
	order [][32]byte           // of ids, oldest first
}

type holder struct {
	mu   sync.Mutex
	uses int
}

// Do calls send unless its message was accepted before, and returns the provider's id. Calls with one key run one after the other. send
// says whether the message was accepted.
func (m *Memory) Do(key string, send func() (id string, accepted bool)) (id string, again bool) {
	k := sha256.Sum256([]byte(key))
	h := m.hold(k)
	defer m.release(k, h)
	m.mu.Lock()
	id, again = m.ids[k]
	m.mu.Unlock()
	if again {
		return id, true
	}
	id, accepted := send()
	if accepted {
		m.keep(k, id)
	}
	return id, false
}

func (m *Memory) hold(k [32]byte) *holder {
	m.mu.Lock()
	if m.locks == nil {
		m.locks, m.ids = map[[32]byte]*holder{}, map[[32]byte]string{}
	}
	h := m.locks[k]
	if h == nil {
		h = new(holder)
		m.locks[k] = h
	}
	h.uses++
	m.mu.Unlock()
	h.mu.Lock()
	return h
}

func (m *Memory) release(k [32]byte, h *holder) {
	h.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if h.uses--; h.uses == 0 {
		delete(m.locks, k)
	}
}

func (m *Memory) keep(k [32]byte, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.order) == most {
		delete(m.ids, m.order[0])
		m.order = append(m.order[:0], m.order[1:]...)
	}
	m.ids[k] = id
	m.order = append(m.order, k)
}
