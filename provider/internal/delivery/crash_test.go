package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/tx"
)

// The environment of this test binary run again as a worker that dies.
const (
	childTask   = "DELIVERY_CHILD"
	childDSN    = "DELIVERY_DSN"
	childMarker = "DELIVERY_MARKER" // a file that stands for the world outside: one line for each message that really left
)

// child runs a worker that kills itself, as kill -9 does, at the moment the task names.
func child(task string) int {
	s, err := openStore(os.Getenv(childDSN))
	if err != nil {
		return 3
	}
	var store Store = s
	if task == "before claim" {
		store = dieOnRead{s}
	}
	o, err := NewOutbox(Options{Engine: s.engine, Pool: s.pool, Store: store, Box: testBox{}, Channels: twoSMS,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return 4
	}
	w := NewWorker(o, WorkerOptions{DB: s, Texts: otpTexts, Sender: senderFunc(
		func(_ context.Context, m sdk.Message) (*sdk.SendResult, error) {
			if task == "before send" {
				die()
			}
			if leave(os.Getenv(childMarker), m) != nil {
				return nil, errors.New("no marker")
			}
			die()
			return nil, nil
		})})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = w.Run(ctx)
	return 5 // it should be dead
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func leave(marker string, m sdk.Message) error {
	f, err := os.OpenFile(marker, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, m.IdempotencyKey)
	return errors.Join(err, f.Close())
}

// dieOnRead dies when the job was fetched and before the message was claimed.
type dieOnRead struct{ *testStore }

func (dieOnRead) Message(context.Context, tx.Q, string) (*Row, error) {
	die()
	return nil, nil
}

// killed is a worker killed in the middle of its work, and the next one that finds what it left.
type killed struct {
	task       string
	idempotent bool
	state      State // how the message ends
	left       int   // how often it left, by both processes
}

func TestKilledWorker(t *testing.T) {
	t.Parallel()
	cases := []killed{
		{"before claim", false, Sent, 1},
		{"before send", false, Unknown, 0}, // reported, not repeated: from here it looks the same as the next one
		{"after send", false, Unknown, 1},
		{"before send", true, Sent, 1},
		{"after send", true, Sent, 2}, // twice with one key, which this channel takes once
	}
	type second struct {
		*rig
		marker string
	}
	// All of them are killed and restarted first: they then wait for River's rescue at the same time.
	started := map[Engine][]second{}
	for _, engine := range []Engine{PostgreSQL, SQLite} {
		for _, tc := range cases {
			marker := t.TempDir() + "/left"
			started[engine] = append(started[engine], second{afterKill(t, engine, tc, marker), marker})
		}
	}
	for engine, all := range started {
		for i, s := range all {
			tc := cases[i]
			t.Run(fmt.Sprintf("%s/idempotent=%v/%s", tc.task, tc.idempotent, engine), func(t *testing.T) {
				if m := s.settle(t)[0]; m.State != tc.state {
					t.Errorf("the message ended %s/%q, want %s", m.State, m.LastErrorKind, tc.state)
				}
				raw, err := os.ReadFile(s.marker)
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				if n := strings.Count(string(raw), "\n"); n != tc.left {
					t.Errorf("the message left %d times, want %d", n, tc.left)
				}
			})
		}
	}
}

// afterKill queues a message, lets a process die over it, and starts the next worker.
func afterKill(t *testing.T, engine Engine, tc killed, marker string) *rig {
	t.Helper()
	dsn := newDSN(t, engine)
	s := openMigrated(t, dsn)
	newRig(t, s, twoSMS).queue(t, code("a"))
	if engine == SQLite { // one process alone
		if err := s.pool.Close(); err != nil {
			t.Fatal(err)
		}
	}
	runChild(t, tc.task, dsn, marker)
	if engine == SQLite {
		var err error
		if s, err = openStore(dsn); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.pool.Close() })
	}
	timePasses(t, s)
	r := newRig(t, s, twoSMS)
	r.work(t, senderFunc(func(_ context.Context, m sdk.Message) (*sdk.SendResult, error) {
		return &sdk.SendResult{Accepted: true}, leave(marker, m)
	}), func(o *WorkerOptions) { o.Idempotent = map[string]bool{"first": tc.idempotent} })
	return r
}

func runChild(t *testing.T, task, dsn, marker string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task, childDSN+"="+dsn, childMarker+"="+marker)
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the worker was to be killed, ended with %v", err)
	}
}

// timePasses ages what the dead process left: its leadership runs out and its job counts as stuck.
func timePasses(t *testing.T, s *testStore) {
	t.Helper()
	statements := []string{
		`DELETE FROM river_leader`,
		`UPDATE river_job SET attempted_at = attempted_at - INTERVAL '1 hour' WHERE state = 'running'`,
	}
	if s.engine == SQLite {
		statements[1] = `UPDATE river_job SET attempted_at = datetime(attempted_at, '-1 hour') WHERE state = 'running'`
	}
	for _, q := range statements {
		if _, err := s.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	var stuck int
	if err := s.QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE state = 'running'`).Scan(&stuck); err != nil {
		t.Fatal(err)
	}
	if stuck != 1 {
		t.Fatalf("%d jobs were left running by the dead process, want 1", stuck)
	}
}
