package delivery

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// Engine says which database the pool talks to.
type Engine string

// The two engines of the store.
const (
	PostgreSQL Engine = "postgres"
	SQLite     Engine = "sqlite"
)

// The two queues: a person waits for a code and nobody for a notice, so a mail server that hangs on notices must not take the
// workers that codes need.
const (
	queueCode   = "code"
	queueNotice = "notice"
)

var queues = [...]string{queueCode, queueNotice}

// jobArgs is all that the queue sees of a message: arguments are stored in clear.
type jobArgs struct {
	ID string `json:"id"`
}

// Kind names the job in River's table.
func (jobArgs) Kind() string { return "message" }

// driver is River's driver of the engine with another idea of notifications: none in the database (see [bell]).
type driver struct {
	riverdriver.Driver[*sql.Tx]
	bell *bell
}

func newDriver(engine Engine, db *sql.DB, b *bell) (*driver, error) {
	switch engine {
	case PostgreSQL:
		return &driver{Driver: riverdatabasesql.New(db), bell: b}, nil
	case SQLite:
		return &driver{Driver: riversqlite.New(db), bell: b}, nil
	}
	return nil, fmt.Errorf("delivery: unknown engine %q", engine)
}

// SupportsListener is true: River then waits for the bell, and does not poll for queue settings.
func (d *driver) SupportsListener() bool { return true }

// SupportsListenNotify is false: River then leaves NOTIFY out of the caller's transaction.
func (d *driver) SupportsListenNotify() bool { return false }

// GetListener hands out the bell.
func (d *driver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener { return d.bell }

// Migrate makes or brings up to date River's own tables. It is safe to repeat; two at once are not, so the caller holds the
// migration lock.
func Migrate(ctx context.Context, engine Engine, db *sql.DB) error {
	m, err := migrator(engine, db)
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("delivery: migrate the job queue: %w", err)
	}
	return nil
}

// PendingMigrations returns the versions of River's tables that [Migrate] would apply.
func PendingMigrations(ctx context.Context, engine Engine, db *sql.DB) ([]int, error) {
	m, err := migrator(engine, db)
	if err != nil {
		return nil, err
	}
	done, err := m.ExistingVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("delivery: read the job queue's version: %w", err)
	}
	applied := make(map[int]bool, len(done))
	for _, v := range done {
		applied[v.Version] = true
	}
	var pending []int
	for _, v := range m.AllVersions() {
		if !applied[v.Version] {
			pending = append(pending, v.Version)
		}
	}
	return pending, nil
}

func migrator(engine Engine, db *sql.DB) (*rivermigrate.Migrator[*sql.Tx], error) {
	d, err := newDriver(engine, db, nil)
	if err != nil {
		return nil, err
	}
	m, err := rivermigrate.New(riverdriver.Driver[*sql.Tx](d), nil)
	if err != nil {
		return nil, fmt.Errorf("delivery: %w", err)
	}
	return m, nil
}
