package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// handshake is the one line that a plugin says on standard output:
// CORE-VERSION|CONTRACT-VERSION|NETWORK|ADDRESS|grpc|CERTIFICATE (base64 of DER, without padding).
type handshake struct {
	network, address string
	cert             *x509.Certificate // nil without AutoMTLS
}

// coreVersion is that of go-plugin's own protocol.
const coreVersion = 1

func parseHandshake(line string) (handshake, error) {
	parts := strings.Split(strings.TrimRight(line, "\r\n"), "|")
	if len(parts) < 5 {
		return handshake{}, fmt.Errorf("the first line on standard output is no handshake: %q", line)
	}
	if parts[0] != strconv.Itoa(coreVersion) {
		return handshake{}, fmt.Errorf("the handshake speaks version %q of go-plugin's protocol, not %d", parts[0], coreVersion)
	}
	if parts[1] != strconv.Itoa(sdk.ContractVersion) {
		return handshake{}, fmt.Errorf("the handshake offers version %q of the contract, not %d", parts[1], sdk.ContractVersion)
	}
	h := handshake{network: parts[2], address: parts[3]}
	if h.network != "unix" && h.network != "tcp" || h.address == "" {
		return handshake{}, fmt.Errorf("the handshake names the address %q of network %q; want unix or tcp", h.address, h.network)
	}
	if parts[4] != "grpc" {
		return handshake{}, fmt.Errorf("the handshake says protocol %q, not grpc", parts[4])
	}
	if len(parts) > 5 && parts[5] != "" {
		der, err := base64.RawStdEncoding.DecodeString(parts[5])
		if err != nil {
			return handshake{}, fmt.Errorf("the certificate in the handshake is not base64 without padding: %w", err)
		}
		if h.cert, err = x509.ParseCertificate(der); err != nil {
			return handshake{}, fmt.Errorf("the certificate in the handshake: %w", err)
		}
	}
	return h, nil
}

// checkAddress: a plugin that listens elsewhere would let others of the machine in, or make the host talk to them.
func (h *handshake) checkAddress(dir string) error {
	switch h.network {
	case "unix":
		if strings.HasPrefix(filepath.Clean(h.address), dir+string(filepath.Separator)) {
			return nil
		}
	case "tcp":
		host, _, err := net.SplitHostPort(h.address)
		if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("it listens on %s %s, outside the folder of PLUGIN_UNIX_SOCKET_DIR and the loopback interface", h.network, h.address)
}

// identity is one side's certificate, as go-plugin makes them: signed by itself, for the length of one process.
type identity struct {
	pair tls.Certificate
	pem  string
}

func newIdentity() (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &identity{
		pair: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf},
		pem:  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	}, nil
}

// clientTLS is how the host talks to a plugin with that certificate. A nil identity is a client without one.
func clientTLS(server *x509.Certificate, own *identity) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: "localhost", RootCAs: x509.NewCertPool()}
	c.RootCAs.AddCert(server)
	if own != nil {
		c.Certificates = []tls.Certificate{own.pair}
	}
	return c
}

var errNoHandshake = errors.New("no handshake came on standard output")
