package host_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

func TestKilledPluginComesBack(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}, {ID: "b", Plugin: "probe"}}})
	before, other := pid(t, h, "a"), pid(t, h, "b")
	for range 2 {
		syscall.Kill(pid(t, h, "a"), syscall.SIGKILL)
		// The very next call is carried over to the next process.
		if now := pid(t, h, "a"); now == before {
			t.Fatal("the killed process answered")
		}
	}
	if pid(t, h, "b") != other {
		t.Error("the other instance was restarted too")
	}
	if s := h.Status()[0]; s.Restarts != 2 || s.State != host.StateUp {
		t.Errorf("status %+v", s)
	}
}

// Every way to die in the middle of a step ends in Unavailable, and in a new process.
func TestDeathDuringStep(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"exit", "panic in a goroutine"} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
			_, err := h.Step(t.Context(), host.Continue, request("a", do))
			if kindOf(err) != host.Unavailable {
				t.Errorf("got %v", err)
			}
			var e *host.Error
			if errors.As(err, &e) && e.NotSent() {
				t.Error("nobody knows what a dead plugin had done")
			}
			pid(t, h, "a")
		})
	}
}

// A stopped process is the worst plugin: it holds its socket and answers nothing.
func TestStoppedPlugin(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}, {ID: "b", Plugin: "probe"}}})
	stopped := pid(t, h, "a")
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := h.Step(t.Context(), host.Continue, request("a", "stop")); kindOf(err) != host.Deadline {
			t.Errorf("stopped: %v", err)
		}
	})
	both.Go(func() { pid(t, h, "b") })
	both.Wait()
	eventually(t, "the stopped process is replaced", func() bool { return !alive(stopped) && h.Status()[0].State == host.StateUp })
	pid(t, h, "a")
}

func TestStopWithStoppedPlugin(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	syscall.Kill(pid(t, h, "a"), syscall.SIGSTOP) // start's cleanup now has to end it
}

func TestCrashLoopOpensTheBreaker(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "dead", Plugin: "dead"}, {ID: "b", Plugin: "probe"}}})
	eventually(t, "the breaker opens", func() bool { return h.Status()[0].State == host.StateBroken })
	if _, err := h.Step(t.Context(), host.Begin, request("dead", "")); kindOf(err) != host.Unavailable {
		t.Errorf("step: %v", err)
	}
	if s := h.Status()[0]; s.Restarts != 5 || s.LastError != "launch: the program ended before the handshake: exit status 3, after saying: cannot find the token file" {
		t.Errorf("status %+v", s)
	}
	if _, ok := h.Describe("dead"); ok {
		t.Error("describes what never came up")
	}
	pid(t, h, "b")
}

// A plugin that keeps lying is taken away for a while.
func TestLiesOpenTheBreaker(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	for range 5 {
		if _, err := h.Step(t.Context(), host.Continue, request("a", "subject")); kindOf(err) != host.Bug {
			t.Fatal(err)
		}
	}
	eventually(t, "the breaker opens", func() bool { return h.Status()[0].State == host.StateBroken })
	if h.Methods()[0].Available {
		t.Error("the method is still offered")
	}
}

