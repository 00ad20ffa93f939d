package provider

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/store/sqlstore"
)

// Operations on the database.
var (
	DBStatus  = operation("db.status", (*Admin).dbStatus)
	DBMigrate = operation("db.migrate", (*Admin).dbMigrate)
)

// DatabaseStatus is where the database stands.
type DatabaseStatus struct {
	Dialect    string      `json:"dialect"` // postgres, sqlite
	Migrations []Migration `json:"migrations"`
	Pending    int         `json:"pending"`
}

// Migration is one step of the schema.
type Migration struct {
	Version   int64     `json:"version"`
	Name      string    `json:"name"`
	AppliedAt time.Time `json:"applied_at,omitzero"` // absent while pending
}

func migrations(list []sqlstore.Migration) []Migration {
	out := make([]Migration, len(list))
	for i, m := range list {
		out[i] = Migration(m)
	}
	return out
}

func (a *Admin) dbStatus(ctx context.Context, _ None) (DatabaseStatus, error) {
	list, err := a.store.Status(ctx)
	if err != nil {
		return DatabaseStatus{}, err
	}
	s := DatabaseStatus{Dialect: a.store.Dialect(), Migrations: migrations(list)}
	for _, m := range list {
		if m.AppliedAt.IsZero() {
			s.Pending++
		}
	}
	return s, nil
}

// dbMigrate applies what is pending and answers what it applied.
func (a *Admin) dbMigrate(ctx context.Context, _ None) ([]Migration, error) {
	done, err := a.store.Migrate(ctx)
	if err != nil {
		return nil, err
	}
	return migrations(done), nil
}
