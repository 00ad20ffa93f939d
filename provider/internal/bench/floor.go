//go:build linux

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"os"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver that the store uses
)

// primitives is the CPU time of what a login cannot do without, alone. Hash is by how many run at once: they compete for the memory.
type primitives struct {
	Hash   map[int]time.Duration `json:"hash_ns"`
	Sign   time.Duration         `json:"es256_sign_ns"`
	Verify time.Duration         `json:"es256_verify_ns"`
}

// measurePrimitives runs each for about window.
func measurePrimitives(h *hashing, window time.Duration) (p primitives, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return p, err
	}
	digest := sha256.Sum256([]byte("payload"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return p, err
	}
	p.Sign, err = alone(1, window, func() error {
		_, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		return err
	})
	if err != nil {
		return p, err
	}
	p.Verify, err = alone(1, window, func() error {
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
			return errors.New("a signature does not verify")
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	p.Hash = map[int]time.Duration{}
	for _, n := range clients {
		if p.Hash[n], err = h.measure(n, 2*window); err != nil {
			return p, err
		}
	}
	return p, nil
}

// alone runs f in n goroutines for about window and returns this process's CPU time per run.
func alone(n int, window time.Duration, f func() error) (time.Duration, error) {
	// Once before the clock starts: a process that hashes all day has its memory at hand.
	if err := each(n, func(int) error { return f() }); err != nil {
		return 0, err
	}
	before, err := cpuOf(os.Getpid())
	if err != nil {
		return 0, err
	}
	runs := make([]int64, n)
	end := time.Now().Add(window)
	err = each(n, func(i int) error {
		for time.Now().Before(end) || runs[i] == 0 {
			if err := f(); err != nil {
				return err
			}
			runs[i]++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	after, err := cpuOf(os.Getpid())
	var total int64
	for _, r := range runs {
		total += r
	}
	return (after - before) / time.Duration(total), err
}

// commitAlone is the CPU time of one durable commit of one row, the database's included, with n clients at once.
func commitAlone(ctx context.Context, d *database, n int, window time.Duration) (time.Duration, error) {
	commit, closing, err := d.floor(ctx)
	if err != nil {
		return 0, err
	}
	outside := func() (time.Duration, error) {
		if d.postmaster == 0 {
			return 0, nil
		}
		c, err := spent(os.Getpid(), d.postmaster)
		return c.Database, err
	}
	for range 3 { // connections are opened, statements prepared
		if err := each(n, func(int) error { return commit(ctx) }); err != nil {
			return 0, errors.Join(err, closing())
		}
	}
	before, err := outside()
	if err != nil {
		return 0, errors.Join(err, closing())
	}
	count := make(chan int, 1)
	count <- 0
	own, err := alone(n, window, func() error {
		count <- <-count + 1
		return commit(ctx)
	})
	if err != nil {
		return 0, errors.Join(err, closing())
	}
	after, err := outside()
	return own + (after-before)/time.Duration(<-count), errors.Join(err, closing())
}

// sqliteFloor commits to a file of its own as the store does: WAL, synced.
func sqliteFloor(ctx context.Context, path string) (func(context.Context) error, func() error, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	closing := func() error {
		errs := []error{db.Close()}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE bench_floor (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"); err != nil {
		return nil, nil, errors.Join(err, closing())
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO bench_floor (body) VALUES (?1)")
	if err != nil {
		return nil, nil, errors.Join(err, closing())
	}
	commit := func(ctx context.Context) error {
		_, err := insert.ExecContext(ctx, floorRow)
		return err
	}
	return commit, closing, nil
}

func median(list []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(list))
	return s[len(s)/2]
}
