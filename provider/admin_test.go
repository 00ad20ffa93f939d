package provider

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

// install writes a configuration with what it names into a folder of its own.
func install(t *testing.T, more string) *Config {
	t.Helper()
	dir, err := os.MkdirTemp("", "varco") // t.TempDir's paths are too long for a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	kek := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	return reinstall(t, dir, kek, more)
}

func reinstall(t *testing.T, dir, kek, more string) *Config {
	t.Helper()
	write(t, filepath.Join(dir, "kek.key"), kek)
	write(t, filepath.Join(dir, "varco.yaml"), minimal+more)
	c, err := Load(filepath.Join(dir, "varco.yaml"), []string{"BANK=" + strings.Repeat("s", minSecret)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, c *Config) *Admin {
	t.Helper()
	a, err := OpenAdmin(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestRemote: an operation does the same through the socket as on the installation itself, errors included.
func TestRemote(t *testing.T) {
	t.Parallel()
	c := install(t, "")
	a := open(t, c)
	if _, ok := DialServer(t.Context(), c); ok {
		t.Fatal("a server answers that nobody started")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ServeAdmin(ctx, c, a) }()
	remote := dial(t, c)

	for path, want := range map[string]os.FileMode{c.socketPath(): 0o600, filepath.Dir(c.socketPath()): 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, error %v", path, info.Mode().Perm(), err)
		}
	}
	if err := ServeAdmin(ctx, c, a); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second server on the same socket: %v", err)
	}

	party := RelyingParty{ClientID: "bank", RedirectURIs: []string{"https://bank.example/cb"}}
	added, err := ClientAdd.Do(WithActor(t.Context(), "anna"), remote, party)
	if err != nil || added.Secret == "" {
		t.Fatalf("add: %+v, %v", added, err)
	}
	for name, caller := range map[string]Caller{"here": a, "remote": remote} {
		list, err := ClientList.Do(t.Context(), caller, None{})
		if err != nil || len(list) != 1 || list[0].ClientID != "bank" {
			t.Errorf("%s: list %+v, %v", name, list, err)
		}
		_, err = ClientShow.Do(t.Context(), caller, ByID{"nobody"})
		if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "there is no relying party nobody") {
			t.Errorf("%s: show nobody: %v", name, err)
		}
		_, err = ClientAdd.Do(t.Context(), caller, party)
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: add again: %v", name, err)
		}
		_, err = ClientAdd.Do(t.Context(), caller, RelyingParty{ClientID: "bad"})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "redirect_uris") {
			t.Errorf("%s: add a bad one: %v", name, err)
		}
		_, err = Operation[None, None]{"no.such"}.Do(t.Context(), caller, None{})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: unknown operation: %v", name, err)
		}
		_, err = Operation[map[string]string, None]{"client.show"}.Do(t.Context(), caller, map[string]string{"idd": "x"})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: unknown field: %v", name, err)
		}
		err = AuditExport(t.Context(), caller, AuditRange{}, &bytes.Buffer{})
		if !fault.Is(err, fault.NotFound) { // nothing is sealed: no server runs
			t.Errorf("%s: export: %v", name, err)
		}
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("the socket ended with %v", err)
	}
	if _, ok := DialServer(t.Context(), c); ok {
		t.Error("the socket answers after its end")
	}
}

func dial(t *testing.T, c *Config) *Remote {
	t.Helper()
	for range 500 {
		if r, ok := DialServer(t.Context(), c); ok {
			t.Cleanup(func() { _ = r.Close() })
			return r
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the admin socket does not come up")
	return nil
}

// TestAdminHandler: what only a broken or hostile peer would send.
func TestAdminHandler(t *testing.T) {
	t.Parallel()
	handlers["test.breaks"] = func(_ *Admin, _ context.Context, _ []byte, w io.Writer) error {
		if _, err := w.Write([]byte("half of it")); err != nil {
			return err
		}
		return fault.New(fault.Conflict, "broke off")
	}
	dir, err := os.MkdirTemp("", "varco")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: adminHandler(&Admin{})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	r := &Remote{&http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.Addr().String())
	}}}}
	defer r.Close()
	var out bytes.Buffer
	if err := r.call(t.Context(), "test.breaks", nil, &out); !fault.Is(err, fault.Conflict) || err.Error() != "broke off" || out.String() != "half of it" {
		t.Errorf("an error after the first bytes: %v, %q", err, out.String())
	}
	if err := r.call(t.Context(), "client.add", bytes.Repeat([]byte(" "), maxRequest+1), &out); err == nil {
		t.Error("a huge request is accepted")
	}
}

