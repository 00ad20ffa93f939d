package provider

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

func TestCheckTLS(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		host     string
		from, to time.Time
		state    string
		text     string
	}{
		"good":    {"login.bank.example", now.Add(-day), now.Add(90 * day), CheckOK, "good until 2026-05-30"},
		"soon":    {"login.bank.example", now.Add(-day), now.Add(10 * day), CheckWarn, "expires on 2026-03-11"},
		"expired": {"login.bank.example", now.Add(-9 * day), now.Add(-day), CheckWrong, "expired on 2026-02-28"},
		"future":  {"login.bank.example", now.Add(day), now.Add(90 * day), CheckWrong, "not valid before 2026-03-02"},
		"other":   {"www.bank.example", now.Add(-day), now.Add(90 * day), CheckWrong, "not for login.bank.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			certificateFor(t, dir, tc.host, tc.from, tc.to)
			c := &Config{Issuer: "https://login.bank.example", TLS: &TLS{Cert: "cert.pem", Key: "key.pem"}, source: source{dir: dir}}
			var cs checks
			c.checkTLS(&cs, now)
			if len(cs) != 1 || cs[0].State != tc.state || !strings.Contains(cs[0].Text, tc.text) {
				t.Errorf("%+v, want %s with %q", cs, tc.state, tc.text)
			}
		})
	}
}

func certificateFor(t *testing.T, dir, host string, from, to time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
}

func TestCheckIssuer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(base string) (discovery, keys string)
		state  string
		text   string
	}{
		"good": {func(b string) (string, string) {
			return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, b, b+"/keys"), `{"keys":[{},{}]}`
		}, CheckOK, "with 2 keys"},
		"other issuer": {func(b string) (string, string) { return `{"issuer":"https://old.example"}`, "" }, CheckWrong, `says "https://old.example"`},
		"no keys": {func(b string) (string, string) {
			return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, b, b+"/keys"), `{"keys":[]}`
		}, CheckWrong, "the key set is empty"},
		"not json": {func(string) (string, string) { return "<html>", "" }, CheckWrong, "cannot be read"},
	} {
		mux := http.NewServeMux()
		server := httptest.NewServer(mux)
		discovery, keys := tc.answer(server.URL)
		mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(discovery)) })
		mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(keys)) })
		var cs checks
		(&Config{Issuer: server.URL}).checkIssuer(t.Context(), &cs)
		server.Close()
		if len(cs) != 1 || cs[0].State != tc.state || !strings.Contains(cs[0].Text, tc.text) {
			t.Errorf("%s: %+v, want %s with %q", name, cs, tc.state, tc.text)
		}
	}
}

func TestCheckFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "closed.key"), "x")
	write(t, filepath.Join(dir, "open.key"), "x")
	if err := os.Chmod(filepath.Join(dir, "open.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c := &Config{DataDir: ".", Sealing: Sealing{KEK: []KEK{{File: "closed.key"}, {File: "open.key"}, {File: "absent.key"}}}, source: source{dir: dir}}
	var cs checks
	c.checkFiles(&cs)
	want := []string{CheckOK, CheckWrong, CheckWrong, CheckOK} // the last is the folder
	for i, state := range want {
		if len(cs) != len(want) || cs[i].State != state {
			t.Fatalf("%+v", cs)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cs = nil
	c.checkFiles(&cs)
	if last := cs[len(cs)-1]; last.State != CheckWrong || !strings.Contains(last.Hint, "chmod 700") {
		t.Errorf("an open data folder: %+v", last)
	}
}

// TestDiagnose: a whole installation on PostgreSQL is found well, and what is missing is told.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	c := install(t, "database: {url_file: url}\n")
	write(t, c.Path("url"), pgtest.EmptyDSN(t))
	a := open(t, c)
	find := func(name string) Check {
		t.Helper()
		var cs checks
		if a.checkDatabase(t.Context(), &cs) && a.checkSealing(t.Context(), &cs) {
			a.checkSigningKeys(t.Context(), &cs)
			a.checkAudit(t.Context(), &cs)
			a.checkClients(t.Context(), &cs)
		}
		for _, check := range cs {
			if check.Name == name {
				return check
			}
		}
		return Check{}
	}
	if got := find("database"); got.State != CheckWrong || !strings.Contains(got.Hint, "varco db migrate") {
		t.Errorf("before the migration: %+v", got)
	}
	if _, err := a.dbMigrate(t.Context(), None{}); err != nil {
		t.Fatal(err)
	}
	for name, state := range map[string]string{"database": CheckOK, "sealing": CheckOK, "signing keys": CheckWarn, "audit log": CheckOK, "relying parties": CheckWarn} {
		if got := find(name); got.State != state {
			t.Errorf("after the migration: %+v, want %s", got, state)
		}
	}
	if _, err := a.keysRotate(t.Context(), KeyRotation{}); err != nil {
		t.Fatal(err)
	}
	if got := find("signing keys"); got.State != CheckOK {
		t.Errorf("with keys: %+v", got)
	}
	if _, err := a.store.ExecContext(t.Context(), "DELETE FROM signing_key WHERE alg = 'RS256'"); err != nil {
		t.Fatal(err)
	}
	a.domains.keys.Invalidate()
	if got := find("signing keys"); got.State != CheckWrong || !strings.Contains(got.Text, "no key signs RS256") {
		t.Errorf("without RS256: %+v", got)
	}
	// Another key-encryption key comes first: it works, and should be finished.
	write(t, c.Path("new.key"), "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=")
	c.Sealing.KEK = []KEK{{File: "new.key"}, {File: "kek.key"}}
	if got := find("sealing"); got.State != CheckWarn || !strings.Contains(got.Hint, "rotate-wrapping") {
		t.Errorf("half-way between two keys: %+v", got)
	}
}
