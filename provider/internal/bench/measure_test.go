//go:build linux

package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A process that counts to a few hundred millions uses CPU that /proc tells as well; both must agree to within a few of /proc's ticks.
func TestCPUOfAnotherProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; read -r _")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	var used time.Duration
	for last := time.Duration(-1); used == 0 || used != last; time.Sleep(300 * time.Millisecond) { // until it has run, and waits for its input
		last = used
		if used, err = cpuOf(pid); err != nil {
			t.Fatal(err)
		}
	}
	list, err := children(os.Getpid())
	if err != nil || !slices.Contains(list, pid) {
		t.Errorf("children: %v, %v; want %d among them", list, err, pid)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // read fails at the end of the input
	told := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if used <= 0 || (told-used).Abs() > 5*tick {
		t.Errorf("CPU clock %v, rusage %v", used, told)
	}
	if _, err := cpuOf(pid); err == nil {
		t.Error("a process that ended still has a CPU clock")
	}
}

func TestMemoryOfThisProcess(t *testing.T) {
	t.Parallel()
	m, err := memoryOf(os.Getpid())
	if err != nil || m.Private <= 0 || m.Resident < m.Private {
		t.Errorf("%+v, %v", m, err)
	}
}

// What is read beside the database is the number of its commits.
func TestWALChangesCountCommits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	commit, closing, err := sqliteFloor(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := walChanges(path + "-shm")
	if err != nil {
		t.Fatal(err)
	}
	for range 7 {
		if err := commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	after, err := walChanges(path + "-shm")
	if err != nil || after-before != 7 {
		t.Errorf("%d commits, %v; want 7", after-before, err)
	}
	if err := closing(); err != nil {
		t.Error(err)
	}
}

func TestWayBackToTheRelyingParty(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a    answer
		code string
	}{
		"redirect":        {answer{header: http.Header{"Location": {redirectURI + "?code=a.b&state=s"}}}, "a.b"},
		"link of a page":  {answer{header: http.Header{}, body: `<a class="x" href="` + redirectURI + `?code=a.b&amp;state=s">`}, "a.b"},
		"the page again":  {answer{header: http.Header{"Location": {"http://127.0.0.1:1/login/x"}}}, ""},
		"another address": {answer{header: http.Header{"Location": {redirectURI + ".evil.example?code=a.b"}}}, ""},
		"nothing":         {answer{header: http.Header{}}, ""},
	} {
		q, err := c.a.back()
		if (err == nil) != (c.code != "") || q.Get("code") != c.code {
			t.Errorf("%s: %v, %v", name, q, err)
		}
	}
}

// An operation's figures are sums over its parts, less what an idle installation spends.
func TestRowTakesIdleOff(t *testing.T) {
	t.Parallel()
	tl := &tally{
		took: [][]time.Duration{{3 * time.Millisecond, time.Millisecond}, {2 * time.Millisecond, 9 * time.Millisecond}}, failures: [][]error{{context.Canceled}},
		length: 2 * time.Second, used: cpu{Server: 50 * time.Millisecond, Database: 12 * time.Millisecond}, commits: 14,
	}
	r, err := tl.row(idle{CPU: cpu{Server: 5 * time.Millisecond, Database: 2 * time.Millisecond}, Commits: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := row{Count: 4, Errors: 1, Error: context.Canceled.Error(), Rate: 2, P50: 3 * time.Millisecond, P95: 9 * time.Millisecond, P99: 9 * time.Millisecond,
		Server: 10 * time.Millisecond, Database: 2 * time.Millisecond, Commits: 3}
	if *r != want {
		t.Errorf("%+v\nwant %+v", *r, want)
	}
}
