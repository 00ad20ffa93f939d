package riskhttp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// TestTLS: the service is only believed with a certificate of the configured authority, and told by one who asks.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate := clientCertificate(t, dir)
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"verdict": "step_up"}`) }))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	s.StartTLS()
	defer s.Close()
	writePEM(t, filepath.Join(dir, "ca.pem"), "CERTIFICATE", s.Certificate().Raw)
	own := `, "client_certificate_file": "` + filepath.Join(dir, "client.pem") + `", "client_key_file": "` + filepath.Join(dir, "client.key") + `"`
	ca := `, "ca_file": "` + filepath.Join(dir, "ca.pem") + `"`
	for members, want := range map[string]codes.Code{ca + own: codes.OK, ca: codes.Unavailable, own: codes.Unavailable} {
		p := sdktest.Start(t, New(), `{"url": "`+s.URL+`/"`+members+`}`)
		a, err := p.Assess(t.Context(), request1())
		if status.Code(err) != want || (err == nil && a.Verdict != sdk.RiskStepUp) {
			t.Errorf("%s: %+v %v", members, a, err)
		}
	}
	writePEM(t, filepath.Join(dir, "broken.pem"), "NOTHING", nil)
	for members, pointer := range map[string]string{
		`, "ca_file": "/nowhere/ca.pem"`:                          "/ca_file",
		`, "ca_file": "` + filepath.Join(dir, "broken.pem") + `"`: "/ca_file",
		`, "client_certificate_file": "` + filepath.Join(dir, "ca.pem") + `", "client_key_file": "` + filepath.Join(dir, "client.key") + `"`: "/client_certificate_file",
	} {
		if _, problems := configured([]byte(`{"url": "` + s.URL + `/"` + members + `}`)); len(problems) != 1 || problems[0].Pointer != pointer {
			t.Errorf("%s: %v", members, problems)
		}
	}
}

func clientCertificate(t *testing.T, dir string) *x509.Certificate {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "varco"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "client.pem"), "CERTIFICATE", raw)
	writePEM(t, filepath.Join(dir, "client.key"), "PRIVATE KEY", private)
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func writePEM(t *testing.T, name, kind string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}
