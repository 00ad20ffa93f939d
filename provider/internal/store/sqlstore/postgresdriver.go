package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConnector opens connections that save round trips: each costs both sides more CPU than most statements do. BEGIN travels with
// the transaction's first statement, and a statement marked deferred with the one after it or with COMMIT. A transaction of two
// statements takes two trips instead of four.
type postgresConnector struct{ driver.Connector }

func newPostgresConnector(pool *pgxpool.Pool) driver.Connector {
	return postgresConnector{stdlib.GetPoolConnector(pool)}
}

func (c postgresConnector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &postgresConn{Conn: base.(*stdlib.Conn)}, nil
}

// deferred marks a statement whose answer nobody waits for: in a transaction it is sent with what follows it, and its error is that of the
// statement it travelled with, or of the commit.
const deferred = "-- deferred\n"

// deferredChange marks an UPDATE that is deferred and must meet a row: if it meets none, what it travels with fails with errNoRow and the
// transaction cannot commit. So a compare-and-set and everything that depends on it take one trip together, the commit included.
const deferredChange = "-- deferred change\n"

// errNoRow is the SQLSTATE of a deferredChange that met no row: division_by_zero, which no other statement here can cause.
const errNoRow = "22012"

// mustMeet makes the statement fail when it changes nothing.
func mustMeet(query string) string {
	return "WITH changed AS (" + query + "\nRETURNING 1) SELECT 1 / COUNT(*) FROM changed"
}

type postgresConn struct {
	*stdlib.Conn
	inTx bool
	due  []dueStatement // of the open transaction, not sent yet
}

type dueStatement struct {
	query string
	args  []any
}

var (
	_ driver.ConnBeginTx        = (*postgresConn)(nil)
	_ driver.ConnPrepareContext = (*postgresConn)(nil)
	_ driver.ExecerContext      = (*postgresConn)(nil)
	_ driver.QueryerContext     = (*postgresConn)(nil)
	_ driver.SessionResetter    = (*postgresConn)(nil)
	_ driver.NamedValueChecker  = (*postgresConn)(nil)
)

// BeginTx sends nothing yet.
func (c *postgresConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	begin := "begin"
	if opts.Isolation != 0 {
		begin += " isolation level " + strings.ToLower(sql.IsolationLevel(opts.Isolation).String())
	}
	if opts.ReadOnly {
		begin += " read only"
	}
	c.inTx, c.due = true, append(c.due[:0], dueStatement{query: begin})
	return &postgresTx{ctx: ctx, conn: c}, nil
}

func (c *postgresConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.inTx && strings.HasPrefix(query, deferred) {
		c.due = append(c.due, dueStatement{query, plain(args)})
		return driver.ResultNoRows, nil
	}
	if text, ok := strings.CutPrefix(query, deferredChange); ok && c.inTx {
		c.due = append(c.due, dueStatement{mustMeet(strings.TrimRight(text, "; \n")), plain(args)})
		return driver.RowsAffected(1), nil
	}
	if len(c.due) == 0 {
		return c.Conn.ExecContext(ctx, query, args)
	}
	tag, err := c.execAfterDue(ctx, query, plain(args))
	return driver.RowsAffected(tag.RowsAffected()), err
}

func (c *postgresConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(c.due) == 0 {
		return c.Conn.QueryContext(ctx, query, args)
	}
	if !strings.HasPrefix(query, "-- name:") { // of a library: its types are the standard driver's business
		if err := c.flush(ctx); err != nil {
			return nil, err
		}
		return c.Conn.QueryContext(ctx, query, args)
	}
	results, err := c.send(ctx, query, plain(args))
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err == nil && !rows.Next() { // here and not later, so that an error is the statement's
		err = rows.Err()
		if err == nil {
			return &postgresRows{rows: rows, results: results, ended: true}, nil
		}
	}
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return &postgresRows{rows: rows, results: results, ready: true}, nil
}

func (c *postgresConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.flush(ctx); err != nil {
		return nil, err
	}
	return c.Conn.PrepareContext(ctx, query)
}

// send sends what is due, then the query, and reads the answers to what was due.
func (c *postgresConn) send(ctx context.Context, query string, args []any) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	for _, s := range c.due {
		batch.Queue(s.query, s.args...)
	}
	if query != "" {
		batch.Queue(query, args...)
	}
	n := len(c.due)
	c.due = c.due[:0]
	results := c.Conn.Conn().SendBatch(ctx, batch)
	for range n {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			return nil, err
		}
	}
	return results, nil
}

func (c *postgresConn) execAfterDue(ctx context.Context, query string, args []any) (pgconn.CommandTag, error) {
	results, err := c.send(ctx, query, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	return tag, err
}

// flush sends what is due by itself.
func (c *postgresConn) flush(ctx context.Context) error {
	if len(c.due) == 0 {
		return nil
	}
	results, err := c.send(ctx, "", nil)
	if err != nil {
		return err
	}
	return results.Close()
}

func plain(named []driver.NamedValue) []any {
	args := make([]any, len(named))
	for i, v := range named {
		args[i] = v.Value
	}
	return args
}

type postgresTx struct {
	ctx  context.Context // of BeginTx; database/sql has no other for the end
	conn *postgresConn
}

// Commit sends nothing when nothing was done.
func (t *postgresTx) Commit() error {
	c := t.conn
	c.inTx = false
	if c.untouched() {
		return nil
	}
	var tag pgconn.CommandTag
	var err error
	if len(c.due) == 0 {
		tag, err = c.Conn.Conn().Exec(t.ctx, "commit")
	} else {
		tag, err = c.execAfterDue(t.ctx, "commit", nil)
	}
	switch {
	case err != nil:
		c.leave()
		return err
	case tag.String() == "ROLLBACK": // a statement had failed and the caller went on
		return pgx.ErrTxCommitRollback
	}
	return nil
}

func (t *postgresTx) Rollback() error {
	c := t.conn
	c.inTx, c.due = false, c.due[:0]
	if c.Conn.Conn().PgConn().TxStatus() == 'I' {
		return nil
	}
	// The request's context may be why it rolls back; the connection is worth keeping all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), flushTimeout)
	defer cancel()
	_, err := c.Conn.Conn().Exec(ctx, "rollback")
	c.leave()
	return err
}

// untouched says whether the transaction's BEGIN is all there is, and was not sent. It is forgotten then.
func (c *postgresConn) untouched() bool {
	if len(c.due) != 1 || c.Conn.Conn().PgConn().TxStatus() != 'I' {
		return false
	}
	c.due = c.due[:0]
	return true
}

// leave ends a connection that is still inside a transaction after its end failed. The server then rolls back.
func (c *postgresConn) leave() {
	c.due = c.due[:0]
	if raw := c.Conn.Conn(); !raw.IsClosed() && raw.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		_ = raw.Close(ctx)
	}
}

// postgresRows reads the answer to a generated query: text, 64-bit numbers, bytes and booleans.
type postgresRows struct {
	rows         pgx.Rows
	results      pgx.BatchResults
	ready, ended bool // the first row was read already; there is none
}

func (r *postgresRows) Columns() []string {
	fields := r.rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}

func (r *postgresRows) Close() error {
	r.rows.Close()
	return r.results.Close()
}

func (r *postgresRows) Next(dest []driver.Value) error {
	if r.ended || !r.ready && !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	r.ready = false
	values, err := r.rows.Values()
	if err != nil {
		return err
	}
	for i, v := range values {
		switch v := v.(type) {
		case nil, int64, string, bool, []byte:
			dest[i] = v
		default:
			return fmt.Errorf("a generated query answers a %T", v)
		}
	}
	return nil
}
