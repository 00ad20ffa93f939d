package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/varco-id/varco/provider/internal/store/sqlstore"
)

// template returns the name of a migrated database that tests' databases are copies of, making it when the server has none of this schema:
// test binaries of several packages and builds may share a server.
var template = sync.OnceValues(func() (string, error) {
	admin, err := server()
	if err != nil {
		return "", err
	}
	schema, err := fingerprint()
	if err != nil {
		return "", err
	}
	name := "varco_template_" + schema
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }() // and the lock with it
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(74205471)"); err != nil {
		return "", err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil || exists {
		return name, err
	}
	building := name + "_building" // left behind by a process that died half-way
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + building + " WITH (FORCE)", "CREATE DATABASE " + building + " TEMPLATE template0 ENCODING 'UTF8'"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	if err := migrate(ctx, withDatabase(admin, building)); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+building+" RENAME TO "+name)
	return name, err
})

func migrate(ctx context.Context, url string) error {
	s, err := sqlstore.Open(ctx, sqlstore.Options{URL: url, AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return s.Close()
}

// fingerprint tells schemas apart: our migrations, and go.mod for the job queue's.
func fingerprint() (string, error) {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("this test binary does not know where its sources are")
	}
	root := filepath.Join(filepath.Dir(here), "../../../../..")
	files, err := filepath.Glob(filepath.Join(root, "provider/internal/store/sqlstore/migrations/*.sql"))
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, path := range append(files, filepath.Join(root, "go.mod")) {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:6]), nil
}
