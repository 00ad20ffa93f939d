package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The example in Go is what an integrator has: a folder outside this module, which needs nothing of Varco but the SDK.
func TestExampleGoIsAModuleOfItsOwn(t *testing.T) {
	t.Parallel()
	const source = "../../examples/authenticator-go"
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	mod := "module bank.example/grid\n\ngo 1.26\n\nrequire " + varcoModule + " v0.0.0\n\nreplace " + varcoModule + " => " + root + "\n"
	for name, data := range map[string][]byte{"go.mod": []byte(mod), "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inDir(t, dir, "go", "mod", "tidy")
	inDir(t, dir, "go", "vet", "./...")
	inDir(t, dir, "go", "test", "./...")
	inDir(t, dir, "go", "build", "-o", "grid", ".")
	for _, imported := range strings.Fields(inDir(t, dir, "go", "list", "-f", `{{join .Imports "\n"}}`, ".")) {
		if strings.HasPrefix(imported, varcoModule) && imported != varcoModule+"/plugins/sdk" {
			t.Errorf("it imports %s", imported)
		}
	}
	passes(t, filepath.Join(dir, "grid"))
}

// The example in JavaScript keeps every rule that a plugin in Go keeps.
func TestExampleNodePassesTheKit(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("../../examples/authenticator-node")
	if err != nil {
		t.Fatal(err)
	}
	passes(t, node, "--scripts", dir, "--", filepath.Join(dir, "main.js"))
}