func TestCannotStart(t *testing.T) {
	t.Parallel()
	self, digest := selfDigest(t)
	script := filepath.Join(t.TempDir(), "plugin.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config host.InstanceConfig
		state  host.State
		says   string
	}{
		"garbage":         {host.InstanceConfig{Plugin: "garbage"}, "", "hello, I am not a plugin"},
		"flood":           {host.InstanceConfig{Plugin: "flood"}, "", "before the handshake"},
		"markup":          {host.InstanceConfig{Plugin: "markup"}, host.StateFailed, "contains < or >"},
		"elsewhere":       {host.InstanceConfig{Plugin: "elsewhere"}, "", "outside its socket directory"},
		"without TLS":     {host.InstanceConfig{Plugin: "plain"}, "", "describe: "},
		"another's name":  {host.InstanceConfig{Plugin: "alias"}, host.StateFailed, `calls itself "somebody-else"`},
		"configuration":   {host.InstanceConfig{Plugin: "probe", Config: []byte(`{"wrong":1}`)}, host.StateFailed, "/wrong: remove it"},
		"not JSON":        {host.InstanceConfig{Plugin: "probe", Config: []byte(`{`)}, host.StateFailed, "not JSON"},
		"another digest":  {host.InstanceConfig{Command: []string{self}, SHA256: strings.Repeat("0", 64)}, host.StateFailed, digest},
		"no such program": {host.InstanceConfig{Command: []string{"/no/such/plugin"}, SHA256: digest}, host.StateFailed, "no such file"},
		"script":          {host.InstanceConfig{Command: []string{script}, SHA256: digest}, host.StateFailed, "is a script"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.config.ID = "a"
			h := start(t, host.Options{Instances: []host.InstanceConfig{c.config}})
			s := h.Status()[0]
			if (c.state != "" && s.State != c.state) || !strings.Contains(s.LastError, c.says) {
				t.Errorf("status %+v", s)
			}
			if c.state == host.StateFailed {
				if _, err := h.Step(t.Context(), host.Begin, request("a", "")); kindOf(err) != host.NotConfigured {
					t.Errorf("step: %v", err)
				}
			}
		})
	}
}

// A plugin that never says anything must not hold up the end of the host.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	h, err := host.New(host.Options{Dir: dir, Instances: []host.InstanceConfig{{ID: "a", Plugin: "mute"}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	eventually(t, "the process has its socket directory", func() bool {
		entries, _ := os.ReadDir(dir)
		return len(entries) > 0
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if s := h.Status()[0]; s.State != host.StateStopped {
		t.Errorf("status %+v", s)
	}
}

func selfDigest(t *testing.T) (path, digest string) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, fmt.Sprintf("%x", sha256.Sum256(raw))
}

// A slow step is the step's fault: the deadline is kept, and the process lives on.
func TestSlowStep(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	before := pid(t, h, "a")
	if _, err := h.Step(t.Context(), host.Continue, request("a", "sleep")); kindOf(err) != host.Deadline {
		t.Errorf("got %v", err)
	}
	if pid(t, h, "a") != before {
		t.Error("the process was restarted")
	}
}

// A browser that goes away ends its step at once, and is nobody's crash.
func TestCallerGone(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Step(ctx, host.Continue, request("a", "sleep")); kindOf(err) != host.Unavailable {
		t.Errorf("got %v", err)
	}
	if s := h.Status()[0]; s.Restarts != 0 || s.State != host.StateUp {
		t.Errorf("status %+v", s)
	}
}

// Somebody on the same machine who finds the socket gets nowhere: the plugin talks to the holder of one key alone.
func TestStrangerIsRefused(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	start(t, host.Options{Dir: dir, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	sockets, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(sockets) != 1 {
		t.Fatalf("sockets %v %v", sockets, err)
	}
	if info, err := os.Stat(filepath.Dir(sockets[0])); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket directory: %v %v", info, err)
	}
	for name, creds := range map[string]credentials.TransportCredentials{
		"without TLS":           insecure.NewCredentials(),
		"without a certificate": credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}),
	} {
		conn, err := grpc.NewClient("unix://"+sockets[0], grpc.WithTransportCredentials(creds))
		if err != nil {
			t.Fatal(err)
		}
		if d, err := sdk.NewClient(conn).Describe(t.Context()); err == nil {
			t.Errorf("%s: answered %+v", name, d)
		}
		conn.Close()
	}
}

func TestUnpinned(t *testing.T) {
	t.Parallel()
	self, _ := selfDigest(t)
	h := start(t, host.Options{AllowUnpinned: true, Instances: []host.InstanceConfig{{ID: "a", Command: []string{self, "plugin", "serve", "probe"}}}})
	pid(t, h, "a")
}

// What runs is what was hashed, whatever happens to the file afterwards.
func TestPinnedContent(t *testing.T) {
	t.Parallel()
	self, digest := selfDigest(t)
	raw, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(program, raw, 0o700); err != nil {
		t.Fatal(err)
	}
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Command: []string{program, "plugin", "serve", "probe"}, SHA256: strings.ToUpper(digest)}}})
	if err := os.WriteFile(program+".new", []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(program+".new", program); err != nil {
		t.Fatal(err)
	}
	before := pid(t, h, "a")
	syscall.Kill(before, syscall.SIGKILL)
	if pid(t, h, "a") == before {
		t.Error("not restarted")
	}
	if s := h.Status()[0]; s.Digest != digest || s.Plugin != "probe" {
		t.Errorf("status %+v", s)
	}
}