// TestDeclareClients: the registrations follow the configuration, secrets included.
func TestDeclareClients(t *testing.T) {
	t.Parallel()
	const declared = "clients:\n  - {client_id: bank, redirect_uris: [https://bank.example/cb], secret_file: bank.secret}\n" +
		"  - {client_id: other, redirect_uris: [https://bank.example/cb], secret_env: BANK}\n"
	c := install(t, declared)
	dir := c.Path(".")
	first, second := strings.Repeat("a", minSecret), strings.Repeat("b", minSecret)
	write(t, filepath.Join(dir, "bank.secret"), first+"\n")
	a := open(t, c)
	d, err := a.ready(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good := func(secret string) bool {
		t.Helper()
		client, err := a.store.Client(t.Context(), a.store, "bank")
		if err != nil {
			t.Fatal(err)
		}
		return client.SecretMatches(secret, time.Now())
	}
	for range 2 { // a second start changes nothing
		if err := c.declareClients(t.Context(), d, a.store); err != nil {
			t.Fatal(err)
		}
		if !good(first) || good(second) {
			t.Error("the declared secret is not in force")
		}
	}
	write(t, filepath.Join(dir, "bank.secret"), second)
	if err := c.declareClients(t.Context(), d, a.store); err != nil {
		t.Fatal(err)
	}
	if !good(second) || !good(first) {
		t.Error("after the file changed, both secrets must be good for a while")
	}
	c.Clients = c.Clients[:1]
	if err := c.declareClients(t.Context(), d, a.store); err != nil {
		t.Fatal(err)
	}
	if list, err := a.clientList(t.Context(), None{}); err != nil || len(list) != 1 {
		t.Errorf("one is declared no more: %d are there, %v", len(list), err)
	}
	write(t, filepath.Join(dir, "bank.secret"), "short")
	if err := c.declareClients(t.Context(), d, a.store); !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "short\n") {
		t.Errorf("a secret that can be guessed: %v", err)
	}
}

// TestAuditKeys: the log's key is the same at every start and another for another installation; a configured one counts more.
func TestAuditKeys(t *testing.T) {
	t.Parallel()
	c := install(t, "")
	a := open(t, c)
	d, err := a.ready(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.auditKeys(d.box)
	if err != nil || again.public != d.audit.public || again.signer.Name() != "login.bank.example" {
		t.Errorf("keys %+v, %v", again, err)
	}
	write(t, c.Path("audit.key"), base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, 32)))
	c.Audit = Audit{Origin: "log", CheckpointKey: &Secret{File: "audit.key"}, FormerKeys: []string{d.audit.public}}
	own, err := c.auditKeys(d.box)
	if err != nil {
		t.Fatal(err)
	}
	if own.public == d.audit.public || own.signer.Name() != "log" {
		t.Error("the configured key is not used")
	}
	if _, err := own.known.Verifier(d.audit.signer.Name(), d.audit.signer.KeyHash()); err != nil {
		t.Errorf("the former key is forgotten: %v", err)
	}
	write(t, c.Path("audit.key"), "too short")
	if _, err := c.auditKeys(d.box); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad key: %v", err)
	}
}

// TestWrongSealingKey: whoever has another key-encryption key opens nothing, and is told what is missing.
func TestWrongSealingKey(t *testing.T) {
	t.Parallel()
	c := install(t, "")
	a, err := OpenAdmin(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.keysSealing(t.Context(), None{})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	other := sha256.Sum256([]byte("another"))
	c = reinstall(t, c.Path("."), base64.StdEncoding.EncodeToString(other[:]), "")
	if _, err := open(t, c).keysSealing(t.Context(), None{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "add the missing key to sealing.kek") {
		t.Errorf("another key: %v", err)
	}
}
