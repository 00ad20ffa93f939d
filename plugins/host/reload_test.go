package host_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
)

// outcomes says what a reload did, "a=added b=refused".
func outcomes(changes []host.Change) string {
	var all []string
	for _, c := range changes {
		all = append(all, c.Instance+"="+string(c.Outcome))
	}
	return strings.Join(all, " ")
}

func reload(t testing.TB, h *host.Host, list []host.InstanceConfig, renew ...string) []host.Change {
	t.Helper()
	changes, err := h.Reload(t.Context(), list, renew...)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func TestReload(t *testing.T) {
	t.Parallel()
	same, changed := host.InstanceConfig{ID: "same", Plugin: "probe"}, host.InstanceConfig{ID: "changed", Plugin: "probe"}
	h := start(t, host.Options{Instances: []host.InstanceConfig{same, changed, {ID: "gone", Plugin: "probe"}}})
	untouched, before, gone := pid(t, h, "same"), pid(t, h, "changed"), pid(t, h, "gone")
	changed.Config = []byte(`{"n":2}`)
	list := []host.InstanceConfig{{ID: "new", Plugin: "many"}, same, changed}
	if got := outcomes(reload(t, h, list)); got != "new=added same=unchanged changed=replaced gone=removed" {
		t.Errorf("got %s", got)
	}
	if pid(t, h, "same") != untouched || pid(t, h, "changed") == before {
		t.Error("the wrong processes were replaced")
	}
	if _, err := h.Step(t.Context(), host.Begin, request("gone", "")); kindOf(err) != host.NotConfigured {
		t.Errorf("a removed instance: %v", err)
	}
	eventually(t, "the old processes end", func() bool { return !alive(before) && !alive(gone) })
	var refs []string
	for _, m := range h.Methods() {
		refs = append(refs, m.Ref)
	}
	if !slices.Equal(refs, []string{"new/probe", "new/other", "same", "changed"}) {
		t.Errorf("methods %v", refs)
	}
	if got := outcomes(reload(t, h, list, "same")); got != "new=unchanged same=replaced changed=unchanged" {
		t.Errorf("renewed by name: %s", got)
	}
	if _, err := h.Renew(t.Context(), "nobody"); err == nil {
		t.Error("an unknown name was renewed")
	}
}

// A version that cannot work must not take the place of one that does.
func TestReloadKeepsWhatWorks(t *testing.T) {
	t.Parallel()
	good := host.InstanceConfig{ID: "a", Plugin: "probe"}
	for name, bad := range map[string]struct {
		config host.InstanceConfig
		says   string
	}{
		"describe":  {host.InstanceConfig{ID: "a", Plugin: "markup"}, "contains < or >"},
		"handshake": {host.InstanceConfig{ID: "a", Plugin: "garbage"}, "hello, I am not a plugin"},
		"configure": {host.InstanceConfig{ID: "a", Plugin: "probe", Config: []byte(`{"wrong":1}`)}, "remove it"},
		"check":     {host.InstanceConfig{ID: "a", Plugin: "probe", Config: []byte(`{"ill":1}`)}, "the back end is away"},
		"digest":    {host.InstanceConfig{ID: "a", Command: []string{"/bin/true"}, SHA256: strings.Repeat("0", 64)}, "has the digest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := &recorder{}
			h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{good}})
			before := pid(t, h, "a")
			changes := reload(t, h, []host.InstanceConfig{bad.config})
			if outcomes(changes) != "a=refused" || !strings.Contains(fmt.Sprint(changes[0].Err), bad.says) {
				t.Errorf("got %+v", changes)
			}
			if pid(t, h, "a") != before {
				t.Error("the process that works was replaced")
			}
			if s := report.moves(); fmt.Sprint(s) != "[starting up]" {
				t.Errorf("reported %v", s)
			}
			if got := outcomes(reload(t, h, []host.InstanceConfig{good})); got != "a=unchanged" {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

// Where nothing works there is nothing to lose: the new configuration is taken, and tried again like at a start.
func TestReloadReplacesWhatIsBroken(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "markup"}}})
	changes := reload(t, h, []host.InstanceConfig{{ID: "a", Plugin: "probe", Config: []byte(`{"wrong":1}`)}})
	if outcomes(changes) != "a=replaced" || !strings.Contains(fmt.Sprint(changes[0].Err), "remove it") {
		t.Errorf("got %+v", changes)
	}
	if changes = reload(t, h, []host.InstanceConfig{{ID: "a", Plugin: "probe"}}); outcomes(changes) != "a=replaced" || changes[0].Err != nil {
		t.Errorf("got %+v", changes)
	}
	pid(t, h, "a")
}

