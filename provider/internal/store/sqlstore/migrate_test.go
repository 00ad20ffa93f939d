package sqlstore_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
	"github.com/varco-id/varco/provider/internal/store/storetest/sqltest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) *sqlstore.Store{
		"PostgreSQL": func(t *testing.T) *sqlstore.Store { return pgtest.OpenURL(t, pgtest.EmptyDSN(t)) },
		"SQLite": func(t *testing.T) *sqlstore.Store {
			s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: sqltest.URL(t), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, s := t.Context(), open(t)
			if err := s.CheckSchema(ctx); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "varco db migrate") {
				t.Errorf("CheckSchema of an empty database: %v", err)
			}
			before, err := s.Status(ctx)
			if err != nil || len(before) == 0 || !before[0].AppliedAt.IsZero() || before[0].Name != "00001_initial.sql" {
				t.Errorf("Status of an empty database: %+v, %v", before, err)
			}
			done, err := s.Migrate(ctx)
			if err != nil || len(done) != len(before) {
				t.Fatalf("Migrate: %+v, %v", done, err)
			}
			if again, err := s.Migrate(ctx); err != nil || len(again) != 0 {
				t.Errorf("Migrate again: %+v, %v", again, err)
			}
			if err := s.CheckSchema(ctx); err != nil {
				t.Error(err)
			}
			after, err := s.Status(ctx)
			if err != nil || len(after) == 0 || after[0].AppliedAt.IsZero() {
				t.Errorf("Status: %+v, %v", after, err)
			}
		})
	}
}

func TestReplicasMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyDSN(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	steps := 0
	for range 4 {
		s := pgtest.OpenURL(t, url)
		all.Go(func() {
			done, err := s.Migrate(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(done) > 0 {
				steps++
			}
		})
	}
	all.Wait()
	if steps != 1 {
		t.Errorf("%d replicas migrated", steps)
	}
}

// The lines that only PostgreSQL runs are there for their effect.
func TestPostgreSQLSettings(t *testing.T) {
	t.Parallel()
	s := pgtest.Open(t)
	var options string
	err := s.SQL().QueryRowContext(t.Context(), "SELECT array_to_string(reloptions, ',') FROM pg_class WHERE relname = 'flow'").Scan(&options)
	if err != nil || options != "fillfactor=50" {
		t.Errorf("flow has %q, %v", options, err)
	}
}
