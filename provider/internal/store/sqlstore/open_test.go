package sqlstore_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
	"github.com/varco-id/varco/provider/internal/store/storetest/sqltest"
)

// childURL makes this test binary open a store and say what came of it.
const childURL = "VARCO_TEST_OPEN"

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		s, err := sqlstore.Open(context.Background(), sqlstore.Options{URL: url})
		if err != nil {
			_, _ = os.Stdout.WriteString(err.Error())
			os.Exit(0)
		}
		_, _ = os.Stdout.WriteString("opened")
		_ = s.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func openInAnotherProcess(t *testing.T, url string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+url)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSQLiteServesOneProcess(t *testing.T) {
	t.Parallel()
	url := sqltest.URL(t)
	options := sqlstore.Options{URL: url, AutoMigrate: true, Log: slog.New(slog.DiscardHandler)}
	s, err := sqlstore.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	want := "another varco process (pid " + strconv.Itoa(os.Getpid()) + ") uses " + strings.TrimPrefix(url, "sqlite:") +
		"; SQLite serves one process: stop it, or use PostgreSQL for several replicas"
	if got := openInAnotherProcess(t, url); got != want {
		t.Errorf("a second process: %s", got)
	}
	// Conflict, not Unavailable: waiting does not help.
	if _, err := sqlstore.Open(t.Context(), options); !fault.Is(err, fault.Conflict) || err.Error() != want {
		t.Errorf("a second store of the same process: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openInAnotherProcess(t, url); got != "opened" {
		t.Errorf("after the first one ended: %s", got)
	}
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "with space & %41.db")
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: "sqlite:" + path, AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.InstallationID(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", suffix, info, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mysql://x", "sqlite:", "sqlite::memory:", "sqlite:a.db?mode=memory", "postgres://%zz", "/just/a/path"} {
		if _, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: url}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", url, err)
		}
	}
	missing := "sqlite:" + filepath.Join(t.TempDir(), "no", "such", "folder", "varco.db")
	if _, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: missing}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestDatabaseIsDown(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: "postgres://varco@" + nobody + "/varco?sslmode=disable", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("a provider must start before its database: %v", err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Ping: %v", err)
	}
	if _, err := s.Client(t.Context(), s, "a"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a read: %v", err)
	}
	if err := s.CheckSchema(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("CheckSchema: %v", err)
	}
}

// A server that is restarted takes its connections with it; requests after that must find new ones.
func TestConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := pgtest.DSN(t)
	s, other := pgtest.OpenURL(t, url), pgtest.OpenURL(t, url)
	if err := s.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := other.SQL().ExecContext(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for {
		err := s.Ping(ctx)
		if err == nil {
			return
		}
		if !fault.Is(err, fault.Unavailable) {
			t.Fatalf("a broken connection: %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatal("no new connection was made")
		}
	}
}

func TestPoolIsBounded(t *testing.T) {
	t.Parallel()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: pgtest.DSN(t), MaxConns: 3, MinConns: 9, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	done := make(chan error)
	for range 30 {
		go func() {
			_, err := s.SQL().ExecContext(t.Context(), "SELECT pg_sleep(0.01)")
			done <- err
		}()
	}
	for range 30 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if st := s.Stats(); st.Max != 3 || st.Open > 3 || st.Waited == 0 {
		t.Errorf("stats: %+v", st)
	}
}
