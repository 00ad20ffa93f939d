package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// installation is a folder with a configuration of Varco, as an operator would make it for production: https, secrets in files.
type installation struct {
	dir    string
	tmp    string         // temporary folder of the installation's processes alone
	file   string         // of the configuration
	config map[string]any // its content; write it again with save
	issuer string
	admin  string            // base URL of /readyz and /metrics
	secret map[string]string // of the clients, by client_id
	http   *http.Client      // trusts the installation's certificate
	canary *canary
}

// The acr values of the installation's policy.
const (
	acrOne    = "urn:varco:1fa"
	acrStrong = "urn:varco:sca"
)

// install writes a configuration for the clients on an embedded database. Those who change it save it again.
func install(t testing.TB, clients ...client) *installation {
	t.Helper()
	dir := t.TempDir()
	address, admin := freeAddress(t), freeAddress(t)
	issueCertificate(t, dir)
	write(t, filepath.Join(dir, "kek.key"), []byte(randomText(32)))
	// Not in t.TempDir, whose name repeats the test's: plugins have sockets here, whose paths have room for a hundred characters.
	tmp, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	in := &installation{
		dir: dir, tmp: tmp, file: filepath.Join(dir, "varco.yaml"), issuer: "https://" + address, admin: "http://" + admin,
		secret: map[string]string{}, canary: newCanary(),
		http: &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(t), ForceAttemptHTTP2: true}, Timeout: patience},
	}
	t.Cleanup(in.http.CloseIdleConnections)
	in.config = map[string]any{
		"issuer": in.issuer, "listen": address, "metrics_listen": admin, "data_dir": "data",
		"tls":     map[string]any{"cert": "cert.pem", "key": "key.pem"},
		"sealing": map[string]any{"kek": []any{map[string]any{"file": "kek.key"}}},
		"brand":   map[string]any{"name": "Banca di Prova"},
		"log":     map[string]any{"level": "debug"}, // the level at which a secret would slip out
	}
	var declared []client
	for _, c := range clients {
		declared = append(declared, in.declare(t, c))
	}
	if declared != nil {
		in.config["clients"] = declared
	}
	in.save(t)
	return in
}

// save writes the configuration: JSON, which is YAML.
func (in *installation) save(t testing.TB) {
	t.Helper()
	text, err := json.MarshalIndent(in.config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, in.file, text)
}

// client is a relying party as the configuration file has it.
type client map[string]any

// callback is a redirect URI that nobody listens at: a visitor without a browser stops before it.
const callback = "https://rp.bank.test/callback"

// relyingParty is a client with the code and refresh grants that asks for one factor; more says what is different.
func relyingParty(id string, more client) client {
	c := client{
		"client_id": id, "client_name": "Prova " + id, "redirect_uris": []string{callback},
		"post_logout_redirect_uris": []string{"https://rp.bank.test/goodbye"},
		"grant_types":               []string{"authorization_code", "refresh_token"}, "acr_default": acrOne,
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

// declare gives a client that authenticates with a secret one, in a file.
func (in *installation) declare(t testing.TB, c client) client {
	t.Helper()
	id := c["client_id"].(string)
	switch c["token_endpoint_auth_method"] {
	case nil, "client_secret_basic", "client_secret_post":
		in.secret[id] = randomText(32)
		in.canary.keep("secret of client "+id, in.secret[id])
		write(t, filepath.Join(in.dir, id+".secret"), []byte(in.secret[id]+"\n"))
		c["secret_file"] = id + ".secret"
	}
	return c
}

// command runs the program with the installation's configuration.
func (in *installation) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, append([]string{"--config", in.file}, args...)...)
	// The operator's environment must not leak into the tests: VARCO_… variables override the configuration.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + in.dir, "TMPDIR=" + in.tmp}
	return cmd
}

// varco runs a command to its end and returns its standard output; it fails the test when the command does.
func (in *installation) varco(t testing.TB, stdin string, args ...string) []byte {
	t.Helper()
	cmd := in.command(append(args, "-o", "json")...)
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader([]byte(stdin)), &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("varco %v: %v\n%s", args, err, log.String())
	}
	return out.Bytes()
}

// start starts `varco serve` and waits until it is ready.
func (in *installation) start(t testing.TB) *process {
	t.Helper()
	p := launch(t, "varco serve", in.command("serve"))
	in.awaitReady(t, p)
	t.Cleanup(func() { in.canary.check(t, "the log of varco serve", []byte(p.log.String())) })
	return p
}

// awaitReady waits until /readyz says that logins can be answered.
func (in *installation) awaitReady(t testing.TB, p *process) {
	t.Helper()
	waitFor(t, "varco serve is ready", func() bool {
		if !p.running() {
			t.Fatalf("varco serve ended: %v\n%s", p.err, tail(p.log.String(), 20))
		}
		return in.ready() == http.StatusOK
	})
}

// ready is the status of /readyz; 0 when nobody answers.
func (in *installation) ready() int {
	res, err := in.http.Get(in.admin + "/readyz")
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// serve is install and start.
func serve(t testing.TB, clients ...client) *installation {
	t.Helper()
	in := install(t, clients...)
	in.start(t)
	return in
}

// randomText is n random bytes in base64.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand ends the process instead of failing
	return base64.StdEncoding.EncodeToString(b)
}

// readAll reads to the end and closes.
func readAll(t testing.TB, r io.ReadCloser) []byte {
	t.Helper()
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return text
}
