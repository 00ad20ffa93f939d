package smtp

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

const (
	testTo      = "somebody@bank.test"
	testSubject = "Codice di accesso: è qui"
	testBody    = "Il codice è 918273.\n\n.\nUna riga che comincia con un punto, e una lunga: " + long
	long        = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

var logged = new(safeBuffer)

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(logged, nil)))
	code := m.Run()
	for _, secret := range []string{testTo, "918273", mailPassword, testSubject} {
		if strings.Contains(logged.b.String(), secret) {
			println("in the log: " + secret)
			code = 1
		}
	}
	os.Exit(code)
}

func configFor(change ...func(c map[string]any)) string {
	c := map[string]any{"host": "127.0.0.1", "from": "Banca è Uno <no-reply@bank.test>", "helo": "varco.bank.test"}
	for _, f := range change {
		f(c)
	}
	raw, _ := json.Marshal(c)
	return string(raw)
}

func message(key string) sdk.Message {
	return sdk.Message{InstanceID: sdktest.InstanceID, IdempotencyKey: key, Kind: "email", To: testTo, Subject: testSubject, Body: testBody,
		Locale: "it", ExpiresAt: time.Now().Add(time.Minute)}
}

var certificate = sync.OnceValues(func() (certificate, key []byte) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.bank.test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
})

func certificatePEM(t *testing.T) (string, string) {
	t.Helper()
	c, k := certificate()
	return string(c), string(k)
}

func TestRulesOfEveryPlugin(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, sdktest.Start(t, New(), newServer(t, "", "").config(t)))
}

