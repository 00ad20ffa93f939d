//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

// database is what the server under measurement stores in.
type database struct {
	url        string
	postmaster int // 0: the database runs within the server
	// commits counts the transactions that wrote, since some moment.
	commits func(context.Context) (int64, error)
	// floor makes a table and returns one durable commit of one row.
	floor func(context.Context) (commit func(context.Context) error, closing func() error, err error)
	// empty makes one more database of the kind and returns its URL.
	empty func(context.Context) (string, error)
	close func()
}

// opener makes a database whose files are in dir.
type opener struct {
	name string
	open func(ctx context.Context, dir string) (*database, error)
}

var (
	postgres = opener{"postgres", openPostgres}
	sqlite   = opener{"sqlite", openSQLite}
)

// The defaults of PostgreSQL, written out: every commit waits for the disk.
const postgresSettings = `
listen_addresses = '127.0.0.1'
max_connections = 100
shared_buffers = 128MB
fsync = on
full_page_writes = on
synchronous_commit = on
`

func openPostgres(ctx context.Context, _ string) (*database, error) {
	url, err := pgtest.Start(postgresSettings)
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d := &database{url: url, close: pool.Close}
	var data string
	if err := pool.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
		return nil, err
	}
	first, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	line, _, _ := strings.Cut(string(first), "\n")
	if d.postmaster, err = strconv.Atoi(line); err != nil {
		return nil, err
	}
	// pg_stat_database counts reads as commits and is told late. Each transaction that writes takes the next id.
	d.commits = func(ctx context.Context) (n int64, err error) {
		err = pool.QueryRow(ctx, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").Scan(&n)
		return n, err
	}
	d.empty = func(ctx context.Context) (string, error) {
		_, err := pool.Exec(ctx, "CREATE DATABASE small")
		return strings.Replace(url, "/postgres?", "/small?", 1), err
	}
	d.floor = func(ctx context.Context) (func(context.Context) error, func() error, error) {
		if _, err := pool.Exec(ctx, "CREATE TABLE bench_floor (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT NOT NULL)"); err != nil {
			return nil, nil, err
		}
		commit := func(ctx context.Context) error {
			_, err := pool.Exec(ctx, "INSERT INTO bench_floor (body) VALUES ($1)", floorRow)
			return err
		}
		closing := func() error {
			_, err := pool.Exec(context.WithoutCancel(ctx), "DROP TABLE bench_floor")
			return err
		}
		return commit, closing, nil
	}
	return d, nil
}

var floorRow = strings.Repeat("x", 200)

func openSQLite(_ context.Context, dir string) (*database, error) {
	path := filepath.Join(dir, "bench.db")
	d := &database{url: "sqlite:" + path, close: func() {}}
	d.empty = func(context.Context) (string, error) { return "sqlite:" + filepath.Join(dir, "small.db"), nil }
	d.commits = func(context.Context) (int64, error) { return walChanges(path + "-shm") }
	d.floor = func(ctx context.Context) (func(context.Context) error, func() error, error) {
		return sqliteFloor(ctx, filepath.Join(dir, "floor.db"))
	}
	return d, nil
}

// walChanges reads iChange, which SQLite raises at each commit, from the header of the WAL index
// (https://sqlite.org/walformat.html section 2.1). No lock is taken: the server must not notice.
func walChanges(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	header := make([]byte, 96)
	for range 100 { // the header is there twice; while it is being written the copies differ
		if _, err := f.ReadAt(header, 0); err != nil {
			return 0, err
		}
		if bytes.Equal(header[:48], header[48:]) {
			return int64(binary.NativeEndian.Uint32(header[8:])), nil
		}
	}
	return 0, fmt.Errorf("%s: the header keeps changing", path)
}
