package login_test

import (
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/throttle"
)

// Whoever asks for pages without end is told to come back, and keeps nobody else out.
func TestOneAddressBeginsOnlySoManyFlows(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.d.Starts = &throttle.Pace{PerSecond: 1}
	stranger := b.browser()
	stranger.Address = "203.0.113.9"
	begun := 0
	var err error
	for ; err == nil && begun < 1000; begun++ {
		_, err = stranger.start()
	}
	if !fault.Is(err, fault.Throttled) || begun < 60 || begun > 70 {
		t.Fatalf("after %d flows: %v", begun, err)
	}
	b.person("anna.rossi", false)
	w := b.browser()
	w.Address = "203.0.113.10"
	if p := w.password(w.open(), "anna.rossi", annaPassword); p.Answer == nil {
		t.Errorf("another address is kept out: %+v", p)
	}
}
