package smtp

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/varco-id/varco/plugins/sdk"
)

//go:embed config.schema.json
var configSchema []byte

// The ways to protect the connection.
const (
	tlsStart    = "starttls" // required, not tried
	tlsImplicit = "implicit"
	tlsNone     = "none" // to this machine alone
)

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	Host     string `json:"host"`
	Port     int    `json:"port"` // 0: as the kind of TLS has it
	TLS      string `json:"tls"`
	CAFile   string `json:"ca_file"`
	Username string `json:"username"`
	Password string `json:"password"`
	Auth     string `json:"auth"`
	From     string `json:"from"` // a mailbox, with or without a name
	ReplyTo  string `json:"reply_to"`
	Helo     string `json:"helo"`
	Timeout  string `json:"timeout"`
	DKIM     *DKIM  `json:"dkim"`
}

// DKIM is how messages are signed (RFC 6376).
type DKIM struct {
	Domain     string `json:"domain"`
	Selector   string `json:"selector"`
	PrivateKey string `json:"private_key"` // PEM
}

// mechanism is the library's name of a way to sign in, empty if there is none.
func mechanism(auth string) gomail.SMTPAuthType {
	switch auth {
	case "plain":
		return gomail.SMTPAuthPlain
	case "login":
		return gomail.SMTPAuthLogin
	case "cram-md5":
		return gomail.SMTPAuthCramMD5
	case "scram-sha-256":
		return gomail.SMTPAuthSCRAMSHA256
	}
	return ""
}

// hostname is compiled when it is first needed: every plugin is the same program.
var hostname = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)
})

func isHost(s string) bool { return len(s) <= 253 && hostname().MatchString(s) }

// relay is a configured instance.
type relay struct {
	Config
	now     func() time.Time
	from    *mail.Address
	replyTo *mail.Address // nil: none
	tls     *tls.Config
	signer  *gomail.DKIMSigner // nil: none
	timeout time.Duration
}

func configured(raw []byte, now func() time.Time) (*relay, []sdk.Problem) {
	r := &relay{Config: Config{TLS: tlsStart, Auth: "plain", Timeout: "9s"}, now: now}
	c := &r.Config
	if problems := sdk.DecodeConfig(raw, c); len(problems) > 0 {
		return nil, problems
	}
	var found []sdk.Problem
	wrong := func(bad bool, pointer, message string) {
		if bad {
			found = append(found, sdk.Problem{Pointer: pointer, Message: message})
		}
	}
	ip := net.ParseIP(c.Host)
	wrong(ip == nil && !isHost(c.Host), "/host", "give the mail server's name")
	wrong(c.Port < 0 || c.Port > 65535, "/port", "give a port from 1 to 65535")
	wrong(c.TLS != tlsStart && c.TLS != tlsImplicit && c.TLS != tlsNone, "/tls", "give starttls, implicit or none")
	local := c.Host == "localhost" || ip != nil && ip.IsLoopback()
	wrong(c.TLS == tlsNone && !local, "/tls", "without TLS whoever is on the way reads the codes: none is for this machine itself")
	wrong((c.Username == "") != (c.Password == ""), "/password", "a user name and its password go together")
	wrong(c.TLS == tlsNone && c.Username != "", "/username", "without TLS no password is sent")
	wrong(mechanism(c.Auth) == "", "/auth", "give plain, login, cram-md5 or scram-sha-256")
	wrong(c.Helo != "" && !isHost(c.Helo), "/helo", "give this machine's name")
	d, err := time.ParseDuration(c.Timeout)
	wrong(err != nil || d < 500*time.Millisecond || d > 9*time.Second, "/timeout", "give a duration from 500ms to 9s")
	r.timeout = d

	const mailbox = "give a mailbox, like Banca Uno <no-reply@bank.example>"
	if r.from, err = mail.ParseAddress(c.From); err != nil || !goodAddress(r.from.Address) {
		wrong(true, "/from", mailbox)
	}
	if c.ReplyTo != "" {
		if r.replyTo, err = mail.ParseAddress(c.ReplyTo); err != nil || !goodAddress(r.replyTo.Address) {
			wrong(true, "/reply_to", mailbox)
		}
	}
	r.tls = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.Host}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		pool := x509.NewCertPool()
		wrong(!filepath.IsAbs(c.CAFile) || err != nil || !pool.AppendCertsFromPEM(pem), "/ca_file",
			"give the absolute path of a file that can be read and has a certificate in PEM")
		r.tls.RootCAs = pool
	}
	if c.DKIM != nil {
		found = append(found, r.signing(c.DKIM)...)
	}
	if c.Port == 0 {
		c.Port = map[string]int{tlsStart: 587, tlsImplicit: 465, tlsNone: 25}[c.TLS]
	}
	return r, found
}

const maxDKIM = 64 // characters of the domain, and of the selector

func (r *relay) signing(d *DKIM) []sdk.Problem {
	switch {
	case !isHost(d.Domain) || len(d.Domain) > maxDKIM:
		return []sdk.Problem{{Pointer: "/dkim/domain", Message: "give the domain that signs"}}
	case !isHost(d.Selector) || len(d.Selector) > maxDKIM:
		return []sdk.Problem{{Pointer: "/dkim/selector", Message: "give the selector of the key in DNS"}}
	}
	key, err := gomail.PrivKeyFromPEM([]byte(d.PrivateKey))
	if err != nil {
		return []sdk.Problem{{Pointer: "/dkim/private_key", Message: "give an RSA or Ed25519 private key in PEM"}}
	}
	if weak, ok := key.(*rsa.PrivateKey); ok && weak.N.BitLen() < 2048 {
		return []sdk.Problem{{Pointer: "/dkim/private_key", Message: "this key is too short: give RSA from 2048 bits, or Ed25519"}}
	}
	r.signer = gomail.NewDKIMSigner(d.Domain, d.Selector, key)
	r.signer.HeaderCanonicalization(gomail.CanonicalizationRelaxed)
	r.signer.BodyCanonicalization(gomail.CanonicalizationRelaxed)
	// Signed once more than they are there: nobody on the way adds a second one that a reader shows instead. No more of them: the library
	// signs the list of headers as one line and sends a longer one folded, which does not verify any more (nor would a long domain).
	r.signer.OversignHeaders("From", "Subject")
	if err := r.signer.ValidateConfig(); err != nil {
		return []sdk.Problem{{Pointer: "/dkim/private_key", Message: "this key is of another kind: give RSA or Ed25519"}}
	}
	return nil
}

// goodAddress takes addr-specs that go through every mail server as they are. What could end a line or an argument is not among them.
func goodAddress(s string) bool {
	user, domain, found := strings.Cut(s, "@")
	if !found || user == "" || len(user) > 64 || len(s) > 254 || !isHost(domain) || !strings.Contains(domain, ".") {
		return false
	}
	for _, part := range strings.Split(user, ".") {
		if part == "" {
			return false
		}
	}
	return !strings.ContainsFunc(user, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", c))
	})
}