func TestReloadRefusesWhatCannotBeHosted(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	before := pid(t, h, "a")
	if _, err := h.Reload(t.Context(), []host.InstanceConfig{{ID: "../a", Plugin: "probe"}}); err == nil {
		t.Error("accepted")
	}
	if pid(t, h, "a") != before {
		t.Error("replaced")
	}
	idle, err := host.New(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Reload(t.Context(), nil); err == nil {
		t.Error("a host that does not run was reloaded")
	}
}

// The old process ends its calls, however long they take, while the new one already answers.
func TestReloadDrains(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	before := pid(t, h, "a")
	var slow sync.WaitGroup
	slow.Go(func() {
		r, err := h.Step(t.Context(), host.Continue, request("a", "two seconds"))
		if err != nil || string(r.Success.Evidence) != fmt.Sprint(before) {
			t.Errorf("the call under way: %+v %v", r, err)
		}
	})
	eventually(t, "the slow call is under way", func() bool { return h.Status()[0].Latency.Calls == 1 })
	time.Sleep(100 * time.Millisecond)
	reload(t, h, []host.InstanceConfig{{ID: "a", Plugin: "probe"}}, "a")
	if pid(t, h, "a") == before {
		t.Error("the old process answers")
	}
	slow.Wait()
	eventually(t, "the old process ends", func() bool { return !alive(before) })
}

// An operator upgrades by running the new version beside the old one.
func TestVersionsSideBySide(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "one", Plugin: "probe"}, {ID: "two", Plugin: "newer"}}})
	versions := map[string]string{}
	for _, s := range h.Status() {
		versions[s.Instance] = s.Version
	}
	if versions["one"] != "1.2.3" || versions["two"] != "2.0.0" {
		t.Errorf("versions %v", versions)
	}
	pid(t, h, "one")
	pid(t, h, "two")
	// An upgrade of the first, and back.
	for _, step := range []struct{ plugin, version string }{{"newer", "2.0.0"}, {"probe", "1.2.3"}} {
		list := []host.InstanceConfig{{ID: "one", Plugin: step.plugin}, {ID: "two", Plugin: "newer"}}
		if got := outcomes(reload(t, h, list)); got != "one=replaced two=unchanged" || h.Status()[0].Version != step.version {
			t.Errorf("%s: %s, version %s", step.plugin, got, h.Status()[0].Version)
		}
	}
}

// Reloads under load cost nobody a call.
func TestNoStepFailsByReloads(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	done, failed := load(t, h, 3*time.Second, func(int64) {
		reload(t, h, []host.InstanceConfig{{ID: "a", Plugin: "probe"}}, "a")
	})
	if failed > 0 {
		t.Errorf("%d of %d calls failed", failed, done)
	}
}

// Kills from outside cost nobody a call, however many, and are not taken for the plugin's crashes.
func TestNoStepFailsByKills(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	killed, before := map[int]bool{}, int64(0)
	done, failed := load(t, h, 5*time.Second, func(calls int64) {
		// Not before it has done something: on a busy machine a process may have come up this moment.
		if s := h.Status()[0]; s.PID != 0 && calls >= before+16 && syscall.Kill(s.PID, syscall.SIGKILL) == nil {
			killed[s.PID], before = true, calls
		}
	})
	t.Logf("%d processes killed", len(killed))
	if failed > 0 {
		t.Errorf("%d of %d calls failed", failed, done)
	}
	if len(killed) < 6 {
		t.Errorf("only %d processes were killed: less than opens the breaker", len(killed))
	}
}

// load runs 16 callers and an incident every 250 ms, and counts the calls and those that failed.
func load(t *testing.T, h *host.Host, d time.Duration, incident func(calls int64)) (done, failed int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var calls, failures, incidents atomic.Int64
	var callers sync.WaitGroup
	for n := range 16 {
		callers.Go(func() {
			for call := 0; ctx.Err() == nil; call++ {
				r := request("a", "")
				r.Context.IdempotencyKey = fmt.Sprintf("%d-%d", n, call)
				if _, err := h.Step(t.Context(), host.Continue, r); err != nil {
					failures.Add(1)
					t.Log(err)
				}
				calls.Add(1)
				time.Sleep(time.Millisecond)
			}
		})
	}
	callers.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				incident(calls.Load())
				incidents.Add(1)
			case <-ctx.Done():
				return
			}
		}
	})
	callers.Wait()
	l := h.Status()[0].Latency
	t.Logf("%d incidents, %d calls from 16 callers, %d failed; p50 %s, p99 %s", incidents.Load(), calls.Load(), failures.Load(), l.P50, l.P99)
	return calls.Load(), failures.Load()
}
