package passkey

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/varco-id/varco/plugins/passkey/passkeytest"
)

var model = uuid.MustParse("11111111-2222-3333-4444-555555555555")

// maker certifies authenticators of a model.
type maker struct {
	root    *x509.Certificate
	rootKey *ecdsa.PrivateKey
}

func newMaker(t *testing.T) *maker {
	t.Helper()
	m := &maker{rootKey: newKey(t)}
	m.root = m.issue(t, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Maker"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}, nil, &m.rootKey.PublicKey)
	return m
}

func (m *maker) issue(t *testing.T, c, parent *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	t.Helper()
	if parent == nil {
		parent = c
	}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	raw, err := x509.CreateCertificate(rand.Reader, c, parent, key, m.rootKey)
	must(t, err)
	out, err := x509.ParseCertificate(raw)
	must(t, err)
	return out
}

// packed makes statements as WebAuthn section 8.2 describes them.
func (m *maker) packed(t *testing.T) func(authData, hash []byte, k *passkeytest.Key) (string, map[string]any) {
	key := newKey(t)
	value, err := asn1.Marshal(model[:])
	must(t, err)
	leaf := m.issue(t, &x509.Certificate{SerialNumber: big.NewInt(2), BasicConstraintsValid: true,
		Subject:         pkix.Name{Country: []string{"IT"}, Organization: []string{"Maker"}, OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Key"},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: value}}}, m.root, &key.PublicKey)
	return func(authData, hash []byte, _ *passkeytest.Key) (string, map[string]any) {
		return "packed", map[string]any{"alg": -7, "sig": sign(key, authData, hash), "x5c": [][]byte{leaf.Raw}}
	}
}

func sign(key *ecdsa.PrivateKey, authData, hash []byte) []byte {
	signed := sha256.Sum256(append(append([]byte{}, authData...), hash...))
	out, err := ecdsa.SignASN1(rand.Reader, key, signed[:])
	if err != nil {
		panic(err)
	}
	return out
}

func selfMade(authData, hash []byte, k *passkeytest.Key) (string, map[string]any) {
	return "packed", map[string]any{"alg": -7, "sig": sign(k.Private, authData, hash)}
}

func TestOnlyProvenModels(t *testing.T) {
	t.Parallel()
	ours, theirs := newMaker(t), newMaker(t)
	file := filepath.Join(t.TempDir(), "roots.pem")
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ours.root.Raw}), 0o600))
	config := fmt.Sprintf(`{"attestation":"direct","allowed_aaguids":[%q],"attestation_roots_file":%q}`, model, file)
	for name, c := range map[string]struct {
		model  uuid.UUID
		attest func(authData, hash []byte, k *passkeytest.Key) (string, map[string]any)
		ok     bool
	}{
		"listed, and proven":          {model, ours.packed(t), true},
		"listed, by another's root":   {model, theirs.packed(t), false},
		"listed, by its own word":     {model, selfMade, false},
		"listed, without a statement": {model, nil, false},
		"another, with a statement":   {uuid.MustParse("99999999-2222-3333-4444-555555555555"), ours.packed(t), false},
		"none at all":                 {uuid.Nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, New(), config)
			a := honest()
			a.AAGUID, a.Attest = c.model, c.attest
			k, answer, err := a.Create(b.ceremony(b.step(b.BeginEnroll, "anna", nil)))
			must(t, err)
			done := b.step(b.ContinueEnroll, "anna", map[string]string{inputAnswer: answer})
			if (done.Success != nil) != c.ok {
				t.Fatalf("%+v, %q", done, problem(done))
			}
			if !c.ok {
				if problem(done) != "error.model" {
					t.Errorf("%q", problem(done))
				}
				return
			}
			if done = b.signIn("", a, k); done.Success == nil {
				t.Errorf("%+v", done)
			}
			delete(b.instances["i"].models.allowed, model) // taken off the list
			if done = b.signIn("", a, k); done.Success != nil {
				t.Error("a model that was taken off the list still signs in")
			}
		})
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty, key := filepath.Join(dir, "empty"), filepath.Join(dir, "key")
	must(t, os.WriteFile(empty, nil, 0o600))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), 0o600))
	for raw, want := range map[string]string{
		``: "", `{}`: "", `{"allow_synced":false,"rp_name":"Banca"}`: "",
		`{"attestation":"indirect"}`:                                   "/attestation",
		`{"allowed_aaguids":["ee882879-721c-4913-9775-3dfcce97072a"]}`: "/allowed_aaguids",
		`{"attestation_roots_file":"/x"}`:                              "/attestation_roots_file",
		`{"attestation":"direct","attestation_roots_file":"/nowhere"}`: "/allowed_aaguids",
		`{"attestation":"direct","allowed_aaguids":["x"]}`:             "/allowed_aaguids/0",
		direct("relative.pem"):                                         "/attestation_roots_file",
		direct(empty):                                                  "/attestation_roots_file",
		direct(key):                                                    "/attestation_roots_file",
		`{"rp_name":"` + longName + `"}`:                               "/rp_name",
		`{"unknown":1}`:                                                "/unknown",
		`{"allow_synced":"yes"}`:                                       "/allow_synced",
	} {
		_, problems := parseConfig([]byte(raw))
		got := ""
		if len(problems) > 0 {
			got = problems[0].Pointer
		}
		if got != want {
			t.Errorf("%s: %v", raw, problems)
		}
	}
}

const longName = "0123456789012345678901234567890123456789012345678901234567890123456789"

func direct(file string) string {
	return fmt.Sprintf(`{"attestation":"direct","allowed_aaguids":["ee882879-721c-4913-9775-3dfcce97072a"],"attestation_roots_file":%q}`, file)
}
