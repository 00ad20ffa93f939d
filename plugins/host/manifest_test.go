package host_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/varco-id/varco/plugins/host"
)

// scripted is a plugin of several files that an interpreter runs: the test binary plays the interpreter.
type scripted struct{ folder, interpreter, main string }

func script(t *testing.T) scripted {
	t.Helper()
	self, _ := selfDigest(t)
	folder := t.TempDir()
	s := scripted{folder: folder, interpreter: self, main: filepath.Join(folder, "main.script")}
	for name, text := range map[string]string{"main.script": "hello", "lib/part.script": "part"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// pinned writes the manifest and returns the instance that it pins. The "interpreter" gets the script as its last argument.
func (s scripted) pinned(t *testing.T) host.InstanceConfig {
	t.Helper()
	manifest, digest, err := host.WriteManifest(s.folder, s.interpreter)
	if err != nil {
		t.Fatal(err)
	}
	return host.InstanceConfig{ID: "a", Command: []string{s.interpreter, "plugin", "serve", "probe", s.main}, Manifest: manifest, SHA256: digest}
}

func evidence(t *testing.T, h *host.Host, do string) string {
	t.Helper()
	r, err := h.Step(t.Context(), host.Continue, request("a", do))
	if err != nil {
		t.Fatal(err)
	}
	return string(r.Success.Evidence)
}

// What runs is what the manifest lists, in a copy of its own: whatever happens to the files, and to the copy.
func TestManifest(t *testing.T) {
	t.Parallel()
	s := script(t)
	c := s.pinned(t)
	h := start(t, host.Options{Instances: []host.InstanceConfig{c}})
	if got := h.Status()[0]; got.State != host.StateUp || got.Digest != c.SHA256 {
		t.Fatalf("status %+v", got)
	}
	if got := evidence(t, h, "script"); got != "hello+part" {
		t.Errorf("runs %q", got)
	}
	before := pid(t, h, "a")
	for name, text := range map[string]string{"main.script": "evil", "lib/part.script": "evil", "added.script": "evil"} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	evidence(t, h, "spoil") // a plugin that was taken over rewrites its own files
	syscall.Kill(before, syscall.SIGKILL)
	if got := evidence(t, h, "script"); got != "hello+part" || pid(t, h, "a") == before {
		t.Errorf("after a restart it runs %q", got)
	}
}

func TestManifestRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, s scripted, c *host.InstanceConfig){
		"has the digest": func(t *testing.T, s scripted, _ *host.InstanceConfig) {
			write(t, filepath.Join(s.folder, "lib", "part.script"), "evil")
		},
		"part.script": func(t *testing.T, s scripted, _ *host.InstanceConfig) {
			if err := os.Remove(filepath.Join(s.folder, "lib", "part.script")); err != nil {
				t.Fatal(err)
			}
		},
		"the manifest": func(t *testing.T, s scripted, c *host.InstanceConfig) {
			write(t, c.Manifest, strings.Repeat("0", 64)+"  main.script\n")
		},
		"does not list the argument": func(t *testing.T, s scripted, c *host.InstanceConfig) {
			other := filepath.Join(t.TempDir(), "other.script")
			write(t, other, "evil")
			c.Command[len(c.Command)-1] = other
		},
		"an argument of its own": func(t *testing.T, s scripted, c *host.InstanceConfig) {
			c.Command[len(c.Command)-1] = "--main=" + s.main
		},
		"which is to run": func(t *testing.T, s scripted, c *host.InstanceConfig) { c.Command[0] = "/bin/true" },
		"no file": func(t *testing.T, s scripted, c *host.InstanceConfig) {
			part := filepath.Join(s.folder, "lib", "part.script")
			if err := os.Remove(part); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(part, 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"escapes": func(t *testing.T, s scripted, c *host.InstanceConfig) {
			part := filepath.Join(s.folder, "lib", "part.script")
			if err := os.Remove(part); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("/etc/hostname", part); err != nil {
				t.Fatal(err)
			}
		},
		"leads outside": func(t *testing.T, s scripted, c *host.InstanceConfig) {
			raw := strings.Repeat("0", 64) + "  ../outside\n"
			write(t, c.Manifest, raw)
			c.SHA256 = fmt.Sprintf("%x", sha256.Sum256([]byte(raw)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := script(t)
			c := s.pinned(t)
			spoil(t, s, &c)
			got := start(t, host.Options{Instances: []host.InstanceConfig{c}}).Status()[0]
			if got.State != host.StateFailed || !strings.Contains(got.LastError, name) {
				t.Errorf("status %+v", got)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Nobody could say what a link to a folder pins.
func TestWriteManifestRefusesLinks(t *testing.T) {
	t.Parallel()
	s := script(t)
	if err := os.Symlink("lib", filepath.Join(s.folder, "linked")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := host.WriteManifest(s.folder, s.interpreter); err == nil || !strings.Contains(err.Error(), "linked") {
		t.Errorf("got %v", err)
	}
}
