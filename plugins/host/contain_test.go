package host_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
)

// A plugin that computes for ever costs its calls their deadline and is then taken away; the other goes on meanwhile.
func TestEndlessLoop(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}, {ID: "b", Plugin: "probe"}}})
	looping := pid(t, h, "a")
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := h.Step(t.Context(), host.Continue, request("a", "loop")); kindOf(err) != host.Deadline {
			t.Errorf("got %v", err)
		}
	})
	both.Go(func() { pid(t, h, "b") })
	both.Wait()
	began := time.Now()
	eventually(t, "the process is replaced", func() bool { return !alive(looping) && h.Status()[0].State == host.StateUp })
	t.Logf("taken away %s after the call's deadline", time.Since(began).Round(10*time.Millisecond))
	pid(t, h, "a")
}

// A plugin that eats memory ends at its limit, and not the machine.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe", Limits: host.Limits{Memory: 512 << 20}}}})
	before := pid(t, h, "a")
	if _, err := h.Step(t.Context(), host.Continue, request("a", "eat")); err == nil {
		t.Error("it ate without end")
	}
	eventually(t, "the process is replaced", func() bool { return !alive(before) && h.Status()[0].State == host.StateUp })
	if s := h.Status()[0]; s.Restarts == 0 {
		t.Errorf("status %+v", s)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{
		{ID: "a", Plugin: "probe"}, {ID: "b", Plugin: "probe", Limits: host.Limits{Memory: 2 << 30, Files: 64}}}})
	for id, want := range map[string][]string{
		"a": {"Max data size 1073741824 1073741824", "Max open files 1024 1024", "Max core file size 0 0"},
		"b": {"Max data size 2147483648 2147483648", "Max open files 64 64", "Max core file size 0 0"},
	} {
		process := pid(t, h, id)
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", process))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if got := strings.Join(strings.Fields(string(raw)), " "); !strings.Contains(got, line) {
				t.Errorf("%s: no %q in %s", id, line, raw)
			}
		}
		if raw, err = os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", process)); err != nil || strings.TrimSpace(string(raw)) != "500" {
			t.Errorf("%s: oom_score_adj %s %v", id, raw, err)
		}
	}
}

// A stopped process under load: its calls end at their deadline, and those that come after it was found out go to the next.
func TestStoppedUnderLoad(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}, {ID: "b", Plugin: "probe"}}})
	stopped := pid(t, h, "a")
	syscall.Kill(stopped, syscall.SIGSTOP)
	began := time.Now()
	var calls sync.WaitGroup
	var mu sync.Mutex
	ended := map[host.Kind]int{}
	for range 16 {
		calls.Go(func() {
			_, err := h.Step(t.Context(), host.Begin, request("a", ""))
			mu.Lock()
			defer mu.Unlock()
			ended[kindOf(err)]++
		})
		calls.Go(func() {
			if _, err := h.Step(t.Context(), host.Begin, request("b", "")); err != nil {
				t.Errorf("the other instance: %v", err)
			}
		})
	}
	calls.Wait()
	t.Logf("16 calls to the stopped process ended after %s: %v", time.Since(began).Round(10*time.Millisecond), ended)
	if ended[host.Bug]+ended[host.NotConfigured] > 0 {
		t.Errorf("ended %v", ended)
	}
	eventually(t, "the stopped process is replaced", func() bool { return !alive(stopped) && h.Status()[0].State == host.StateUp })
	pid(t, h, "a")
}
