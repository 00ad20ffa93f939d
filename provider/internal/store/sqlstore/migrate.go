package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migration is one step of the schema, of ours or of the job queue's.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero while pending
}

// Migrate applies what is pending, of this package and of the job queue, and returns it. Any number of replicas may call it at
// once: one works, the others wait and find nothing to do.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	var done []Migration
	err := s.migrations(ctx, true, func(p *goose.Provider, db *sql.DB) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			done = append(done, Migration{Version: r.Source.Version, Name: r.Source.Path, AppliedAt: s.opts.Now()})
		}
		if err != nil {
			return err
		}
		jobs, err := s.pendingJobs(ctx, db)
		if err != nil || len(jobs) == 0 {
			return err
		}
		for i := range jobs {
			jobs[i].AppliedAt = s.opts.Now()
		}
		done = append(done, jobs...)
		return delivery.Migrate(ctx, delivery.Engine(s.Dialect()), db)
	})
	if err != nil {
		return nil, mapped(err, "migrate the database")
	}
	for _, m := range done {
		s.opts.Log.InfoContext(ctx, "the database was migrated", "version", m.Version, "name", m.Name)
	}
	return done, nil
}

// Status lists the migrations this binary knows, in order, then those of the job queue that are pending.
func (s *Store) Status(ctx context.Context) ([]Migration, error) {
	var out []Migration
	err := s.migrations(ctx, false, func(p *goose.Provider, db *sql.DB) error {
		states, err := p.Status(ctx)
		if err != nil {
			return err
		}
		for _, m := range states {
			out = append(out, Migration{Version: m.Source.Version, Name: m.Source.Path, AppliedAt: m.AppliedAt})
		}
		jobs, err := s.pendingJobs(ctx, db)
		out = append(out, jobs...)
		return err
	})
	return out, mapped(err, "read the database's migrations")
}

func (s *Store) pendingJobs(ctx context.Context, db *sql.DB) ([]Migration, error) {
	versions, err := delivery.PendingMigrations(ctx, delivery.Engine(s.Dialect()), db)
	out := make([]Migration, len(versions))
	for i, v := range versions {
		out[i] = Migration{Version: int64(v), Name: "job queue"}
	}
	return out, err
}

// CheckSchema answers fault.Unavailable, with a sentence that says what to do, unless every migration was applied.
func (s *Store) CheckSchema(ctx context.Context) error {
	all, err := s.Status(ctx)
	if err != nil {
		return err
	}
	pending := 0
	for _, m := range all {
		if m.AppliedAt.IsZero() {
			pending++
		}
	}
	if pending > 0 {
		return fault.New(fault.Unavailable, fmt.Sprintf("the database lacks %d migrations: run `varco db migrate`", pending))
	}
	return nil
}

// migrations calls fn with the migrations and the way to the database that they take; alone, if exclusive is set.
func (s *Store) migrations(ctx context.Context, exclusive bool, fn func(*goose.Provider, *sql.DB) error) (err error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	dialect, db := goose.DialectSQLite3, s.write
	if s.pool != nil {
		// The lock belongs to a connection, so migrations go the direct way that LISTEN goes too.
		dialect, files, db = goose.DialectPostgres, postgresFiles{files}, s.direct()
		defer func() { err = errors.Join(err, db.Close()) }()
		if exclusive {
			unlock, err := migrationLock(ctx, db)
			if err != nil {
				return err
			}
			defer unlock()
		}
	}
	p, err := goose.NewProvider(dialect, db, files, goose.WithTableName("schema_migration"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	return fn(p, db)
}

// migrationLock takes PostgreSQL's lock for migrations, waiting up to five minutes for who has it.
func migrationLock(ctx context.Context, db *sql.DB) (unlock func(), err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := locker.SessionLock(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		_ = locker.SessionUnlock(context.WithoutCancel(ctx), conn) // the end of the connection unlocks as well
		_ = conn.Close()
	}, nil
}

// direct opens the database beside the pool, not through a pooler.
func (s *Store) direct() *sql.DB {
	return stdlib.OpenDB(*s.wakes.(*notifier).config.Copy())
}

// postgresFiles uncomments the lines that only PostgreSQL is to run.
type postgresFiles struct{ fs.FS }

func (p postgresFiles) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return &memoryFile{Reader: bytes.NewReader(bytes.ReplaceAll(text, []byte("\n--pg "), []byte("\n"))), info: info}, nil
}

type memoryFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (m *memoryFile) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *memoryFile) Close() error               { return nil }
