package sealing_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
)

func TestFileKEK(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kek.key")
	if err := sealing.CreateKEKFile(path); err != nil {
		t.Fatal(err)
	}
	if err := sealing.CreateKEKFile(path); !fault.Is(err, fault.Invalid) {
		t.Errorf("a key file was written over: %v", err)
	}
	a, err := sealing.FileKEK(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sealing.FileKEK(path)
	if err != nil || a.ID() != b.ID() || !strings.HasPrefix(a.ID(), "kek-") {
		t.Errorf("read twice: %v and %v, %v", a.ID(), b.ID(), err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := sealing.FileKEK(path); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := sealing.FileKEK(path); err != nil {
		t.Errorf("mode 400: %v", err)
	}
	for _, missing := range []string{path + ".none", filepath.Dir(path)} {
		if _, err := sealing.FileKEK(missing); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", missing, err)
		}
	}
}

func TestParseKEK(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{0xfb, 0xff}, 16)
	want, err := sealing.NewRawKEK(key)
	if err != nil {
		t.Fatal(err)
	}
	std, url := base64.StdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key)
	for _, text := range []string{std, std + "\n", " " + std + " ", strings.TrimRight(std, "="), url, url + "="} {
		got, err := sealing.ParseKEK(text)
		if err != nil || got.ID() != want.ID() {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "abc", std[:40], std + "AAAA", strings.Replace(std, "+", " ", 1), "not base64 at all, and this is a secret"} {
		_, err := sealing.ParseKEK(text)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		} else if len(text) > 3 && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

func TestEnvKEK(t *testing.T) {
	t.Setenv("VARCO_TEST_KEK", base64.StdEncoding.EncodeToString(make([]byte, sealing.KEKSize)))
	if _, err := sealing.EnvKEK("VARCO_TEST_KEK"); err != nil {
		t.Error(err)
	}
	t.Setenv("VARCO_TEST_KEK", "short")
	if _, err := sealing.EnvKEK("VARCO_TEST_KEK"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a short key: %v", err)
	}
	if _, err := sealing.EnvKEK("VARCO_TEST_KEK_THAT_IS_NOT_SET"); !fault.Is(err, fault.Invalid) {
		t.Errorf("no key: %v", err)
	}
}

func FuzzParseKEK(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, sealing.KEKSize)))
	f.Add("-_=+/ \n")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := sealing.ParseKEK(text); (k == nil) == (err == nil) {
			t.Errorf("%v, %v", k, err)
		}
	})
}
