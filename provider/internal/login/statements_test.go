package login_test

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/tx"
)

// countingDB counts what a request asks of storage outside transactions.
type countingDB struct {
	tx.DB
	statements atomic.Int64
}

func (d *countingDB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	d.statements.Add(1)
	return d.DB.QueryContext(ctx, query, args...)
}

func (d *countingDB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	d.statements.Add(1)
	return d.DB.QueryRowContext(ctx, query, args...)
}

// An answer reads the flow, and whoever was named with the counters. That it takes two statements for everybody is no matter of speed alone:
// a third for names that exist could be heard.
func TestNamesThatDoNotExistTakeTheSameStatements(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	db := &countingDB{DB: b.store}
	b.d.DB = db
	for who, name := range map[string]string{"known": "anna.rossi", "unknown": "nobody", "not a name": "a b\x00c"} {
		w := b.browser()
		p := w.open()
		db.statements.Store(0)
		w.password(p, name, "wrong wrong wrong")
		if n := db.statements.Load(); n != 2 {
			t.Errorf("%s: %d statements outside the transaction, want 2", who, n)
		}
	}
}

// Only as many entries count as are read: a budget that was left unread would look untouched.
func TestKnownBrowserEntriesAreBounded(t *testing.T) {
	t.Parallel()
	box, now := fuzzBox(t), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	own := AddKnownBrowser(box, "", strings.Repeat("A", 22), "anna", now)
	other := strings.Repeat("B", 22) + ".1.mac"
	for cookie, want := range map[string]bool{
		own:                                        true,
		strings.Repeat(other+"~", 3) + own:         true,
		strings.Repeat(other+"~", 4) + own:         false,
		strings.Repeat("\x00.1.x~", 9) + own:       true,
		strings.Repeat("\xff", 22) + ".1.x~" + own: true,
	} {
		if _, known := KnownBrowser(box, cookie, "anna", now); known != want {
			t.Errorf("%q: known %v", cookie, known)
		}
	}
}

// What stands in a cookie is anybody's to write, and must not break the statement it becomes part of.
func TestForeignKnownBrowserCookies(t *testing.T) {
	t.Parallel()
	b := postgresBank(t)
	b.person("anna.rossi", false)
	for _, cookie := range []string{"~~~", strings.Repeat("\x00", 22) + ".1.x", strings.Repeat("\xff", 22) + ".1.x", strings.Repeat(strings.Repeat("C", 22)+".1.x~", 9)} {
		w := b.browser()
		w.Known = cookie
		if p := w.password(w.open(), "anna.rossi", annaPassword); p.Answer == nil {
			t.Errorf("with the cookie %q nobody signs in: %+v", cookie, p)
		}
	}
}
