package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/text/language"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/password"
	"github.com/varco-id/varco/plugins/sdk"
	totpplugin "github.com/varco-id/varco/plugins/totp"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

const (
	annaPassword = "correct horse battery staple"
	totpSecret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// bank is an installation for tests: a real store, real plugins called in the same process, a clock that stands still.
type bank struct {
	t       *testing.T
	d       *Dispatcher
	store   *sqlstore.Store
	box     sealing.Box
	plugins *inProcess
	outbox  *queued
	clients map[string]*relyingparty.Client

	mu  sync.Mutex
	now time.Time
}

// inProcess plays the plugin host on the bundled plugins themselves.
type inProcess struct {
	mu      sync.Mutex
	methods []host.MethodRef
	plugins map[string]any
	calls   map[string]int
	fail    error                                 // answered instead of calling
	lie     func(*sdk.StepResponse)               // changes what a plugin answered
	before  func(op host.Op, in *sdk.StepRequest) // runs before a call
	quick   bool                                  // passwords are compared without a hash, where races count and not hashes
}

func (p *inProcess) Methods() []host.MethodRef {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.methods)
}

func (p *inProcess) setAvailable(ref string, up bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.methods {
		if p.methods[i].Ref == ref {
			p.methods[i].Available = up
		}
	}
}

func (p *inProcess) Describe(instance string) (*sdk.Description, bool) {
	d, err := p.plugins[instance].(sdk.Plugin).Describe(context.Background())
	return d, err == nil
}

func (p *inProcess) Revoke(ctx context.Context, instance string, c sdk.Credential) error {
	p.count("revoke")
	return p.plugins[instance].(sdk.Enrollment).Revoke(ctx, instance, c)
}

func (p *inProcess) count(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[what]++
}

func (p *inProcess) Step(ctx context.Context, op host.Op, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	p.count(string(op))
	if p.before != nil {
		p.before(op, r)
	}
	if p.fail != nil {
		return nil, p.fail
	}
	if p.quick && op == host.Continue && r.Context.InstanceID == "password" {
		if len(r.Credentials) == 1 && r.Inputs["password"] == annaPassword {
			return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"pwd"}, CredentialID: r.Credentials[0].ID}}, nil
		}
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}}, nil
	}
	a := p.plugins[r.Context.InstanceID].(sdk.Authenticator)
	e := p.plugins[r.Context.InstanceID].(sdk.Enrollment)
	call := map[host.Op]func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error){
		host.Begin: a.Begin, host.Continue: a.Continue, host.BeginEnroll: e.BeginEnroll, host.ContinueEnroll: e.ContinueEnroll,
	}[op]
	res, err := call(ctx, r)
	if err == nil && p.lie != nil {
		p.lie(res)
	}
	return res, err
}

// queued notes what was queued.
type queued struct {
	mu       sync.Mutex
	messages []delivery.Message
}

func (q *queued) Queue(_ context.Context, _ tx.Q, m ...delivery.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, m...)
	return nil
}

func (q *queued) Wake() {}

func (b *bank) Client(_ context.Context, id string) (*relyingparty.Client, error) {
	c, ok := b.clients[id]
	if !ok {
		return nil, fault.New(fault.NotFound, "no such client")
	}
	return c, nil
}

