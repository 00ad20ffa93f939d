package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/varco-id/varco/provider/internal/fault"
)

// mapped gives a database's error its kind. The cause stays in the chain, because InTx looks for it.
func mapped(err error, doing string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return fault.Wrap(kindOf(err), err, doing)
}

func kindOf(err error) fault.Kind {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.NotFound
	case errors.As(err, &pg):
		return postgresKind(pg.Code)
	case errors.As(err, &lite):
		return sqliteKind(lite.Code())
	case unreachable(err):
		return fault.Unavailable
	}
	return fault.Internal
}

// unreachable says whether err tells of the way to the database rather than of the statement.
func unreachable(err error) bool {
	var netErr net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &netErr) || errors.As(err, &connect) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, puddle.ErrClosedPool) || errors.Is(err, context.DeadlineExceeded)
}

// postgresKind reads an SQLSTATE (PostgreSQL manual, appendix A).
func postgresKind(code string) fault.Kind {
	switch code {
	case "23505", errNoRow: // unique_violation; a compare-and-set that was lost
		return fault.Conflict
	case "23503": // foreign_key_violation
		return fault.NotFound
	case "40001", "40P01", // serialization_failure, deadlock_detected, after the reruns of InTx
		"25006",          // read_only_sql_transaction: a primary that became a standby
		"55P03", "57014", // lock_not_available, query_canceled
		"28000", "28P01", "3D000": // refused at the door: nothing can be done, and nothing was
		return fault.Unavailable
	}
	switch code[:min(2, len(code))] {
	case "08", "53", "57", "58": // connection, resources, operator intervention, system
		return fault.Unavailable
	case "22", "23": // data exception, other integrity rules
		return fault.Invalid
	}
	return fault.Internal
}

func sqliteKind(code int) fault.Kind {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return fault.Conflict
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fault.NotFound
	}
	switch code & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
		return fault.Invalid
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_NOMEM:
		return fault.Unavailable
	}
	return fault.Internal
}

// rerunnable says whether a transaction failed only because of others at the same time.
func rerunnable(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		return pg.Code == "40001" || pg.Code == "40P01"
	case errors.As(err, &lite):
		return lite.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	return false
}

// lost says whether an open connection broke, rather than that none could be opened or that time ran out: then the next one may do.
func lost(err error) bool {
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &connect), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), pgconn.Timeout(err):
		return false
	case errors.As(err, &pg):
		return pg.Code == "57P01" || pg.Code == "57P02" // admin_shutdown, crash_shutdown: the last words on a connection
	}
	return unreachable(err)
}

// changed reads the answer to a statement that must have met a row: nil if it did, a fault of the kind if it did not.
func changed(n int64, err error, kind fault.Kind, doing string) error {
	switch {
	case err != nil:
		return mapped(err, doing)
	case n == 0:
		return fault.New(kind, doing)
	}
	return nil
}
