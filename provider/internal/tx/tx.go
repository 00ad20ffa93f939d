package tx

import (
	"context"
	"database/sql"
)

// Q runs queries: the pool (each statement commits by itself) or an open transaction.
// A function that takes a Q must not care which of the two it was given.
type Q interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// DB is the store: Q for single statements, InTx for several that commit together.
type DB interface {
	Q
	// InTx runs fn in one transaction and commits when fn returns nil. It rolls back when fn fails and returns fn's
	// error. It reruns fn on a serialization failure or a deadlock, so fn must be free of outside effects: no network
	// call, nothing appended to a variable that outlives the run without being reset at its start.
	InTx(ctx context.Context, fn func(q Q) error) error
}

var (
	_ Q = (*sql.DB)(nil)
	_ Q = (*sql.Tx)(nil)
	_ Q = (*sql.Conn)(nil)
)