// A host that is killed takes its plugins with it, and the next one cleans up after it.
func TestHostKilled(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := shortDir(t)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "HOST_TEST_DIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(plugin) {
		t.Fatalf("plugin %q", line)
	}
	cmd.Process.Kill()
	cmd.Wait()
	sockets, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(sockets) != 1 {
		t.Fatalf("sockets %v %v", sockets, err)
	}
	// Not by its process id: nobody in a container may reap an orphan.
	eventually(t, "the plugin ends", func() bool {
		conn, err := net.Dial("unix", sockets[0])
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	start(t, host.Options{Dir: dir, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
}

// The host's environment holds keys. A plugin gets none of it.
func TestEnvironment(t *testing.T) {
	t.Setenv("VARCO_KEK", "secret")
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe", Env: []string{"MODE=test"}}}})
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid(t, h, "a")))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("VARCO_KEK")) || !bytes.Contains(raw, []byte("\x00MODE=test\x00")) {
		t.Errorf("environment %q", raw)
	}
}

// lockedBuffer is a log that tests can read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A plugin may print as much as it likes: it is not blocked, and what it says reaches the log under its name, in part.
func TestPrinting(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	h := start(t, host.Options{Log: slog.New(slog.NewJSONHandler(&log, nil)), Instances: []host.InstanceConfig{{ID: "talker", Plugin: "probe"}}})
	if _, err := h.Step(t.Context(), host.Continue, request("talker", "panic")); kindOf(err) != host.Bug {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := h.Step(t.Context(), host.Continue, request("talker", "print")); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "output is in the log", func() bool {
		s := log.String()
		return strings.Contains(s, `"instance":"talker","stream":"stdout","text":"out out`) &&
			strings.Contains(s, `"level":"ERROR","msg":"plugin log","instance":"talker","stream":"stderr","text":"plugin panicked"`)
	})
}

func TestReporter(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	t.Run("up", func(t *testing.T) {
		h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
		pid(t, h, "a")
	})
	want := fmt.Sprint([]host.State{host.StateStarting, host.StateUp, host.StateStopped})
	if got := fmt.Sprint(report.states); got != want || report.calls != 1 {
		t.Errorf("states %v, want %v; %d calls", got, want, report.calls)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]host.InstanceConfig{
		"no id":           {Plugin: "probe"},
		"id for a path":   {ID: "../a", Plugin: "probe"},
		"nothing to run":  {ID: "a"},
		"two to run":      {ID: "a", Plugin: "probe", Command: []string{"/x"}},
		"strange name":    {ID: "a", Plugin: "--help"},
		"relative":        {ID: "a", Command: []string{"plugin"}, SHA256: strings.Repeat("0", 64)},
		"unpinned":        {ID: "a", Command: []string{"/plugin"}},
		"half a digest":   {ID: "a", Command: []string{"/plugin"}, SHA256: "abcd"},
		"not hexadecimal": {ID: "a", Command: []string{"/plugin"}, SHA256: strings.Repeat("z", 64)},
	} {
		if _, err := host.New(host.Options{Instances: []host.InstanceConfig{c}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	twice := host.InstanceConfig{ID: "a", Plugin: "probe"}
	if _, err := host.New(host.Options{Instances: []host.InstanceConfig{twice, twice}}); err == nil {
		t.Error("one id twice: accepted")
	}
	if _, err := host.New(host.Options{AllowUnpinned: true, Instances: []host.InstanceConfig{{ID: "a", Command: []string{"/plugin"}}}}); err != nil {
		t.Error(err)
	}
}

func TestDirectoryOthersCanWrite(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, filepath.Join(dir, strings.Repeat("x", 100))} {
		h, err := host.New(host.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Run(t.Context()); err == nil {
			t.Errorf("%s: accepted", dir)
		}
	}
}
