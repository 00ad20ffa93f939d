package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// buildKMS builds the key service plugin, a module of its own, and returns the program and its digest.
func buildKMS(t *testing.T, dir string) (program, digest string) {
	t.Helper()
	program = filepath.Join(dir, "varco-kms")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "..", "plugins", "kms")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the key service: %v\n%s", err, out)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return program, hex.EncodeToString(sum[:])
}

// An installation moves from a key-encryption key in a file to one in a KMS, and then lives without the file.
func TestKMS(t *testing.T) {
	t.Parallel()
	in := install(t, relyingParty("web", nil))
	program, digest := buildKMS(t, in.dir)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(in.dir, "kek.pem")
	write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	authentication := randomText(32)
	write(t, filepath.Join(in.dir, "kms.auth"), []byte(authentication))
	in.canary.keep("authentication key of the KMS plugin", authentication)

	run := func() *process { t.Helper(); in.save(t); return in.start(t) }
	server := run()
	anna := in.newPerson(t, "anna.rossi")
	in.goClient(t, "web").login(anna)
	server.end(syscall.SIGTERM)

	file, kms := map[string]any{"file": "kek.key"}, map[string]any{"kms": "kms/" + keyFile}
	in.config["plugins"] = map[string]any{"password": map[string]any{}, "totp": map[string]any{}, "kms": map[string]any{
		"command": []string{program}, "sha256": digest, "config": map[string]any{"uri": "softkms:"},
		"secrets": map[string]any{"authentication_key": map[string]any{"file": "kms.auth"}},
	}}
	in.config["sealing"] = map[string]any{"kek": []any{kms, file}}
	server = run()
	in.goClient(t, "web").login(anna)
	if out := string(in.varco(t, "", "keys", "rotate-wrapping")); !strings.Contains(out, `"kms:kms/`) || strings.Contains(out, `"kek-`) {
		t.Errorf("keys rotate-wrapping answered %s", out)
	}
	server.end(syscall.SIGTERM)

	if err := os.Remove(filepath.Join(in.dir, "kek.key")); err != nil {
		t.Fatal(err)
	}
	in.config["sealing"] = map[string]any{"kek": []any{kms}}
	for range 2 {
		server = run()
		in.goClient(t, "web").login(anna)
		server.end(syscall.SIGTERM)
	}
	if out := string(in.varco(t, "", "keys", "list")); !strings.Contains(out, `"kms:kms/`) { // without a server: the command starts the plugin
		t.Errorf("keys list answered %s", out)
	}

	if err := os.Rename(keyFile, keyFile+".away"); err != nil {
		t.Fatal(err)
	}
	lost := launch(t, "varco serve without its key", in.command("serve"))
	if lost.code() == 0 || !strings.Contains(lost.log.String(), "key not found") {
		t.Errorf("without its key the server ended with %d", lost.code())
	}
	if err := os.Rename(keyFile+".away", keyFile); err != nil {
		t.Fatal(err)
	}

	// An installation that never had another key.
	fresh := install(t, relyingParty("web", nil))
	write(t, filepath.Join(fresh.dir, "kms.auth"), []byte(authentication))
	fresh.config["plugins"], fresh.config["sealing"] = in.config["plugins"], in.config["sealing"]
	fresh.save(t)
	fresh.start(t)
	fresh.goClient(t, "web").login(fresh.newPerson(t, "bruno.neri"))
}
