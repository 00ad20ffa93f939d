package oncekey

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOneKeyOnce(t *testing.T) {
	t.Parallel()
	var m Memory
	var sent atomic.Int64
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			key := strconv.Itoa(i % 4)
			if id, _ := m.Do(key, func() (string, bool) { sent.Add(1); return "id-" + key, true }); id != "id-"+key {
				t.Errorf("key %s has id %q", key, id)
			}
		})
	}
	wg.Wait()
	if sent.Load() != 4 || len(m.locks) != 0 {
		t.Errorf("%d sent, %d locks kept", sent.Load(), len(m.locks))
	}
}

func TestWhatWasNotAcceptedIsSentAgain(t *testing.T) {
	t.Parallel()
	var m Memory
	m.Do("k", func() (string, bool) { return "", false })
	if id, again := m.Do("k", func() (string, bool) { return "x", true }); id != "x" || again {
		t.Errorf("%q, again %v", id, again)
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	var m Memory
	for i := range most + 10 {
		m.Do(strconv.Itoa(i), func() (string, bool) { return "x", true })
	}
	_, old := m.Do("0", func() (string, bool) { return "x", true })
	_, young := m.Do(strconv.Itoa(most), func() (string, bool) { return "x", true })
	if old || !young || len(m.ids) != most || len(m.order) != most {
		t.Errorf("old %v, young %v, %d ids, %d in order", old, young, len(m.ids), len(m.order))
	}
}
