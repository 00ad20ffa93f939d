package e2e_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"
)

// TestAuditFindsTampering alters the record of a login behind the program's back, as somebody with the database in hands could.
func TestAuditFindsTampering(t *testing.T) {
	t.Parallel()
	in := install(t, relyingParty("web", nil))
	p := in.start(t)
	in.goClient(t, "web").login(in.newPerson(t, "olga"))
	waitFor(t, "the login is sealed", func() bool {
		out, _ := in.command("audit", "export").Output() // fails while nothing is sealed
		return bytes.Contains(out, []byte("token.issued"))
	})
	in.varco(t, "", "audit", "verify") // by the running server
	p.end(syscall.SIGTERM)
	in.varco(t, "", "audit", "verify") // and without it

	file := filepath.Join(in.dir, "data", "varco.db")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, statement := range map[string]string{
		"altered": `UPDATE audit_log SET body = replace(body, 'login.completed', 'login.cancelled') WHERE body LIKE '%login.completed%'`,
		"removed": `DELETE FROM audit_log WHERE body LIKE '%token.issued%'`,
	} {
		write(t, file, whole)
		db, err := sql.Open("sqlite", file)
		if err != nil {
			t.Fatal(err)
		}
		done, err := db.ExecContext(t.Context(), statement)
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s: nothing was changed (%v)", name, err)
		}
		cmd := in.command("audit", "verify")
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("with an event %s, `varco audit verify` ends with %v: %s", name, err, out)
		}
	}
	write(t, file, whole)
	in.varco(t, "", "audit", "verify") // nothing else was wrong
}
