package delivery

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// testStore is the table and the queries that the package asks for, on a bare database of either engine, so that these tests
// need no more of the provider than the package does.
type testStore struct {
	pool   *sql.DB
	engine Engine
}

var (
	_ Store = (*testStore)(nil)
	_ tx.DB = (*testStore)(nil)

	_ TxUnwrapper = testTx{}
)

const messageTable = `CREATE TABLE message (
	id TEXT NOT NULL PRIMARY KEY, idempotency_key TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, instance TEXT NOT NULL,
	subject TEXT NOT NULL, template TEXT NOT NULL, sealed BYTEA NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
	sender TEXT NOT NULL, provider_id TEXT NOT NULL, last_error_kind TEXT NOT NULL, revision BIGINT NOT NULL,
	expires_at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
	credential TEXT NOT NULL, report TEXT NOT NULL)`

// openStore opens the database at dsn: a postgres:// URL, or a file.
func openStore(dsn string) (*testStore, error) {
	if strings.HasPrefix(dsn, "postgres://") {
		pool, err := sql.Open("pgx", dsn)
		if err != nil {
			return nil, err
		}
		pool.SetMaxOpenConns(12)
		return &testStore{pool, PostgreSQL}, nil
	}
	pool, err := sql.Open("sqlite", "file:"+dsn+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	return &testStore{pool, SQLite}, nil
}

func (s *testStore) migrate(ctx context.Context) error {
	if _, err := s.ExecContext(ctx, messageTable); err != nil {
		return err
	}
	return Migrate(ctx, s.engine, s.pool)
}

// newDSN makes an empty database of the engine for one test.
func newDSN(t testing.TB, engine Engine) string {
	t.Helper()
	if engine == SQLite {
		return filepath.Join(t.TempDir(), "varco.db")
	}
	return EmptyPostgreSQL(t)
}

// newStore makes a migrated store for one test.
func newStore(t testing.TB, engine Engine) *testStore {
	t.Helper()
	return openMigrated(t, newDSN(t, engine))
}

func openMigrated(t testing.TB, dsn string) *testStore {
	t.Helper()
	s, err := openStore(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.pool.Close() })
	if err := s.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// onBoth runs a test on each engine.
func onBoth(t *testing.T, test func(t *testing.T, s *testStore)) {
	t.Helper()
	for _, engine := range []Engine{PostgreSQL, SQLite} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, newStore(t, engine))
		})
	}
}

var dollar = regexp.MustCompile(`\$(\d+)`)

func (s *testStore) dialect(query string) string {
	if s.engine == SQLite {
		return dollar.ReplaceAllString(query, "?$1")
	}
	return query
}

func (s *testStore) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	return s.pool.ExecContext(ctx, s.dialect(q), args...)
}

func (s *testStore) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return s.pool.QueryContext(ctx, s.dialect(q), args...)
}

func (s *testStore) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	return s.pool.QueryRowContext(ctx, s.dialect(q), args...)
}

func (s *testStore) PrepareContext(ctx context.Context, q string) (*sql.Stmt, error) {
	return s.pool.PrepareContext(ctx, s.dialect(q))
}

// testTx is a transaction in the store's dialect, with the driver's own underneath.
type testTx struct {
	*sql.Tx
	dialect func(string) string
}

func (t testTx) SQLTx() *sql.Tx { return t.Tx }

func (t testTx) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(ctx, t.dialect(q), args...)
}

func (s *testStore) InTx(ctx context.Context, fn func(q tx.Q) error) error {
	t, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	var q tx.Q = t
	if s.engine == SQLite {
		q = testTx{t, s.dialect}
	}
	if err := fn(q); err != nil {
		return errors.Join(err, t.Rollback())
	}
	return t.Commit()
}

func (s *testStore) InsertMessage(ctx context.Context, q tx.Q, r Row) (bool, error) {
	if r.Sealed == nil {
		r.Sealed = []byte{}
	}
	res, err := q.ExecContext(ctx, `INSERT INTO message (id, idempotency_key, channel, instance, subject, template, sealed, state,
		attempts, sender, provider_id, last_error_kind, revision, expires_at, created_at, updated_at, credential, report)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,0,'','',$9,1,$10,$11,$11,$12,'') ON CONFLICT (idempotency_key) DO NOTHING`,
		r.ID, r.Key, r.Channel, r.Instance, r.Subject, r.Template, r.Sealed, string(r.State), r.LastErrorKind,
		r.ExpiresAt.UnixMicro(), r.CreatedAt.UnixMicro(), r.Credential)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

const columns = `id, idempotency_key, channel, instance, subject, template, sealed, state, attempts, sender, provider_id,
	last_error_kind, revision, expires_at, created_at, updated_at, credential, report`

func scan(row interface{ Scan(...any) error }) (*Row, error) {
	var r Row
	var state string
	var expires, created, updated int64
	err := row.Scan(&r.ID, &r.Key, &r.Channel, &r.Instance, &r.Subject, &r.Template, &r.Sealed, &state, &r.Attempts, &r.Sender,
		&r.ProviderID, &r.LastErrorKind, &r.Revision, &expires, &created, &updated, &r.Credential, &r.Report)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Wrap(fault.NotFound, err, "message")
	}
	r.State = State(state)
	r.ExpiresAt, r.CreatedAt, r.UpdatedAt = time.UnixMicro(expires), time.UnixMicro(created), time.UnixMicro(updated)
	return &r, err
}

func (s *testStore) Message(ctx context.Context, q tx.Q, id string) (*Row, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM message WHERE id = $1`, id))
}

func (s *testStore) MessageByProviderID(ctx context.Context, q tx.Q, sender, providerID string) (string, error) {
	var id string
	err := q.QueryRowContext(ctx, `SELECT id FROM message WHERE sender = $1 AND provider_id = $2 AND provider_id <> '' ORDER BY created_at DESC LIMIT 1`,
		sender, providerID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.Wrap(fault.NotFound, err, "message")
	}
	return id, err
}

func (s *testStore) UpdateMessage(ctx context.Context, q tx.Q, r Row) error {
	res, err := q.ExecContext(ctx, `UPDATE message SET sealed=$2, state=$3, attempts=$4, sender=$5, provider_id=$6,
		last_error_kind=$7, updated_at=$8, report=$10, revision = revision + 1 WHERE id = $1 AND revision = $9`,
		r.ID, r.Sealed, string(r.State), r.Attempts, r.Sender, r.ProviderID, r.LastErrorKind, r.UpdatedAt.UnixMicro(), r.Revision, string(r.Report))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n != 1 || err != nil {
		return errors.Join(fault.New(fault.Conflict, "message changed"), err)
	}
	return nil
}

func (s *testStore) ListMessages(ctx context.Context, q tx.Q, state State, after Cursor, limit int) ([]Row, error) {
	at := int64(1) << 62
	if after.ID != "" {
		at = after.CreatedAt.UnixMicro()
	}
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM message WHERE state = $1 AND (created_at < $2 OR
		(created_at = $2 AND id < $3)) ORDER BY created_at DESC, id DESC LIMIT $4`, string(state), at, after.ID, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Row
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		r.Sealed = nil
		list = append(list, *r)
	}
	return list, rows.Err()
}

func (s *testStore) PruneMessages(ctx context.Context, q tx.Q, before time.Time, limit int) (int64, error) {
	res, err := q.ExecContext(ctx, `DELETE FROM message WHERE id IN (SELECT m.id FROM message m
		WHERE m.state NOT IN ('queued', 'sending') AND m.updated_at < $1 LIMIT $2)`, before.UnixMicro(), limit)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
