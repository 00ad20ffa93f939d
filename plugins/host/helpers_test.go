package host_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

// recorder keeps what the host reports.
type recorder struct {
	host.Silent
	mu     sync.Mutex
	lies   []string
	states []host.State
	calls  int
}

func (r *recorder) Lied(_ context.Context, _, rule string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lies = append(r.lies, rule)
}

func (r *recorder) State(_ string, s host.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states = append(r.states, s)
}

func (r *recorder) moves() []host.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.states)
}

func (r *recorder) Called(string, string, time.Duration, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
}

func (r *recorder) lastLie() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lies) == 0 {
		return ""
	}
	return r.lies[len(r.lies)-1]
}

// start runs a host for the length of the test and checks that nothing of it is left.
func start(t testing.TB, o host.Options) *host.Host {
	t.Helper()
	if o.Dir == "" {
		o.Dir = shortDir(t)
	}
	h, err := host.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the host has stopped
		if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
			t.Errorf("left in the socket directory: %v %v", left, err)
		}
	})
	run(t, h)
	return h
}

// run runs the host for the length of the test and checks that none of its processes is left.
func run(t testing.TB, h *host.Host) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	ready, cancelReady := context.WithTimeout(ctx, 30*time.Second)
	defer cancelReady()
	if err := h.WaitReady(ready); err != nil {
		t.Error(err)
	}
	t.Cleanup(func() {
		pids := make(map[string]int)
		for _, s := range h.Status() {
			pids[s.Instance] = s.PID
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for id, pid := range pids {
			if pid != 0 && alive(pid) {
				t.Errorf("instance %s: process %d is left", id, pid)
			}
		}
	})
}

// shortDir is a directory whose path leaves room for a socket's.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "v")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// eventually waits for a condition that another process brings about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never happened: %s", what)
}

func request(instance, do string) *sdk.StepRequest {
	return &sdk.StepRequest{
		Context: sdk.StepContext{
			InstanceID: instance, MethodID: "probe", FlowID: "flow", IdempotencyKey: "key " + do, Intent: sdk.IntentLogin,
			Subject: &sdk.Subject{ID: "alice", Attributes: map[string]string{"phone": "+39", "tax": "secret"}},
		},
		Inputs: map[string]string{"do": do},
	}
}

// pid runs a step and returns the process that answered.
func pid(t testing.TB, h *host.Host, instance string) int {
	t.Helper()
	r, err := h.Step(t.Context(), host.Continue, request(instance, ""))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(r.Success.Evidence))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func kindOf(err error) host.Kind {
	var e *host.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
