package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// demo is a running `varco demo`: an installation with a bank and a few people.
type demo struct {
	installation
	process *process
	bank    string
	account string
	logFile string
	people  map[string]*person // by user name
	secret  map[string]string  // by client_id
}

// announcement is what the demo prints.
type announcement struct {
	Issuer, Bank, Account, Config, Log string
	People                             []struct {
		Username, Password string
		TOTPSecret         string `json:"totp_secret"`
	}
	Clients []struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
}

// startDemo starts the demo on a folder, a new or a used one.
func startDemo(t testing.TB, dir string) *demo {
	t.Helper()
	out := &capture{}
	cmd := exec.Command(binary, "demo", "--data", dir, "--listen", freeAddress(t), "--bank-listen", freeAddress(t), "-o", "json")
	cmd.Stdout = out
	p := launch(t, "varco demo", cmd)
	waitFor(t, "the demo announces itself", func() bool {
		if !p.running() {
			t.Fatalf("varco demo ended: %v\n%s", p.err, p.log.String())
		}
		return bytes.HasSuffix([]byte(out.String()), []byte("\n"))
	})
	var a announcement
	d := json.NewDecoder(bytes.NewReader([]byte(out.String())))
	if err := d.Decode(&a); err != nil {
		t.Fatalf("the demo printed no JSON: %v: %s", err, out.String())
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("the demo printed more than one JSON object: %s", out.String())
	}
	demo := &demo{process: p, bank: a.Bank, account: a.Account, logFile: a.Log, people: map[string]*person{}, secret: map[string]string{},
		installation: installation{dir: t.TempDir(), tmp: os.TempDir(), file: a.Config, issuer: a.Issuer, canary: newCanary(),
			http: &http.Client{Transport: &http.Transport{}, Timeout: patience}}}
	demo.installation.secret = demo.secret
	for _, someone := range a.People {
		demo.people[someone.Username] = &person{Username: someone.Username, Password: someone.Password, Seed: someone.TOTPSecret}
	}
	for _, c := range a.Clients {
		demo.secret[c.ID] = c.Secret
	}
	t.Cleanup(demo.http.CloseIdleConnections)
	return demo
}

// TestDemo starts the demo as `make run` does: what it prints is true, and a second start on the same folder keeps the people.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	d := startDemo(t, dir)
	for _, address := range []string{d.issuer + "/", d.issuer + "/.well-known/openid-configuration", d.account, d.bank + "/", d.bank + "/try"} {
		res, err := d.http.Get(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", address, res.Status)
		}
	}
	mario := d.people["mario.bianchi"]
	if mario == nil || mario.Seed == "" || d.people["anna.rossi"] == nil {
		t.Fatalf("the people are %v", d.people)
	}
	subject := func() string {
		t.Helper()
		return decode[struct{ ID string }](t, d.varco(t, "", "subscriber", "show", "mario.bianchi")).ID
	}
	before := subject()
	d.varco(t, "", "doctor")
	d.process.end(syscall.SIGINT) // Ctrl-C
	if d.process.code() != 0 {
		t.Errorf("the demo ended with code %d", d.process.code())
	}

	again := startDemo(t, dir)
	// The same app goes on: codes used before count as used.
	again.people["mario.bianchi"].step = mario.step
	if d.file = again.file; subject() != before {
		t.Error("the second start has another mario.bianchi")
	}
	if again.people["mario.bianchi"].Seed != mario.Seed || again.secret["demo-web"] != d.secret["demo-web"] {
		t.Error("the second start announces other secrets")
	}
	c := again.goClient(t, "demo-web")
	c.RedirectURL = "http://127.0.0.1:9/callback"
	if got := c.login(again.people["mario.bianchi"]); got.id.Subject != before {
		t.Errorf("signed in as %q", got.id.Subject)
	}
}

// log is what the demo has logged so far.
func (d *demo) log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(d.logFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
