package pgtest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
)

const patience = time.Minute

// DSN returns the URL of a fresh database with the schema in it. It is dropped when the test ends, whoever is still connected.
func DSN(t testing.TB) string {
	t.Helper()
	admin, err := server()
	if err != nil {
		t.Fatal(err)
	}
	name, err := template()
	if err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	return create(t, admin, "TEMPLATE "+name)
}

// EmptyDSN returns the URL of a fresh database without anything in it.
func EmptyDSN(t testing.TB) string {
	t.Helper()
	admin, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return create(t, admin, "TEMPLATE template0 ENCODING 'UTF8'")
}

// Open returns a store on a fresh database, closed when the test ends.
func Open(t testing.TB) *sqlstore.Store {
	t.Helper()
	return OpenURL(t, DSN(t))
}

// OpenURL returns one more store, with a pool of its own, on the database of a URL that DSN gave.
func OpenURL(t testing.TB, url string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: url, MinConns: 1, MaxConns: 8, Log: slog.New(slog.DiscardHandler)})
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

func create(t testing.TB, admin, how string) string {
	t.Helper()
	name := "test_" + strings.ToLower(strings.NewReplacer("-", "0", "_", "0").Replace(id.New()))
	if err := execute(admin, "CREATE DATABASE "+name+" "+how); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return withDatabase(admin, name)
}

func execute(admin, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

func withDatabase(admin, name string) string {
	u, err := url.Parse(admin)
	if err != nil {
		return fmt.Sprintf("%s dbname=%s", admin, name)
	}
	u.Path = "/" + name
	return u.String()
}
