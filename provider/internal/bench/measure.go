//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// cores is how many hashes the password plugin runs at once.
var cores = runtime.GOMAXPROCS(0)

const (
	settle    = 4 * time.Second  // after the start, until the idle installation is looked at
	idleFor   = 4 * time.Second  // how long it is looked at
	coolDown  = 10 * time.Second // after the load, until memory is read again
	restAfter = 200 * time.Millisecond
)

// bench measures one database.
type bench struct {
	plan
	binary, smallPlugin, dir string
	primitives               primitives
	hashing                  *hashing

	db          *database
	server      *server
	subscribers []subscriber
	idle        idle
}

// result is what was measured on one database.
type result struct {
	Database    string                `json:"database"`
	Rows        []row                 `json:"rows"`
	Commit      map[int]time.Duration `json:"cpu_commit_ns"` // one durable commit alone, by clients at once
	Idle        idle                  `json:"idle_second"`
	First       time.Duration         `json:"ready_first_ns"`        // on an empty database
	Ready       time.Duration         `json:"ready_ns"`              // with the bundled plugins
	ReadySmall  time.Duration         `json:"ready_small_plugin_ns"` // with one small plugin instead
	MemoryStart []memory              `json:"memory_start"`
	MemoryAfter []memory              `json:"memory_after_load"`
}

func (b *bench) measure(ctx context.Context, o opener) (_ *result, err error) {
	dir := filepath.Join(b.dir, o.name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if b.db, err = o.open(ctx, dir); err != nil {
		return nil, err
	}
	defer b.db.close()
	r := &result{Database: o.name, Commit: map[int]time.Duration{}}
	for _, n := range clients {
		if r.Commit[n], err = commitAlone(ctx, b.db, n, b.window/3); err != nil {
			return nil, fmt.Errorf("commits alone: %w", err)
		}
	}
	i, err := newInstallation(b.binary, dir, b.db.url, bundled(""), "password")
	if err != nil {
		return nil, err
	}
	if err := b.starts(ctx, r, i); err != nil {
		return nil, err
	}
	if err := b.alone(ctx, r, i); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	plainPlugin := fmt.Sprintf(", plain: {command: [%q, %s]}", self, plainMode)
	if err := i.configure(b.db.url, bundled(plainPlugin), "plain", "password"); err != nil {
		return nil, err
	}
	if b.server, err = i.start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	if b.subscribers, err = b.server.addSubscribers(ctx, b.plan.subscribers); err != nil {
		return nil, err
	}
	if err := b.greet(ctx); err != nil {
		return nil, err
	}
	for _, n := range clients {
		for _, op := range operations {
			if b.operation != "" && op.name != b.operation {
				continue
			}
			measured, err := b.rounds(ctx, op, n)
			if err != nil {
				return nil, err
			}
			if op.floor != nil {
				p := b.primitives
				measured.Floor = op.floor(p, r.Commit[n])
			}
			r.Rows = append(r.Rows, *measured)
		}
	}
	progress("waiting for the server to calm down")
	if err := sleep(ctx, coolDown); err != nil {
		return nil, err
	}
	r.MemoryAfter, err = b.server.memory()
	return r, err
}

// alone looks at an installation with the bundled plugins that nobody uses.
func (b *bench) alone(ctx context.Context, r *result, i *installation) (err error) {
	if b.server, err = i.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	return b.lookIdle(ctx, r)
}

// greet lets everybody sign in once. The first login of a subscriber writes a little more (the counter of failures, the day of last
// use): what is measured is any other.
func (b *bench) greet(ctx context.Context) error {
	const at = 8
	return each(at, func(i int) error {
		c := newCaller(b.server.issuer, b.server.secret)
		defer c.close()
		for ; i < len(b.subscribers); i += at {
			if _, err := c.login(ctx, b.subscribers[i], ""); err != nil {
				return err
			}
			if _, err := c.login(ctx, b.subscribers[i], plainACR); err != nil {
				return err
			}
		}
		return nil
	})
}

// starts measures the time from the start of the process to the first 200 of /readyz.
func (b *bench) starts(ctx context.Context, r *result, i *installation) error {
	dir := filepath.Join(i.dir, "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	// A configuration without any plugin is refused, for nobody could sign in: one that does nothing at start comes closest.
	url, err := b.db.empty(ctx)
	if err != nil {
		return err
	}
	small, err := newInstallation(b.binary, dir, url, fmt.Sprintf("{grid: {command: [%s]}}", b.smallPlugin), "grid")
	if err != nil {
		return err
	}
	for at, in := range []*installation{i, small} {
		if err := in.command(ctx, "db", "migrate"); err != nil {
			return err
		}
		var all []time.Duration
		for n := range b.plan.starts + 1 {
			s, err := in.start(ctx)
			if err != nil {
				return err
			}
			switch {
			case n > 0:
				all = append(all, s.ready)
			case at == 0:
				r.First = s.ready // it makes the keys
			}
			if err := s.stop(); err != nil {
				return err
			}
		}
		if at == 0 {
			r.Ready = median(all)
		} else {
			r.ReadySmall = median(all)
		}
	}
	return nil
}

// lookIdle measures what the installation spends when nobody asks anything.
func (b *bench) lookIdle(ctx context.Context, r *result) error {
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	var err error
	if r.MemoryStart, err = b.server.memory(); err != nil {
		return err
	}
	w, err := b.open(ctx)
	if err != nil {
		return err
	}
	if err := sleep(ctx, idleFor); err != nil {
		return err
	}
	length, used, commits, err := b.close(ctx, w)
	second := func(d time.Duration) time.Duration { return time.Duration(float64(d) / length.Seconds()) }
	b.idle = idle{cpu{second(used.Server), second(used.Plugins), second(used.Database)}, float64(commits) / length.Seconds()}
	r.Idle = b.idle
	return err
}

// rounds measures an operation several times and returns the round in the middle by CPU time.
func (b *bench) rounds(ctx context.Context, op operation, n int) (*row, error) {
	rounds, length := b.plan.rounds, b.window
	if n >= crowd {
		rounds, length = 1, b.crowd
	}
	var all []*row
	for range rounds {
		r, err := b.load(ctx, op, n, length)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
		if err := sleep(ctx, restAfter); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(x, y *row) int { return int(x.rest() - y.rest()) })
	for _, r := range all { // an error in any round counts
		if r.Errors > 0 {
			all[len(all)/2].Errors, all[len(all)/2].Error = r.Errors, r.Error
		}
	}
	return all[len(all)/2], nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
