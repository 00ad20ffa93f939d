//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// row is one operation by a number of clients at once.
type row struct {
	Operation string        `json:"operation"`
	Clients   int           `json:"clients"`
	Count     int           `json:"count"`
	Errors    int           `json:"errors"`
	Error     string        `json:"first_error,omitempty"`
	Rate      float64       `json:"per_second"`
	P50       time.Duration `json:"p50_ns"`
	P95       time.Duration `json:"p95_ns"`
	P99       time.Duration `json:"p99_ns"`

	// CPU time for each operation, less what the idle installation spends.
	Server   time.Duration `json:"cpu_server_ns"`
	Plugins  time.Duration `json:"cpu_plugins_ns"`
	Database time.Duration `json:"cpu_database_ns"`
	Hash     time.Duration `json:"cpu_hash_ns"` // of the hash alone, measured right before and after
	Floor    time.Duration `json:"cpu_floor_ns,omitempty"`

	Commits     float64 `json:"commits"`
	Allocations float64 `json:"allocations"`
	Target      string  `json:"target"`
}

// rest is the CPU time of everything but the hash.
func (r *row) rest() time.Duration { return r.Server + r.Plugins + r.Database - r.Hash }

// idle is what an installation spends and commits in a second without requests.
type idle struct {
	CPU     cpu     `json:"cpu_ns"`
	Commits float64 `json:"commits"`
}

// window is a span of time in which CPU and commits are counted.
type window struct {
	began   time.Time
	cpu     cpu
	commits int64
}

func (b *bench) open(ctx context.Context) (w window, err error) {
	w.began = time.Now()
	if w.commits, err = b.db.commits(ctx); err != nil {
		return w, err
	}
	w.cpu, err = spent(b.server.pid(), b.db.postmaster)
	return w, err
}

// close returns the length of the window and what happened in it.
func (b *bench) close(ctx context.Context, w window) (time.Duration, cpu, int64, error) {
	after, err := spent(b.server.pid(), b.db.postmaster)
	if err != nil {
		return 0, cpu{}, 0, err
	}
	commits, err := b.db.commits(ctx)
	return time.Since(w.began), after.sub(w.cpu), commits - w.commits, err
}

// load runs an operation with n clients at once.
func (b *bench) load(ctx context.Context, op operation, n int, length time.Duration) (*row, error) {
	callers := make([]*caller, n)
	runs := make([]func(context.Context) error, n)
	for i := range callers {
		callers[i] = newCaller(b.server.issuer, b.server.secret)
		defer callers[i].close()
	}
	// Everybody signs in as somebody else, and as a long row of people one after the other.
	begin := func(i int) (err error) {
		turn := i
		runs[i], err = op.begin(ctx, callers[i], func() subscriber {
			turn += n
			return b.subscribers[turn%len(b.subscribers)]
		})
		return err
	}
	if err := each(n, begin); err != nil {
		return nil, fmt.Errorf("begin %s: %w", op.name, err)
	}
	warm := time.Now().Add(length / 5)
	_ = each(n, func(i int) error { // an error that stays is counted below
		for time.Now().Before(warm) && ctx.Err() == nil {
			_ = runs[i](ctx)
		}
		return nil
	})

	mallocs, err := b.server.metric("go_memstats_mallocs_total")
	if err != nil {
		return nil, err
	}
	t := &tally{took: make([][]time.Duration, n), failures: make([][]error, n)}
	parts := time.Duration(1)
	if op.hashes > 0 {
		parts = 8
	}
	for range parts {
		if err := b.part(ctx, runs, length/parts, t); err != nil {
			return nil, err
		}
		if op.hashes == 0 {
			continue
		}
		// Between the parts, so that the hash alone meets the same noise of the machine as the hash in the plugin.
		hash, err := b.hashing.measure(n, length/parts/3)
		if err != nil {
			return nil, err
		}
		t.hash += hash / parts
	}
	after, err := b.server.metric("go_memstats_mallocs_total")
	if err != nil {
		return nil, err
	}
	r, err := t.row(b.idle)
	if err != nil {
		return nil, fmt.Errorf("%s with %d clients: %w", op.name, n, err)
	}
	r.Operation, r.Clients, r.Target = op.name, n, op.target
	r.Hash = time.Duration(op.hashes) * t.hash
	r.Allocations = (after - mallocs) / float64(r.Count)
	return r, ctx.Err()
}

// tally is what happened while an operation was repeated.
type tally struct {
	took     [][]time.Duration // by client
	failures [][]error
	length   time.Duration
	used     cpu
	commits  int64
	hash     time.Duration // CPU time of a hash alone
}

// part runs the operation for a while and adds to the tally.
func (b *bench) part(ctx context.Context, runs []func(context.Context) error, length time.Duration, t *tally) error {
	w, err := b.open(ctx)
	if err != nil {
		return err
	}
	end := w.began.Add(length)
	_ = each(len(runs), func(i int) error {
		for time.Now().Before(end) && ctx.Err() == nil {
			began := time.Now()
			if err := runs[i](ctx); err != nil {
				t.failures[i] = append(t.failures[i], err)
			} else {
				t.took[i] = append(t.took[i], time.Since(began))
			}
		}
		return nil
	})
	took, used, commits, err := b.close(ctx, w)
	t.length += took
	t.used = t.used.add(used)
	t.commits += commits
	return errors.Join(err, ctx.Err())
}

// row turns sums into figures for one operation.
func (t *tally) row(i idle) (*row, error) {
	r := &row{}
	all, failed := slices.Concat(t.took...), slices.Concat(t.failures...)
	if r.Errors = len(failed); r.Errors > 0 {
		r.Error = failed[0].Error()
	}
	if r.Count = len(all); r.Count == 0 {
		return nil, fmt.Errorf("nothing succeeded: %w", errors.Join(failed...))
	}
	slices.Sort(all)
	r.P50, r.P95, r.P99 = percentile(all, 50), percentile(all, 95), percentile(all, 99)
	seconds := t.length.Seconds()
	r.Rate = float64(r.Count) / seconds
	per := func(total, idleSecond time.Duration) time.Duration {
		return (total - time.Duration(float64(idleSecond)*seconds)) / time.Duration(r.Count)
	}
	r.Server, r.Plugins, r.Database = per(t.used.Server, i.CPU.Server), per(t.used.Plugins, i.CPU.Plugins), per(t.used.Database, i.CPU.Database)
	r.Commits = (float64(t.commits) - i.Commits*seconds) / float64(r.Count)
	return r, nil
}

// each runs f for 0 to n-1 at once.
func each(n int, f func(int) error) error {
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
