package host_test

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/varco-id/varco/plugins/host"
)

// Crashes below the breaker's limit cost nobody a login: every call is carried over to the next process.
func TestNoStepFailsWhileThePluginIsKilled(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	var stop atomic.Bool
	var done atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for !stop.Load() {
				if _, err := h.Step(t.Context(), host.Begin, request("a", "")); err != nil {
					t.Error(err)
				}
				done.Add(1)
			}
		})
	}
	for range 4 {
		victim, before := h.Status()[0].PID, done.Load()
		syscall.Kill(victim, syscall.SIGKILL)
		eventually(t, "another process answers", func() bool {
			s := h.Status()[0]
			return s.State == host.StateUp && s.PID != victim && done.Load() > before+100
		})
	}
	stop.Store(true)
	callers.Wait()
	if s := h.Status()[0]; s.Restarts != 4 {
		t.Errorf("status %+v", s)
	}
}