func (b *bank) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bank) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func newBank(t *testing.T, store *sqlstore.Store, box sealing.Box) *bank {
	t.Helper()
	b := &bank{t: t, store: store, box: box, outbox: &queued{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		plugins: &inProcess{calls: map[string]int{}, plugins: map[string]any{"password": password.New(), "totp": totpplugin.New()}},
		clients: map[string]*relyingparty.Client{
			"bank":  {Settings: relyingparty.Settings{ClientID: "bank", Name: "Banca Demo"}},
			"third": {Settings: relyingparty.Settings{ClientID: "third", Consent: relyingparty.ConsentExplicit}},
			"vault": {Settings: relyingparty.Settings{ClientID: "vault", ACRMinimum: "urn:varco:sca"}},
		}}
	for _, instance := range []string{"password", "totp"} {
		p := b.plugins.plugins[instance].(sdk.Plugin)
		cfg := `{}`
		if instance == "password" {
			cfg = `{"argon2":{"memory_kib":7168,"iterations":5,"parallelism":1}}`
		}
		about, err := p.Describe(t.Context())
		must(t, err)
		must(t, p.Configure(t.Context(), sdk.Configuration{InstanceID: instance, Revision: "1", JSON: []byte(cfg)}))
		b.plugins.methods = append(b.plugins.methods, host.MethodRef{Ref: instance, Instance: instance, Method: about.Methods[0], Available: true})
	}
	d, err := New(Options{
		DB: store, Rows: store, Clients: b, Plugins: b.plugins, Outbox: b.outbox, Box: box, Policy: BankPolicy(),
		Throttle: throttle.Defaults(), Session: session.Limits{Inactivity: 5 * time.Minute, Absolute: 12 * time.Hour},
		Locales: []language.Tag{language.English, language.Italian}, RPID: "localhost", Origins: []string{"http://localhost"},
		MethodTitle: func(instance, _ string, _ sdk.Text) string { return instance },
		Now:         b.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	must(t, err)
	b.d = d
	return b
}

// person adds a subscriber with a password and, if asked, a TOTP authenticator; it returns the sub.
func (b *bank) person(name string, withTOTP bool) string {
	b.t.Helper()
	s := subscriber.Subscriber{ID: id.NewSubject(), Status: subscriber.Active, Claims: json.RawMessage(`{"name":"Anna Rossi","email":"anna@example.org"}`),
		Version: 1, CreatedAt: b.now, UpdatedAt: b.now}
	folded, err := subscriber.Fold(name)
	must(b.t, err)
	creds := []subscriber.Credential{b.imported(s.ID, "password", `{"password":"`+annaPassword+`"}`)}
	if withTOTP {
		creds = append(creds, b.imported(s.ID, "totp", `{"secret":"`+totpSecret+`"}`))
	}
	names := []subscriber.Name{{Folded: folded, Shown: name, Subject: s.ID, Kind: subscriber.NameUsername}}
	must(b.t, b.store.InTx(b.t.Context(), func(q tx.Q) error {
		return b.store.InsertSubscriber(b.t.Context(), q, s, names, creds)
	}))
	return s.ID
}

func (b *bank) imported(sub, instance, form string) subscriber.Credential {
	b.t.Helper()
	res, err := b.plugins.plugins[instance].(sdk.Enrollment).ImportCredentials(b.t.Context(), instance, []sdk.ImportInput{{JSON: []byte(form)}})
	must(b.t, err)
	if res[0].Error != "" {
		b.t.Fatal(res[0].Error)
	}
	about, _ := b.plugins.Describe(instance)
	c := subscriber.Credential{ID: id.New(), Subject: sub, Instance: instance, Type: about.CredentialType, Version: res[0].Change.Version,
		Revision: 1, CreatedAt: b.now}
	c.Sealed, err = b.box.Seal(sealing.ClassCredential, res[0].Change.Data, CredentialPlace(c.ID, instance, sub)...)
	must(b.t, err)
	return c
}

// browser is a cookie jar.
type browser struct {
	b *bank
	Browser
}

func (b *bank) browser() *browser {
	return &browser{b: b, Browser: Browser{Binding: id.New(), Address: "192.0.2.1", UserAgent: "test"}}
}

// open begins a login for the demo bank.
func (w *browser) open(change ...func(*Request)) *Page {
	w.b.t.Helper()
	p, err := w.start(change...)
	must(w.b.t, err)
	return p
}

func (w *browser) start(change ...func(*Request)) (*Page, error) {
	r := Request{Client: "bank", RedirectURI: "https://bank.example/cb", State: "st", Nonce: "n", Scopes: []string{"openid"}, Challenge: strings.Repeat("c", 43)}
	for _, f := range change {
		f(&r)
	}
	p, err := w.b.d.Start(w.b.t.Context(), r, w.Browser)
	if err == nil {
		w.keep(p)
	}
	return p, err
}

// send answers a page.
func (w *browser) send(p *Page, s Submission) *Page {
	w.b.t.Helper()
	s.Version = p.Version
	next, err := w.b.d.Submit(w.b.t.Context(), p.Flow, w.Browser, s)
	must(w.b.t, err)
	w.keep(next)
	return next
}

// keep takes the cookies of an answer.
func (w *browser) keep(p *Page) {
	if p.Answer == nil {
		return
	}
	if p.Answer.Session != "" {
		w.Session = p.Answer.Session
	}
	if p.Answer.KnownBrowser != "" {
		w.Known = p.Answer.KnownBrowser
	}
}

func (w *browser) password(p *Page, name, secret string) *Page {
	w.b.t.Helper()
	return w.send(p, Submission{Name: name, Inputs: map[string]string{"password": secret}})
}

func (w *browser) code(p *Page, code string) *Page {
	w.b.t.Helper()
	return w.send(p, Submission{Inputs: map[string]string{"code": code}})
}

func (b *bank) totp() string {
	b.t.Helper()
	code, err := totp.GenerateCode(totpSecret, b.clock())
	must(b.t, err)
	return code
}

// signIn goes through a password login in this browser.
func (w *browser) signIn(name string) *Page {
	w.b.t.Helper()
	p := w.password(w.open(), name, annaPassword)
	if p.Answer == nil {
		w.b.t.Fatalf("no answer after the password: %+v", p)
	}
	return p
}

func sca(r *Request) { r.ACRValues = []string{"urn:varco:sca"} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
