package smtp

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

const (
	mailUser     = "varco"
	mailPassword = "a-password-918"
)

// exim is Exim, as Debian has it, with a configuration of its own.
type exim struct {
	dir            string
	start, wrapped int // ports: STARTTLS, implicit TLS
}

const eximConfig = `primary_hostname = mail.bank.test
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = START : WRAPPED
tls_on_connect_ports = WRAPPED
tls_advertise_hosts = *
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
deliver_drop_privilege = true
never_users =
smtp_accept_max_per_connection = 100
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  defer local_parts = later
        message = 4.2.1 greylisted <$local_part@$domain>
  deny  local_parts = unknown
        message = 5.1.1 <$local_part@$domain> unknown
  deny  !authenticated = *
        message = 5.7.1 relay denied
  accept
data:
  deny  condition = ${if match{$message_body}{forbidden}}
        message = 5.6.0 no such words
  accept
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = DIR/mail
  maildir_format
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{USER}}{eq{$auth3}{PASSWORD}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and{{eq{$auth1}{USER}}{eq{$auth2}{PASSWORD}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{USER}{PASSWORD}fail}
  server_set_id = $auth1
`

func startExim(t *testing.T) *exim {
	t.Helper()
	const program = "/usr/sbin/exim4"
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("this test needs Debian's exim4-daemon-light: run tools/test.sh, which installs it: %v", err)
	}
	// Not t.TempDir: its parents are closed to the user that Exim becomes.
	dir, err := os.MkdirTemp("", "varco-exim-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	e := &exim{dir: dir, start: freePort(t), wrapped: freePort(t)}
	certificate, key := certificatePEM(t)
	config := strings.NewReplacer("DIR", dir, "START", strconv.Itoa(e.start), "WRAPPED", strconv.Itoa(e.wrapped), "USER", mailUser,
		"PASSWORD", mailPassword).Replace(eximConfig)
	for name, content := range map[string]string{"exim.conf": config, "cert.pem": certificate, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"spool", "log", "mail"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 { // Exim gives its rights up
		u, err := user.Lookup("Debian-exim")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		for _, name := range []string{"", "cert.pem", "key.pem", "spool", "log", "mail"} {
			if err := os.Chown(filepath.Join(dir, name), uid, gid); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(program, "-bdf", "-q30m", "-C", filepath.Join(dir, "exim.conf"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); <-ended })
	for range 200 {
		if c, err := net.Dial("tcp", address(e.wrapped)); err == nil {
			c.Close()
			return e
		}
		select {
		case <-ended:
			t.Fatalf("Exim ended: %s", said.String())
		case <-time.After(25 * time.Millisecond):
		}
	}
	t.Fatal("Exim does not listen")
	return nil
}

func address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// arrived waits for the message with that id.
func (e *exim) arrived(t *testing.T, id string) []byte {
	t.Helper()
	for range 400 {
		files, _ := filepath.Glob(filepath.Join(e.dir, "mail", "new", "*"))
		for _, f := range files {
			if raw, err := os.ReadFile(f); err == nil && bytes.Contains(raw, []byte("Message-ID: <"+id+">")) {
				return raw
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(e.dir, "log", "mainlog"))
	t.Fatalf("the message did not arrive: %s", log)
	return nil
}

func TestThroughExim(t *testing.T) {
	t.Parallel()
	e := startExim(t)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	ca := filepath.Join(t.TempDir(), "ca.pem")
	raw, err := os.ReadFile(filepath.Join(e.dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ca, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(change ...func(map[string]any)) string {
		return configFor(append([]func(map[string]any){func(c map[string]any) {
			c["port"], c["ca_file"], c["username"], c["password"] = e.start, ca, mailUser, mailPassword
		}}, change...)...)
	}
	for name, change := range map[string]func(map[string]any){
		"STARTTLS, PLAIN":     func(map[string]any) {},
		"implicit TLS, LOGIN": func(c map[string]any) { c["tls"], c["port"], c["auth"] = "implicit", e.wrapped, "login" },
		"implicit TLS, PLAIN": func(c map[string]any) { c["tls"], c["port"] = "implicit", e.wrapped },
		"STARTTLS, CRAM-MD5":  func(c map[string]any) { c["auth"] = "cram-md5" },
		"STARTTLS, PLAIN, signed": func(c map[string]any) {
			c["dkim"] = map[string]any{"domain": "bank.test", "selector": "s1", "private_key": key}
		},
	} {
		p := sdktest.Start(t, New(), config(change))
		if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || !h.OK {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		m := message(name)
		r, err := p.Send(t.Context(), m)
		if err != nil || !r.Accepted {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		raw := e.arrived(t, r.ProviderID)
		looksRight(t, raw)
		if strings.HasSuffix(name, "signed") {
			verifySignature(t, raw, public)
		}
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		to     string
		body   string
		want   string // of the reason
		final  bool
		gone   bool
	}{
		"no such mailbox": {func(map[string]any) {}, "unknown@bank.test", "x", "550 5.1.1 to RCPT", true, true},
		"later":           {func(map[string]any) {}, "later@bank.test", "x", "451", false, false},
		"no relay":        {func(c map[string]any) { delete(c, "username"); delete(c, "password") }, "a@bank.test", "x", "does not relay", false, false},
		"content":         {func(map[string]any) {}, "a@bank.test", "forbidden", "to the message", true, false},
		"wrong password":  {func(c map[string]any) { c["password"] = "wrong" }, "a@bank.test", "x", "535", false, false},
		"wrong, cram":     {func(c map[string]any) { c["password"], c["auth"] = "wrong", "cram-md5" }, "a@bank.test", "x", "535", false, false},
		"wrong, implicit": {func(c map[string]any) { c["tls"], c["port"], c["password"] = "implicit", e.wrapped, "wrong" }, "a@bank.test", "x", "535", false, false},
	} {
		p := sdktest.Start(t, New(), config(c.change))
		m := message(name)
		m.To, m.Body = c.to, c.body
		r, err := p.Send(t.Context(), m)
		if err != nil || r.Accepted || r.Permanent != c.final || r.Gone != c.gone || !strings.Contains(r.Reason, c.want) || strings.Contains(r.Reason, c.to) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		says   string
	}{
		"wrong password":        {func(c map[string]any) { c["password"] = "wrong" }, "password"},
		"unknown authority":     {func(c map[string]any) { delete(c, "ca_file") }, "certificate"},
		"a name it has not":     {func(c map[string]any) { c["host"] = "localhost" }, "certificate"},
		"TLS at the other port": {func(c map[string]any) { c["tls"] = "implicit" }, "no connection"},
		"no such mechanism":     {func(c map[string]any) { c["auth"] = "scram-sha-256" }, "way to sign in"},
	} {
		p := sdktest.Start(t, New(), config(c.change))
		if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || h.OK || !strings.Contains(h.Message, c.says) || strings.Contains(h.Message, mailPassword) {
			t.Errorf("Check, %s: %+v, %v", name, h, err)
		}
		if r, err := p.Send(t.Context(), message(name)); err == nil && r.Accepted {
			t.Errorf("Send, %s: accepted", name)
		}
	}
}

// looksRight reads a message as a mail program does.
func looksRight(t *testing.T, raw []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || decoded != testSubject {
		t.Errorf("subject %q, %v", decoded, err)
	}
	for name, want := range map[string]string{"Auto-Submitted": "auto-generated", "To": "<" + testTo + ">", "Content-Language": "it",
		"Content-Type": "text/plain; charset=UTF-8", "Mime-Version": "1.0"} {
		if got := m.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || *from[0] != (mail.Address{Name: "Banca è Uno", Address: "no-reply@bank.test"}) {
		t.Errorf("From: %v, %v", from, err)
	}
	if at, err := m.Header.Date(); err != nil || time.Since(at) > time.Hour {
		t.Errorf("Date: %v, %v", at, err)
	}
	for _, name := range []string{"User-Agent", "X-Mailer"} {
		if m.Header.Get(name) != "" {
			t.Errorf("%s: %q", name, m.Header.Get(name))
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || strings.TrimRight(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n") != testBody {
		t.Errorf("body %q, %v", body, err)
	}
}

// verifySignature verifies DKIM with another library than the one that signed.
func verifySignature(t *testing.T, raw []byte, public ed25519.PublicKey) {
	t.Helper()
	i := bytes.Index(raw, []byte("DKIM-Signature:"))
	if i < 0 {
		t.Fatalf("not signed: %s", raw)
	}
	for name, c := range map[string]struct {
		raw  []byte
		good bool
	}{
		"as it came":        {raw[i:], true},
		"another text":      {bytes.Replace(raw[i:], []byte("918273"), []byte("918274"), 1), false},
		"a second From":     {append([]byte("From: Banca <other@bank.test>\n"), raw[i:]...), false},
		"a second subject":  {append([]byte("Subject: other\n"), raw[i:]...), false},
		"another recipient": {bytes.Replace(raw[i:], []byte("To: <"+testTo), []byte("To: <other@bank.test"), 1), false},
	} {
		found, err := dkim.VerifyWithOptions(bytes.NewReader(bytes.ReplaceAll(bytes.ReplaceAll(c.raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))),
			&dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
				if domain != "s1._domainkey.bank.test" {
					return nil, fmt.Errorf("looked for %q", domain)
				}
				return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
			}})
		if err != nil || len(found) != 1 || (found[0].Err == nil) != c.good {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
}
