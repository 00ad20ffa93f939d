package login

import (
	"strconv"
	"testing"
	"time"
)

func TestHandoff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var h handoff
	h.put(Flow{ID: "a"}, &state{}, now)
	h.put(Flow{ID: "late"}, &state{}, now)
	if f, s, ok := h.take("a", now); !ok || f.ID != "a" || s == nil {
		t.Error("a flow that was begun here is read again")
	}
	if _, _, ok := h.take("a", now); ok {
		t.Error("a flow was handed out twice: a reload would show an old page")
	}
	if _, _, ok := h.take("late", now.Add(handoffFor)); ok {
		t.Error("a flow was handed out that another replica had time to answer")
	}
	for i := range 5 * handoffMax {
		h.put(Flow{ID: strconv.Itoa(i)}, &state{}, now)
	}
	if n := len(h.new) + len(h.old); n > 2*handoffMax {
		t.Errorf("%d flows are remembered", n)
	}
}
