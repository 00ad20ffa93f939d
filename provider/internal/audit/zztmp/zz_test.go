package zztmp

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/audit/audittest"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/tx"
)

func open(t *testing.T) *sqlstore.Store {
	url := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	if u := os.Getenv("PG"); u != "" {
		name := fmt.Sprintf("a%d", time.Now().UnixNano())
		if err := exec.Command("psql", "-h", "127.0.0.1", "-p", "54991", "-U", "postgres", "-c", "CREATE DATABASE "+name).Run(); err != nil {
			t.Fatal(err)
		}
		u += name
		url = u
	}
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConf(t *testing.T) {
	audittest.Conformance(t, func(t *testing.T) (tx.DB, audit.Store) { s := open(t); return s, s })
}

func TestSpeed(t *testing.T) {
	s := open(t)
	signer, keys := audittest.Key(t, "x.test/a")
	for range 300 {
		if err := s.InTx(t.Context(), func(q tx.Q) error { return audit.Write(t.Context(), q, s, audittest.Events(64)...) }); err != nil {
			t.Fatal(err)
		}
	}
	t0 := time.Now()
	n, err := audittest.Sealer(s, s, signer, keys).Seal(t.Context())
	fmt.Println("seal", n, err, time.Since(t0))
	t0 = time.Now()
	r, err := audit.Verify(t.Context(), s, s, audit.VerifyOptions{Keys: keys})
	fmt.Println("verify", r.OK(), r.Checked, err, time.Since(t0))
	t0 = time.Now()
	m, err := audit.Export(t.Context(), s, s, io.Discard, audit.ExportOptions{Keys: keys})
	fmt.Println("export", m, err, time.Since(t0))
}