// TestEveryStage: what the host may believe after each way in which each stage fails, and whether the server has the message.
func TestEveryStage(t *testing.T) {
	t.Parallel()
	type outcome struct {
		accepted, permanent, gone bool
		code                      codes.Code
		kept                      int
	}
	notSent := outcome{code: codes.Unavailable}
	type trial struct {
		stage, answer string
		want          outcome
	}
	trials := []trial{
		{"", "", outcome{accepted: true, kept: 1}},
		{atGreeting, "554 5.3.2 no", outcome{}},
		{atGreeting, "421 4.3.2 later", outcome{}},
		{atEHLO, "250-mail.bank.test\r\n250 AUTH PLAIN", notSent}, // no STARTTLS: an attacker takes it away
		{atSTARTTLS, "454 4.7.0 not now", outcome{}},
		{atHandshake, "noise", notSent},
		{atAUTH, "535 5.7.8 no", outcome{}},
		{atAUTH, "454 4.7.0 not now", outcome{}},
		{atMAIL, "451 4.3.0 later", outcome{}},
		{atMAIL, "550 5.1.8 not this sender", outcome{}},
		{atMAIL, "421 4.3.2 bye", outcome{}},
		{atRCPT, "450 4.2.1 later", outcome{}},
		{atRCPT, "452 4.2.2 <" + testTo + "> full", outcome{}},
		{atRCPT, "550 5.1.1 <" + testTo + "> unknown", outcome{permanent: true, gone: true}},
		{atRCPT, "550 5.7.1 relay denied", outcome{}},
		{atRCPT, "553 5.1.3 form", outcome{permanent: true}},
		{atRCPT, "550 no words", outcome{permanent: true}},
		{atDATA, "451 4.3.0 later", outcome{}},
		{atDATA, "554 5.5.1 no", outcome{permanent: true}},
		{atDot, "451 4.3.0 later", outcome{}},
		{atDot, "554 5.6.0 918273 is spam", outcome{permanent: true}},
		{atDot, "noise", outcome{code: codes.DeadlineExceeded}},
		{atDot, "drop", outcome{code: codes.DeadlineExceeded}},
		{atDot, "hang", outcome{code: codes.DeadlineExceeded}},
		{atDotKept, "drop", outcome{code: codes.DeadlineExceeded, kept: 1}},
		{atDotKept, "hang", outcome{code: codes.DeadlineExceeded, kept: 1}},
		{atText, "drop", outcome{code: codes.DeadlineExceeded}}, // it went out in one piece: nobody knows
		{atText, "hang", outcome{code: codes.DeadlineExceeded}},
		{atQUIT, "drop", outcome{accepted: true, kept: 1}},
		{atQUIT, "hang", outcome{accepted: true, kept: 1}},
		{atQUIT, "500 what", outcome{accepted: true, kept: 1}},
	}
	for _, stage := range []string{atGreeting, atEHLO, atSTARTTLS, atHandshake, atAUTH, atMAIL, atRCPT, atDATA} {
		trials = append(trials, trial{stage, "drop", notSent}, trial{stage, "hang", notSent})
	}
	for _, c := range trials {
		t.Run(c.stage+" "+c.answer, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, c.stage, c.answer)
			p := sdktest.Start(t, New(), s.config(t))
			r, err := p.Send(t.Context(), message("k"))
			got := outcome{code: status.Code(err), kept: s.count()}
			said := ""
			if err != nil {
				said = err.Error()
			} else {
				got.accepted, got.permanent, got.gone, said = r.Accepted, r.Permanent, r.Gone, r.Reason
				if err := r.Validate(); err != nil {
					t.Error(err)
				}
			}
			if got != c.want {
				t.Errorf("%+v, want %+v: %q", got, c.want, said)
			}
			for _, secret := range []string{testTo, "918273", mailPassword, mailUser} {
				if strings.Contains(said, secret) {
					t.Errorf("%q is in %q", secret, said)
				}
			}
			if said == "" && !got.accepted {
				t.Error("nothing is said")
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	s := newServer(t, "", "")
	p := sdktest.Start(t, New(), s.config(t))
	s.Close()
	if _, err := p.Send(t.Context(), message("k")); status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || h.OK || h.Message == "" {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestADoubleIsRecognizable: a message that is sent again has the id of the first, another one has not, and none tells the key.
func TestADoubleIsRecognizable(t *testing.T) {
	t.Parallel()
	s := newServer(t, "", "")
	send := func(key string) string {
		r, err := sdktest.Start(t, New(), s.config(t)).Send(t.Context(), message(key))
		if err != nil || !r.Accepted {
			t.Fatalf("%+v, %v", r, err)
		}
		return r.ProviderID
	}
	first, again, other := send("key-1"), send("key-1"), send("key-2")
	if first != again || first == other || strings.Contains(first, "key-1") || !strings.HasSuffix(first, "@bank.test") || !strings.Contains(s.kept[1], "Message-ID: <"+first+">\r\n") {
		t.Errorf("%q, %q, %q", first, again, other)
	}
	// One process does not send it again.
	p := sdktest.Start(t, New(), s.config(t))
	for range 2 {
		if r, err := p.Send(t.Context(), message("key-3")); err != nil || !r.Accepted {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if s.count() != 4 {
		t.Errorf("%d messages", s.count())
	}
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	s := newServer(t, "", "")
	p := sdktest.Start(t, New(), s.config(t))
	for name, spoil := range map[string]func(*sdk.Message){
		"kind":           func(m *sdk.Message) { m.Kind = "sms" },
		"no key":         func(m *sdk.Message) { m.IdempotencyKey = "" },
		"no address":     func(m *sdk.Message) { m.To = "" },
		"a line break":   func(m *sdk.Message) { m.To = "a@bank.test\r\nBcc: b@bank.test" },
		"two addresses":  func(m *sdk.Message) { m.To = "a@bank.test, b@bank.test" },
		"with a name":    func(m *sdk.Message) { m.To = "A <a@bank.test>" },
		"an argument":    func(m *sdk.Message) { m.To = "a@bank.test> SIZE=1" },
		"quoted":         func(m *sdk.Message) { m.To = `"a b"@bank.test` },
		"no domain":      func(m *sdk.Message) { m.To = "a@localhost" },
		"a literal":      func(m *sdk.Message) { m.To = "a@[127.0.0.1]" },
		"not ASCII":      func(m *sdk.Message) { m.To = "è@bank.test" },
		"no text":        func(m *sdk.Message) { m.Body = "" },
		"not UTF-8":      func(m *sdk.Message) { m.Body = "\xc3(" },
		"too long":       func(m *sdk.Message) { m.Body = strings.Repeat("x", maxMessage) },
		"after its time": func(m *sdk.Message) { m.ExpiresAt = time.Now().Add(-time.Second) },
	} {
		m := message(name)
		spoil(&m)
		if m.Body == "\xc3(" { // the wire takes UTF-8 alone: what another host hands over
			if refuse(m, time.Now()) == "" {
				t.Errorf("%s: taken", name)
			}
			continue
		}
		if r, err := p.Send(t.Context(), m); err != nil || r.Accepted || !r.Permanent || r.Reason == "" || len(m.To) > 0 && strings.Contains(r.Reason, m.To) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if s.count() != 0 {
		t.Errorf("%d messages were taken", s.count())
	}
}

func TestSubjectsStayOneHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t, "", "")
	p := sdktest.Start(t, New(), s.config(t))
	m := message("k")
	m.Subject, m.Locale = "Ciao\r\nBcc: other@bank.test\r\n\r\nBody", "it\r\nX-Evil: 1"
	if r, err := p.Send(t.Context(), m); err != nil || !r.Accepted {
		t.Fatalf("%+v, %v", r, err)
	}
	head, _, _ := strings.Cut(s.kept[0], "\r\n\r\n")
	if strings.Contains(head, "\r\nBcc:") || strings.Contains(head, "X-Evil") || !strings.Contains(head, "\r\nContent-Type:") {
		t.Errorf("%s", head)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(configSchema)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", v); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	for raw, pointer := range map[string]string{ // pointer of a problem; "ok" for none
		`{"host": "mail.bank.example", "from": "no-reply@bank.example"}`:                                                                                  "ok",
		`{"host": "mail.bank.example", "from": "Banca <no-reply@bank.example>", "tls": "implicit", "username": "u", "password": "p", "auth": "cram-md5"}`: "ok",
		`{"host": "localhost", "from": "no-reply@bank.example", "tls": "none", "port": 2525, "reply_to": "help@bank.example", "timeout": "3s"}`:           "ok",
		`{}`:                            "/host",
		`{"host": "mail.bank.example"}`: "/from",
		`{"host": "mail bank", "from": "no-reply@bank.example"}`:                                                                           "/host",
		`{"host": "mail.bank.example", "from": "no-reply"}`:                                                                                "/from",
		`{"host": "mail.bank.example", "from": "a@bank.example\nBcc: b@bank.example"}`:                                                     "/from",
		`{"host": "mail.bank.example", "from": "a@bank.example", "tls": "none"}`:                                                           "/tls",
		`{"host": "mail.bank.example", "from": "a@bank.example", "tls": "opportunistic"}`:                                                  "/tls",
		`{"host": "localhost", "from": "a@bank.example", "tls": "none", "username": "u", "password": "p"}`:                                 "/username",
		`{"host": "mail.bank.example", "from": "a@bank.example", "username": "u"}`:                                                         "/password",
		`{"host": "mail.bank.example", "from": "a@bank.example", "auth": "ntlm"}`:                                                          "/auth",
		`{"host": "mail.bank.example", "from": "a@bank.example", "port": 70000}`:                                                           "/port",
		`{"host": "mail.bank.example", "from": "a@bank.example", "helo": "a b"}`:                                                           "/helo",
		`{"host": "mail.bank.example", "from": "a@bank.example", "timeout": "20s"}`:                                                        "/timeout",
		`{"host": "mail.bank.example", "from": "a@bank.example", "reply_to": "b"}`:                                                         "/reply_to",
		`{"host": "mail.bank.example", "from": "a@bank.example", "ca_file": "/nowhere"}`:                                                   "/ca_file",
		`{"host": "mail.bank.example", "from": "a@bank.example", "dkim": {"domain": "bank.example", "selector": "s", "private_key": "x"}}`: "/dkim/private_key",
		`{"host": "mail.bank.example", "from": "a@bank.example", "dkim": {"domain": "b;x", "selector": "s", "private_key": "x"}}`:          "/dkim/domain",
		`{"host": "mail.bank.example", "from": "a@bank.example", "dkim": {"domain": "bank.example", "selector": "", "private_key": "x"}}`:  "/dkim/selector",
		`{"host": "mail.bank.example", "from": "a@bank.example", "starttls": true}`:                                                        "/starttls",
	} {
		problems, err := New().ValidateConfig(context.Background(), sdk.Configuration{JSON: []byte(raw)})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case pointer == "ok" && len(problems) > 0:
			t.Errorf("%s: %v", raw, problems)
		case pointer == "ok":
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
			if err == nil {
				err = schema.Validate(v)
			}
			if err != nil {
				t.Errorf("%s: the schema refuses it: %v", raw, err)
			}
		case !slices.ContainsFunc(problems, func(p sdk.Problem) bool { return p.Pointer == pointer }):
			t.Errorf("%s: problems %v, want one at %q", raw, problems, pointer)
		}
	}
}

// Whatever an address is, none that is taken can say more than one argument to a mail server.
func FuzzAddress(f *testing.F) {
	f.Add("a@bank.test")
	f.Add("a@bank.test\r\nRCPT TO:<b@bank.test>")
	f.Fuzz(func(t *testing.T, s string) {
		if goodAddress(s) && (strings.ContainsAny(s, " \r\n\t<>,;:\"\\()[]\x00") || strings.Count(s, "@") != 1) {
			t.Errorf("%q is taken", s)
		}
	})
}
