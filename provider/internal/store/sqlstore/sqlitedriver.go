package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"unicode/utf8"

	"modernc.org/sqlite"

	"github.com/varco-id/varco/provider/internal/fault"
)

// sqliteConnector opens connections that take the shared dialect. It stands between database/sql and the driver, not between a
// domain and its transaction: so a domain holds a plain *sql.Tx on both databases.
type sqliteConnector struct{ driver.Connector }

func newSQLiteConnector(dsn string) (driver.Connector, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sqliteConnector{base}, nil
}

func (c sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := base.(sqliteBase)
	if !ok {
		_ = base.Close()
		return nil, errors.New("the SQLite driver lacks an interface that the store needs")
	}
	return &sqliteConn{sqliteBase: full, kept: make(map[string]*keptStmt)}, nil
}

// sqliteBase is what the store needs of the driver's connection.
type sqliteBase interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// maxKept bounds the statements kept by a connection. The generated queries are about ninety; audit's grow by their number of rows.
const maxKept = 256

// sqliteConn keeps each statement it has prepared: parsing costs more than most of them take to run. database/sql never uses
// a connection from two goroutines.
type sqliteConn struct {
	sqliteBase
	kept map[string]*keptStmt
}

type keptStmt struct {
	driver.Stmt
	busy bool // its rows are being read
}

var (
	_ driver.ExecerContext     = (*sqliteConn)(nil)
	_ driver.QueryerContext    = (*sqliteConn)(nil)
	_ driver.NamedValueChecker = (*sqliteConn)(nil)
)

// take returns a statement to run, and whether it is kept; one that is not kept is closed after use.
func (c *sqliteConn) take(ctx context.Context, query string) (*keptStmt, bool, error) {
	k, ok := c.kept[query]
	if ok && !k.busy {
		return k, true, nil
	}
	st, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, false, err
	}
	k = &keptStmt{Stmt: st}
	if ok || len(c.kept) >= maxKept || !keepable(query) {
		return k, false, nil
	}
	c.kept[query] = k
	return k, true, nil
}

// keepable leaves schema changes and scripts alone.
func keepable(query string) bool {
	return strings.HasPrefix(query, "-- name:") || strings.HasPrefix(query, deferred) || strings.HasPrefix(query, "INSERT ") || strings.HasPrefix(query, "DELETE ") || strings.HasPrefix(query, "WITH ")
}

// Statements here last microseconds and wait for nobody, so they run without the context's cancellation: the driver would start
// a goroutine for each to watch it, and an interrupted statement costs the connection.
func uncancelled(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return context.WithoutCancel(ctx), nil
}

func (c *sqliteConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.sqliteBase.PrepareContext(ctx, toSQLite(query))
}

func (c *sqliteConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// BeginTx takes the isolation that PostgreSQL is asked for: SQLite's only one is stronger than any.
func (c *sqliteConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	ctx, err := uncancelled(ctx)
	if err != nil {
		return nil, err
	}
	opts.Isolation = 0
	return c.sqliteBase.BeginTx(ctx, opts)
}

func (c *sqliteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx, err := uncancelled(ctx)
	if err != nil {
		return nil, err
	}
	st, kept, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if !kept {
		defer func() { _ = st.Close() }()
	}
	return st.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (c *sqliteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx, err := uncancelled(ctx)
	if err != nil {
		return nil, err
	}
	st, kept, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := st.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		if !kept {
			_ = st.Close()
		}
		return nil, err
	}
	st.busy = true
	return &sqliteRows{Rows: rows, stmt: st, kept: kept}, nil
}

// CheckNamedValue refuses text that PostgreSQL refuses, so that what the embedded store accepts the production store accepts.
func (c *sqliteConn) CheckNamedValue(v *driver.NamedValue) error {
	s, ok := v.Value.(string)
	if !ok {
		return driver.ErrSkip
	}
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "text with a NUL or broken UTF-8")
	}
	return nil
}

func (c *sqliteConn) Close() error {
	for _, st := range c.kept {
		_ = st.Close()
	}
	clear(c.kept)
	return c.sqliteBase.Close()
}

// sqliteRows gives its statement back when it is closed.
type sqliteRows struct {
	driver.Rows
	stmt *keptStmt
	kept bool
}

func (r *sqliteRows) Close() error {
	err := r.Rows.Close()
	r.stmt.busy = false
	if !r.kept {
		return errors.Join(err, r.stmt.Close())
	}
	return err
}
