package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

// keyFile writes the test key as an operator's softkms has it.
func keyFile(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(testKey())
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "kek.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func configure(t *testing.T, p *Plugin, id, config string) {
	t.Helper()
	c := sdk.Configuration{InstanceID: id, JSON: []byte(config)}
	if problems, err := p.ValidateConfig(t.Context(), c); err != nil || len(problems) > 0 {
		t.Fatalf("%s: %v %v", config, problems, err)
	}
	if err := p.Configure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestPlugin(t *testing.T) {
	t.Parallel()
	ctx, p, key := t.Context(), New(), keyFile(t)
	configure(t, p, "kms", `{"uri": "softkms:"}`)
	configure(t, p, "other", `{"uri": "softkms:", "authentication_key": "`+base64.StdEncoding.EncodeToString(make([]byte, 32))+`"}`)
	if h, err := p.Check(ctx, "kms"); err != nil || !h.OK {
		t.Errorf("check: %+v %v", h, err)
	}
	for _, name := range []string{key, "softkms:path=" + key} {
		blob, err := p.Wrap(ctx, "kms", name, []byte("a keyset"), []byte("here"))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := p.Unwrap(ctx, "kms", key, blob, []byte("here")); err != nil || string(out) != "a keyset" {
			t.Errorf("%s: %q %v", name, out, err)
		}
		for what, unwrap := range map[string]func() ([]byte, error){
			"another place":    func() ([]byte, error) { return p.Unwrap(ctx, "kms", key, blob, []byte("there")) },
			"another instance": func() ([]byte, error) { return p.Unwrap(ctx, "other", key, blob, []byte("here")) },
			"cut":              func() ([]byte, error) { return p.Unwrap(ctx, "kms", key, blob[:len(blob)-1], []byte("here")) },
			"no such instance": func() ([]byte, error) { return p.Unwrap(ctx, "none", key, blob, []byte("here")) },
			"no such key":      func() ([]byte, error) { return p.Unwrap(ctx, "kms", key+"x", blob, []byte("here")) },
			"no key":           func() ([]byte, error) { return p.Unwrap(ctx, "kms", "", blob, []byte("here")) },
		} {
			if out, err := unwrap(); out != nil || status.Code(err) != codes.FailedPrecondition {
				t.Errorf("%s: %q %v", what, out, err)
			}
		}
	}
	if _, err := p.Sign(ctx, "kms", key, make([]byte, 32)); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("sign: %v", err)
	}
	if err := p.Remove(ctx, "kms"); err != nil {
		t.Error(err)
	}
	if _, err := p.Wrap(ctx, "kms", key, nil, nil); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("wrap after removal: %v", err)
	}
}

func TestKeysAreForgotten(t *testing.T) {
	t.Parallel()
	p, key := New(), keyFile(t)
	configure(t, p, "kms", `{"uri": "softkms:"}`)
	for n := range maxKeys + 2 {
		if _, err := p.Wrap(t.Context(), "kms", "softkms:path="+key+strings.Repeat(";a=b", n), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.instances["kms"].byID); n > maxKeys {
		t.Errorf("%d keys are remembered", n)
	}
}

func TestConfigRefused(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0IQ"
	for config, pointer := range map[string]string{
		`{}`:                                  "/uri",
		`{"uri": ""}`:                         "/uri",
		`{"uri": "softkms"}`:                  "/uri",
		`{"uri": "azurekms:"}`:                "/uri",
		`{"uri": "pkcs11:module-path=/x.so"}`: "/uri",
		`{"uri": "softkms:", "credentials_file": "c.json"}`:           "/credentials_file",
		`{"uri": "softkms:", "authentication_key": "` + secret + `"}`: "/authentication_key",
		`{"uri": "softkms:", "pin": "x"}`:                             "",
		`{"uri": "softkms:"} {}`:                                      "",
		`[]`:                                                          "",
	} {
		problems, err := New().ValidateConfig(t.Context(), sdk.Configuration{JSON: []byte(config)})
		if err != nil || len(problems) != 1 || problems[0].Pointer != pointer || strings.Contains(problems[0].Message, secret) {
			t.Errorf("%s: %+v %v", config, problems, err)
		}
		if err := New().Configure(t.Context(), sdk.Configuration{JSON: []byte(config)}); err == nil {
			t.Errorf("%s was put in force", config)
		}
	}
}

func TestDescription(t *testing.T) {
	t.Parallel()
	d, err := New().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ WriteOnly bool }
	}
	if err := json.Unmarshal(d.ConfigSchema, &schema); err != nil || !schema.Properties["authentication_key"].WriteOnly || schema.Properties["uri"].WriteOnly {
		t.Errorf("%+v %v", schema, err)
	}
}
