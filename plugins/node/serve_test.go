package node_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/node"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// fixture is a plugin that does what it is told.
const fixture = "test/fixture/main.js"

func nodeProgram(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The common rules, on the program, launched with the host's handshake and mutual TLS.
func TestRules(t *testing.T) {
	t.Parallel()
	p := sdktest.StartCommand(t, "", nodeProgram(t), absolute(t, fixture))
	sdktest.Run(t, p)
	if p.Description.Name != "fixture" || p.Description.Version != "1.2.3" || len(p.Description.Services) != 1 {
		t.Errorf("described as %+v", p.Description)
	}
}

// What goes wrong in a plugin reaches the host in the contract's words, and never with the text of a stray error.
func TestFaults(t *testing.T) {
	t.Parallel()
	p := sdktest.StartCommand(t, "", nodeProgram(t), absolute(t, fixture))
	order := func(ctx context.Context, name string) (*sdk.StepResponse, error) {
		return p.Continue(ctx, &sdk.StepRequest{Context: sdk.StepContext{InstanceID: sdktest.InstanceID, MethodID: "order", Intent: sdk.IntentLogin}, Inputs: map[string]string{"order": name}})
	}
	for name, want := range map[string]struct {
		code codes.Code
		text string
	}{
		"throw":       {codes.Internal, "the plugin threw"},
		"reject":      {codes.Internal, "the plugin threw"},
		"unavailable": {codes.Unavailable, "no route to host"},
		"timeout":     {codes.DeadlineExceeded, "took too long"},
		"busy":        {codes.ResourceExhausted, "resource exhausted"},
		"typo":        {codes.Internal, "StepResponse.failure: there is no count"},
		"both":        {codes.Internal, "exactly one of"},
		"nothing":     {codes.Internal, "want an object, not undefined"},
		"big":         {codes.ResourceExhausted, ""},
	} {
		r, err := order(t.Context(), name)
		if got := status.Convert(err); got.Code() != want.code || !strings.Contains(got.Message(), want.text) || strings.Contains(got.Message(), "only the log") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := order(t.Context(), "busy"); len(status.Convert(err).Details()) != 1 {
		t.Errorf("busy: no time to come back at: %v", err)
	}
	for _, name := range []string{"print", "say"} {
		if _, err := order(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := order(ctx, "hang"); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("hang: %v", err)
	}
	if r, err := order(t.Context(), "anything else"); err != nil || r.Failure == nil {
		t.Errorf("after all that: %+v, %v", r, err)
	}
}

// host is what starts the fixture by hand: it can do wrong what the real one does right.
type host struct {
	dir  string
	key  *ecdsa.PrivateKey
	cert []byte // DER
	cmd  *exec.Cmd
	line []string // the handshake
	out  chan []byte

	mu  sync.Mutex
	log bytes.Buffer
}

func (h *host) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(b)
}

func (h *host) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// certificate makes a client certificate, an authority as go-plugin's are.
func certificate(t *testing.T, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, SerialNumber: big.NewInt(time.Now().UnixNano()),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

func start(t *testing.T, change func(*exec.Cmd)) *host {
	t.Helper()
	dir, err := os.MkdirTemp("", "node-") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	h := &host{dir: dir, out: make(chan []byte, 1)}
	h.key, h.cert = certificate(t, nil, nil)
	h.cmd = exec.Command(nodeProgram(t), absolute(t, fixture))
	h.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), sdk.Handshake.MagicCookieKey + "=" + sdk.Handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR=" + dir, "TMPDIR=" + dir,
		"PLUGIN_CLIENT_CERT=" + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.cert}))}
	h.cmd.Stderr = h
	if change != nil {
		change(h.cmd)
	}
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.cmd.Process.Kill(); h.cmd.Wait() })
	reader := bufio.NewReader(stdout)
	line, _ := reader.ReadString('\n')
	h.line = strings.Split(strings.TrimSuffix(line, "\n"), "|")
	go func() { rest, _ := io.ReadAll(reader); h.out <- rest }()
	return h
}

// dial makes a TLS connection with a certificate and says whether the plugin goes on with it: the first frame of HTTP/2
// is the server's.
func (h *host) dial(t *testing.T, config *tls.Config) error {
	t.Helper()
	raw, err := base64.RawStdEncoding.DecodeString(h.line[5])
	if err != nil {
		t.Fatal(err)
	}
	server, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	config.RootCAs, config.ServerName, config.NextProtos = x509.NewCertPool(), "localhost", []string{"h2"}
	config.RootCAs.AddCert(server)
	conn, err := net.Dial("unix", h.line[3])
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	secured := tls.Client(conn, config)
	if err := secured.Handshake(); err != nil {
		return err
	}
	if _, err := secured.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")); err != nil {
		return err
	}
	_, err = io.ReadFull(secured, make([]byte, 9))
	return err
}

