package e2e_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that ought to happen soon. It is long because test machines are slow, and never part of what is tested.
const patience = 60 * time.Second

// waitFor polls until done says so, or fails the test.
func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	pause := 5 * time.Millisecond
	for end := time.Now().Add(patience); !done(); time.Sleep(pause) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain until %s", patience, what)
		}
		pause = min(pause*3/2, 250*time.Millisecond)
	}
}

// process is a program that runs beside the test and ends with it.
type process struct {
	name string
	cmd  *exec.Cmd
	out  bytes.Buffer // standard output
	log  capture      // standard error
	done chan struct{}
	err  error // of Wait; after done
}

// capture keeps what a process writes, to be read while it writes.
type capture struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(p)
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}

// launch starts a program; cmd.Stdout may be set before. When the test ends the process is asked to stop, then made to.
func launch(t testing.TB, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = &p.out
	}
	cmd.Stderr = &p.log
	cmd.WaitDelay = 5 * time.Second // grandchildren may hold the pipe of standard error
	// Should the test itself be killed, nothing of it stays behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.end(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("%s wrote:\n%s", name, tail(p.log.String(), 40))
		}
	})
	return p
}

// end sends a signal and waits for the process to be gone; one that does not go is killed.
func (p *process) end(signal os.Signal) {
	_ = p.cmd.Process.Signal(signal) // it may be gone
	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// running says whether the process lives.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// code is the exit code of a process that ended; -1 when a signal ended it.
func (p *process) code() int {
	<-p.done
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		return exit.ExitCode()
	}
	return p.cmd.ProcessState.ExitCode()
}

// tail is the last lines of a log without those that tell of every request.
func tail(text string, lines int) string {
	all := slices.DeleteFunc(strings.Split(strings.TrimRight(text, "\n"), "\n"), func(line string) bool {
		return strings.Contains(line, `"level":"DEBUG","msg":"request"`)
	})
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
