// Package sqltest gives each test an embedded database of its own, in a file that goes away with the test.
package sqltest

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/varco-id/varco/provider/internal/store/sqlstore"
)

// URL returns the URL of an SQLite file that does not exist yet.
func URL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "varco.db")
}

// Open returns a store on a fresh file with the schema in it, closed when the test ends.
func Open(t testing.TB) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: URL(t), AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}