func TestOnlyTheHostGetsIn(t *testing.T) {
	t.Parallel()
	h := start(t, nil)
	if len(h.line) != 6 || h.line[0] != "1" || h.line[1] != "1" || h.line[2] != "unix" || h.line[4] != "grpc" || !strings.HasPrefix(h.line[3], h.dir+"/") {
		t.Fatalf("the handshake is %q; %s", h.line, h.said())
	}
	info, err := os.Stat(h.line[3])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v (%v)", info.Mode(), err)
	}
	own := tls.Certificate{Certificate: [][]byte{h.cert}, PrivateKey: h.key}
	if err := h.dial(t, &tls.Config{Certificates: []tls.Certificate{own}}); err != nil {
		t.Errorf("the host itself: %v", err)
	}
	strangerKey, stranger := certificate(t, nil, nil)
	parent, err := x509.ParseCertificate(h.cert)
	if err != nil {
		t.Fatal(err)
	}
	childKey, child := certificate(t, parent, h.key)
	for name, config := range map[string]*tls.Config{
		"nobody":                         {},
		"a stranger":                     {Certificates: []tls.Certificate{{Certificate: [][]byte{stranger}, PrivateKey: strangerKey}}},
		"somebody the host's key signed": {Certificates: []tls.Certificate{{Certificate: [][]byte{child}, PrivateKey: childKey}}},
		"a chain to the host":            {Certificates: []tls.Certificate{{Certificate: [][]byte{child, h.cert}, PrivateKey: childKey}}},
		"the host with TLS 1.2":          {Certificates: []tls.Certificate{own}, MaxVersion: tls.VersionTLS12},
	} {
		if err := h.dial(t, config); err == nil {
			t.Errorf("%s gets in", name)
		}
	}
	conn, err := net.Dial("unix", h.line[3])
	if err != nil {
		t.Fatal(err)
	}
	conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) // without TLS
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if answer, _ := io.ReadAll(conn); bytes.Contains(answer, []byte("HTTP")) || len(answer) > 64 {
		t.Errorf("without TLS it answers %q", answer)
	}
	conn.Close()

	h.cmd.Process.Signal(syscall.SIGINT) // a Ctrl-C for the host
	h.cmd.Process.Signal(syscall.SIGTERM)
	if rest := <-h.out; len(rest) > 0 {
		t.Errorf("on standard output it also says %q", rest)
	}
	h.cmd.Wait()
	if h.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("ended with %v", h.cmd.ProcessState)
	}
	if left, _ := os.ReadDir(h.dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
	if !strings.Contains(h.said(), `"@message":"printed before the handshake"`) {
		t.Errorf("the log has %s", h.said())
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*exec.Cmd) {
		return func(c *exec.Cmd) { c.Env = append(c.Env, name+"="+value) }
	}
	for name, c := range map[string]struct {
		change func(*exec.Cmd)
		code   int
		says   string
	}{
		"by hand":                   {set(sdk.Handshake.MagicCookieKey, "other"), 2, `This program is the Varco plugin "fixture" 1.2.3.`},
		"by a host of tomorrow":     {set("PLUGIN_PROTOCOL_VERSIONS", "7,8"), 1, "the host speaks version 7, 8"},
		"with a broken certificate": {set("PLUGIN_CLIENT_CERT", "nonsense"), 1, "plugin crashed"},
		"where it may not write":    {set("PLUGIN_UNIX_SOCKET_DIR", "/nonexistent"), 1, "plugin crashed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, c.change)
			<-h.out
			h.cmd.Wait()
			if got := h.cmd.ProcessState.ExitCode(); got != c.code || !strings.Contains(h.said(), c.says) || len(h.line) > 1 {
				t.Errorf("exit code %d, handshake %q: %s", got, h.line, h.said())
			}
		})
	}
}

// A plugin goes with its host: here a shell, which ends without a word.
func TestEndsWithTheHost(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *exec.Cmd) {
		c.Args = []string{"sh", "-c", `"$0" "$1" & read line; kill -9 $$`, c.Path, c.Args[1]}
		c.Path = "/bin/sh"
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); out.Close() })
		c.Stdin = in
	})
	t.Cleanup(func() { syscall.Kill(-h.cmd.Process.Pid, syscall.SIGKILL) })
	if len(h.line) != 6 {
		t.Fatalf("the handshake is %q; %s", h.line, h.said())
	}
	h.cmd.Process.Kill()
	<-h.out // its end of the pipe is closed: nobody is left who holds it
	if left, _ := os.ReadDir(h.dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// A host that is gone before the plugin has said anything is noticed when it is to hear of it.
func TestEndsWithAHostThatWentEarly(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "node-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	heard, said, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nodeProgram(t), absolute(t, fixture))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), sdk.Handshake.MagicCookieKey + "=" + sdk.Handshake.MagicCookieValue, "PLUGIN_UNIX_SOCKET_DIR=" + dir}
	cmd.Stdout = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	said.Close()
	heard.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// What authors get is whole, and nothing but the package.
func TestFiles(t *testing.T) {
	t.Parallel()
	var names []string
	if err := fs.WalkDir(node.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			names = append(names, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(names, "\n")
	for _, want := range []string{"package.json", "index.js", "index.d.ts", "contract.d.ts", "testing.js", "lib/serve.js", "proto/varco/plugin/v1/step.proto", "proto/internal/plugin.proto"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(all, "node_modules") || strings.Contains(all, ".test.js") || len(node.Lock) == 0 {
		t.Errorf("the files are %s", all)
	}
}
