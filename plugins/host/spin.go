package host

import "time"

const (
	spinEvery = 200 * time.Millisecond
	spinLooks = 10 // in a row
)

// spinWatch finds a plugin that is caught in an endless loop: it still answers pings, and would take a processor from the server
// for ever. After a call that ran into its deadline it looks several times whether the process wants to compute, while it answers
// nothing; one that waits for something, as for its back end, is found at rest and let alone. How much it did compute says
// little on a busy machine.
type spinWatch struct {
	due    <-chan time.Time // while it looks
	r      *running
	ticker *time.Ticker
	looks  int
	useful int64
}

func newSpinWatch(r *running) *spinWatch {
	w := &spinWatch{r: r, ticker: time.NewTicker(spinEvery)}
	w.ticker.Stop()
	return w
}

// suspect begins to look.
func (w *spinWatch) suspect() {
	if w.due == nil {
		w.due, w.looks, w.useful = w.ticker.C, 0, w.r.useful.Load()
		w.ticker.Reset(spinEvery)
	}
}

// spins looks once more, and says whether it has seen enough.
func (w *spinWatch) spins() bool {
	if !computes(w.r.pid) {
		w.stop()
		return false
	}
	w.looks++
	if useful := w.r.useful.Load(); useful != w.useful {
		w.looks, w.useful = 0, useful
	}
	return w.looks >= spinLooks
}

func (w *spinWatch) stop() {
	w.ticker.Stop()
	w.due = nil
}
