package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
)

const (
	// holdFor is how long the question whether a login went on stays open: shorter than what proxies allow.
	holdFor = 25 * time.Second
	// lookAgain is how long a wake-up that got lost goes unnoticed.
	lookAgain = 5 * time.Second
	// The questions that one replica holds open, and those about one Flow: more are answered at once, and asked again after a pause.
	maxHeld     = 4096
	maxHeldFlow = 4
)

// waiters counts the questions that are held open. The zero value is ready.
type waiters struct {
	mu     sync.Mutex
	all    int
	byFlow map[string]int
}

// enter says whether one more may wait; leave must be called then.
func (w *waiters) enter(flow string) (leave func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all >= maxHeld || w.byFlow[flow] >= maxHeldFlow {
		return nil, false
	}
	if w.byFlow == nil {
		w.byFlow = make(map[string]int)
	}
	w.all++
	w.byFlow[flow]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.all--
		if w.byFlow[flow]--; w.byFlow[flow] == 0 {
			delete(w.byFlow, flow)
		}
	}, true
}

// loginVersion tells a waiting page's script whether the Flow went on. Asked with the version that the page shows (?seen=), it holds
// the answer back until there is another, or for a while. It finishes nothing: the page that is then loaded does.
func (h *Handler) loginVersion(w http.ResponseWriter, r *http.Request) {
	flow := r.PathValue("flow")
	head := w.Header()
	h.guardCommon(head)
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if !isToken(flow) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	b := h.browser(r)
	s, err := h.opt.Flows.Standing(r.Context(), flow, b)
	if err == nil && !s.Over && r.URL.Query().Get("seen") == strconv.FormatInt(s.Version, 10) {
		s, err = h.hold(r.Context(), flow, b, s)
	}
	if err != nil {
		w.WriteHeader(fault.KindOf(err).HTTPStatus())
		return
	}
	head.Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"version": s.Version, "done": s.Over}) // the browser went away
}

// hold waits until the Flow stands elsewhere than seen.
func (h *Handler) hold(ctx context.Context, flow string, b login.Browser, seen *login.Standing) (*login.Standing, error) {
	if h.opt.Subscribe == nil {
		return seen, nil
	}
	leave, ok := h.waiting.enter(flow)
	if !ok {
		return seen, nil
	}
	defer leave()
	woken, cancel := h.opt.Subscribe(login.FlowTopic(flow))
	defer cancel()
	end := time.NewTimer(holdFor)
	defer end.Stop()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		// Once after subscribing, too: it may have gone on in between.
		s, err := h.opt.Flows.Standing(ctx, flow, b)
		if err != nil || *s != *seen {
			return s, err
		}
		select {
		case <-woken:
		case <-look.C:
		case <-end.C:
			return s, nil
		case <-h.opt.Stopping:
			return s, nil
		case <-ctx.Done():
			return s, nil
		}
	}
}
