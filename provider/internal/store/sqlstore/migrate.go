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

	"github.com/varco-id/varco/provider/internal/fault"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero while pending
}

// Migrate applies the pending migrations and returns them. Any number of replicas may call it at once: one works, the others wait and
// find nothing to do.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	var done []Migration
	err := s.migrations(func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			done = append(done, Migration{Version: r.Source.Version, Name: r.Source.Path, AppliedAt: s.opts.Now()})
		}
		return err
	})
	if err != nil {
		return nil, mapped(err, "migrate the database")
	}
	for _, m := range done {
		s.opts.Log.InfoContext(ctx, "the database was migrated", "version", m.Version, "name", m.Name)
	}
	return done, nil
}

// Status lists the migrations this binary knows, in order.
func (s *Store) Status(ctx context.Context) ([]Migration, error) {
	var out []Migration
	err := s.migrations(func(p *goose.Provider) error {
		states, err := p.Status(ctx)
		for _, m := range states {
			out = append(out, Migration{Version: m.Source.Version, Name: m.Source.Path, AppliedAt: m.AppliedAt})
		}
		return err
	})
	return out, mapped(err, "read the database's migrations")
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
		return fault.New(fault.Unavailable, fmt.Sprintf("the database lacks %d of %d migrations: run `varco db migrate`", pending, len(all)))
	}
	return nil
}

func (s *Store) migrations(fn func(*goose.Provider) error) (err error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{goose.WithTableName("schema_migration"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger())}
	dialect, db := goose.DialectSQLite3, s.write
	if s.pool != nil {
		// The lock belongs to a connection, so it goes the direct way that LISTEN goes too.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return err
		}
		dialect, files = goose.DialectPostgres, postgresFiles{files}
		options = append(options, goose.WithSessionLocker(locker))
		db = s.direct()
		defer func() { err = errors.Join(err, db.Close()) }()
	}
	p, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return err
	}
	return fn(p)
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
