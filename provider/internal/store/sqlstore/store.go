package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Store is the store of every domain. Safe for concurrent use.
type Store struct {
	opts  Options
	write *sql.DB
	read  *sql.DB       // single statements that only read; the same as write on PostgreSQL
	pool  *pgxpool.Pool // nil on SQLite
	lock  *os.File      // nil on PostgreSQL
	hub   *hub
	wakes waker
}

var _ tx.DB = (*Store)(nil)

// ExecContext runs one statement that commits by itself.
func (s *Store) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return s.write.ExecContext(ctx, query, args...)
}

// QueryContext runs one statement that commits by itself.
func (s *Store) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.pick(query).QueryContext(ctx, query, args...)
}

// QueryRowContext runs one statement that commits by itself.
func (s *Store) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.pick(query).QueryRowContext(ctx, query, args...)
}

// PrepareContext prepares a statement on the pool. Both drivers keep the statements they run: there is no need to prepare them.
func (s *Store) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return s.write.PrepareContext(ctx, query)
}

func (s *Store) pick(query string) *sql.DB {
	if s.read != s.write && reads(query) {
		return s.read
	}
	return s.write
}

// SQL gives the database to libraries that bring queries of their own (a job queue). The caller must not close it.
func (s *Store) SQL() *sql.DB { return s.write }

// Dialect is "postgres" or "sqlite".
func (s *Store) Dialect() string {
	if s.pool == nil {
		return "sqlite"
	}
	return "postgres"
}

// Ping asks the database for a sign of life; fault.Unavailable when there is none.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return fault.Wrap(fault.Unavailable, s.write.QueryRowContext(ctx, "SELECT 1").Scan(&one), "reach the database")
}

// Close sends the wake-ups that wait, ends the connections and frees SQLite's file.
func (s *Store) Close() error {
	var errs []error
	if s.wakes != nil {
		s.wakes.close()
	}
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

func closing(err error, s *Store) error { return errors.Join(err, s.Close()) }
