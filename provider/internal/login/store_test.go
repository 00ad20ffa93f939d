package login_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

func openBank(t *testing.T, url string) *bank {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: url, AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	kek, err := sealing.NewRawKEK(bytes.Repeat([]byte{7}, 32))
	must(t, err)
	box, err := sealing.Open(t.Context(), store, kek)
	must(t, err)
	return newBank(t, store, box)
}

func sqliteBank(t *testing.T) *bank {
	t.Helper()
	return openBank(t, "sqlite:"+t.TempDir()+"/varco.db")
}

func postgresBank(t *testing.T) *bank {
	t.Helper()
	return openBank(t, pgtest.DSN(t))
}

// fuzzBox derives without a store.
func fuzzBox(tb testing.TB) sealing.Box {
	tb.Helper()
	kek, err := sealing.NewRawKEK(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	store, err := sqlstore.Open(tb.Context(), sqlstore.Options{URL: "sqlite:" + tb.TempDir() + "/varco.db", AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	box, err := sealing.Open(tb.Context(), store, kek)
	if err != nil {
		tb.Fatal(err)
	}
	return box
}
