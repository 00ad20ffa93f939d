package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// writeSkeleton runs the command as an author does.
func writeSkeleton(t *testing.T, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "trial")
	var out, log bytes.Buffer
	code := run(append([]string{"plugin", "new", "trial", "--dir", dir}, args...), process{in: strings.NewReader(""), out: &out, err: &log})
	if code != exitDone || !strings.Contains(out.String(), "Next:") {
		t.Fatalf("plugin new: exit code %d: %s%s", code, &out, &log)
	}
	return dir
}

func inDir(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	// What this module needs is in the module cache; nothing is fetched.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// passes runs the conformance kit, with a small load.
func passes(t *testing.T, args ...string) {
	t.Helper()
	var out, log bytes.Buffer
	if code := run(append([]string{"plugin", "test", "--flows", "10"}, args...), process{in: strings.NewReader(""), out: &out, err: &log}); code != exitDone {
		t.Errorf("plugin test: exit code %d: %s%s", code, &out, &log)
	}
}

// The skeleton in Go is a module of its own that needs the SDK alone; it builds, passes its tests and the kit unchanged.
func TestNewGo(t *testing.T) {
	t.Parallel()
	dir := writeSkeleton(t, "--checkout", "../..")
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644); err != nil {
		t.Fatal(err)
	}
	inDir(t, dir, "go", "mod", "tidy")
	if out := inDir(t, dir, "gofmt", "-l", "."); out != "" {
		t.Errorf("not formatted: %s", out)
	}
	inDir(t, dir, "go", "vet", "./...")
	inDir(t, dir, "go", "test", "./...")
	inDir(t, dir, "go", "build", "-o", "trial", ".")
	passes(t, filepath.Join(dir, "trial"))
	for _, imported := range strings.Fields(inDir(t, dir, "go", "list", "-f", `{{join .Imports "\n"}}`, ".")) {
		if strings.HasPrefix(imported, varcoModule) && imported != varcoModule+"/plugins/sdk" {
			t.Errorf("it imports %s", imported)
		}
	}
}

// The skeleton in Node.js holds all it needs but what its lock file names by digest.
func TestNewNode(t *testing.T) {
	t.Parallel()
	dir := writeSkeleton(t, "--lang", "node")
	inDir(t, dir, "npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
	if out := inDir(t, dir, "npm", "test", "--silent"); !strings.Contains(out, "# pass 4") && !strings.Contains(out, "pass 4") {
		t.Errorf("npm test says %s", out)
	}
	program, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	passes(t, program, "--scripts", dir, "--", filepath.Join(dir, "main.js"))
	// Pinning the folder pins the plugin: nothing that runs lies outside.
	if err := filepath.WalkDir(filepath.Join(dir, "node_modules"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type()&fs.ModeSymlink != 0 && filepath.Base(filepath.Dir(path)) != ".bin" {
			t.Errorf("%s is a link", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"a name with capitals":   {"Trial", "--dir", t.TempDir()},
		"a name with a path":     {"../trial", "--dir", t.TempDir()},
		"a name with a digit":    {"1trial", "--dir", t.TempDir()},
		"a folder with files":    {"trial", "--dir", full},
		"an unknown language":    {"trial", "--dir", t.TempDir(), "--lang", "cobol"},
		"a checkout of nothing":  {"trial", "--dir", t.TempDir(), "--checkout", full},
		"a name that is missing": {},
	} {
		var log bytes.Buffer
		if code := run(append([]string{"plugin", "new"}, args...), process{in: strings.NewReader(""), out: io.Discard, err: &log}); code != exitUsage {
			t.Errorf("%s: exit code %d: %s", name, code, &log)
		}
	}
	if left, err := os.ReadDir(full); err != nil || len(left) != 1 {
		t.Errorf("the folder now holds %v (%v)", left, err)
	}
}
