package callback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/callback"
	"github.com/varco-id/varco/provider/internal/callback/callbacktest"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

const (
	secret  = "correct horse battery staple"
	hookKey = "the other system's key"
	acrSCA  = "urn:varco:sca"
)

// rig is an installation on PostgreSQL: the real store, pipeline and outbox, the test plugin called in this process, and as many
// replicas as a test wants.
type rig struct {
	t       *testing.T
	dsn     string
	plugins *plugins
	clients clients
	lead    *replica
}

// replica is one process of it.
type replica struct {
	store   *sqlstore.Store
	box     sealing.Box
	logins  *login.Dispatcher
	outbox  *delivery.Outbox
	handler *callback.Handler
	server  *httptest.Server
}

// plugins plays the plugin host.
type plugins struct {
	phone *callbacktest.Plugin
	calls sync.Map // op → *atomic.Int64

	mu     sync.Mutex
	before func(op string) error // runs before a call
}

func (p *plugins) on(f func(op string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = f
}

func (p *plugins) count(op string) error {
	n, _ := p.calls.LoadOrStore(op, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
	p.mu.Lock()
	f := p.before
	p.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(op)
}

func (p *plugins) called(op string) int64 {
	n, ok := p.calls.Load(op)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

var pinOpening = &sdk.View{Nodes: []sdk.Node{{TextField: &sdk.TextField{Name: "password", Kind: sdk.FieldPassword}}}}

func (p *plugins) Methods() []host.MethodRef {
	about, _ := p.Describe("phone")
	list := []host.MethodRef{{Ref: "pw", Instance: "pw", Method: sdk.Method{ID: "pw", Factors: []sdk.Factor{sdk.FactorKnowledge}, Opening: pinOpening}, Available: true}}
	for _, m := range about.Methods {
		list = append(list, host.MethodRef{Ref: "phone/" + m.ID, Instance: "phone", Method: m, Available: true})
	}
	return list
}

func (p *plugins) Describe(instance string) (*sdk.Description, bool) {
	switch instance {
	case "phone":
		d, err := p.phone.Describe(context.Background())
		return d, err == nil
	case "pw":
		return &sdk.Description{Name: "pw", CredentialType: "pw"}, true
	}
	return nil, false
}

func (p *plugins) Revoke(context.Context, string, sdk.Credential) error { return nil }

func (p *plugins) Step(ctx context.Context, op host.Op, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if r.Context.InstanceID == "pw" {
		if r.Inputs["password"] == secret && len(r.Credentials) > 0 {
			return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"pwd"}, CredentialID: r.Credentials[0].ID}}, nil
		}
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}}, nil
	}
	if err := p.count(string(op)); err != nil {
		return nil, err
	}
	call := map[host.Op]func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error){host.Begin: p.phone.Begin,
		host.Continue: p.phone.Continue, host.BeginEnroll: p.phone.BeginEnroll, host.ContinueEnroll: p.phone.ContinueEnroll}[op]
	res, err := call(ctx, r)
	if err == nil {
		about, _ := p.Describe("phone")
		err = res.Validate(about, r)
	}
	return res, err
}

func (p *plugins) Callback(ctx context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	if err := p.count("callback"); err != nil {
		return nil, err
	}
	res, err := p.phone.HandleCallback(ctx, r)
	if err == nil {
		about, _ := p.Describe("phone")
		err = res.Validate(about, r)
	}
	return res, err
}

func (p *plugins) Delivery(ctx context.Context, r *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	if err := p.count("delivery"); err != nil {
		return nil, err
	}
	return p.phone.HandleDelivery(ctx, r)
}

type clients struct{}

func (clients) Client(_ context.Context, name string) (*relyingparty.Client, error) {
	if name != "bank" {
		return nil, fault.New(fault.NotFound, "no such client")
	}
	return &relyingparty.Client{Settings: relyingparty.Settings{ClientID: "bank"}}, nil
}

var rules = &policy.Policy{BindAtLogin: []string{"phone/push"}, Levels: []policy.Level{
	{ACR: "urn:varco:1fa", AnyOf: [][]string{{"pw"}, {"phone/qr"}}, Factors: 1},
	{ACR: acrSCA, AnyOf: [][]string{{"pw", "phone/push"}, {"pw", "phone/portal"}}, Factors: 2},
}}

func newRig(t *testing.T, config string) *rig {
	t.Helper()
	r := &rig{t: t, dsn: pgtest.DSN(t), plugins: &plugins{phone: &callbacktest.Plugin{}}}
	key := []byte(`{"keys":[{}]}`)
	must(t, r.plugins.phone.Configure(t.Context(), sdk.Configuration{JSON: []byte(config), Keys: map[string][]byte{"operation": key, "session": key}}))
	r.lead = r.replica()
	return r
}

func (r *rig) replica() *replica {
	t := r.t
	t.Helper()
	store := pgtest.OpenURL(t, r.dsn)
	kek, err := sealing.NewRawKEK(bytes.Repeat([]byte{7}, 32))
	must(t, err)
	box, err := sealing.Open(t.Context(), store, kek)
	must(t, err)
	p := &replica{store: store, box: box}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	p.outbox, err = delivery.NewOutbox(delivery.Options{Engine: delivery.PostgreSQL, Pool: store.SQL(), Store: store, Box: box, Log: log,
		Channels: map[string][]string{"push": {"gateway"}}})
	must(t, err)
	p.logins, err = login.New(login.Options{DB: store, Rows: store, Clients: r.clients, Plugins: r.plugins, Outbox: p.outbox, Box: box,
		Policy: rules, Throttle: throttle.Defaults(), Session: session.Limits{Inactivity: 5 * time.Minute, Absolute: 12 * time.Hour},
		Locales: []language.Tag{language.English}, RPID: "localhost", Origins: []string{"http://localhost"},
		MethodTitle: func(instance, _ string, _ sdk.Text) string { return instance }, Now: time.Now, Log: log,
		Wake: store.Wake, ReturnURL: func(instance string) string { return "http://localhost/plugins/" + instance + "/return" },
		MayLeave: func(_, origin string) bool { return origin == "https://portal.test" }})
	must(t, err)
	mux := http.NewServeMux()
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	p.handler, err = callback.New(callback.Options{Issuer: p.server.URL, DB: store, Rows: store, Plugins: r.plugins, Flows: p.logins,
		Outbox: p.outbox, Box: box, Configured: func(i string) bool { return i == "phone" || i == "starting" },
		Address: func(r *http.Request) string { return r.Header.Get("X-Test-Address") }, Now: time.Now, Log: log})
	must(t, err)
	mux.Handle(p.handler.Pattern(), p.handler)
	return p
}

// person adds a subscriber with a password and returns the sub.
func (r *rig) person(name string, phones ...*callbacktest.Phone) string {
	t := r.t
	t.Helper()
	s := subscriber.Subscriber{ID: id.NewSubject(), Status: subscriber.Active, Claims: json.RawMessage(`{"email":"anna@bank.test"}`), Version: 1,
		CreatedAt: time.Now(), UpdatedAt: time.Now()}
	creds := []subscriber.Credential{r.credential(s.ID, "pw", "", []byte("{}"))}
	for _, p := range phones {
		form, err := p.Import("push-token-of-" + p.Handle)
		must(t, err)
		res, err := r.plugins.phone.ImportCredentials(t.Context(), "phone", []sdk.ImportInput{{JSON: form}})
		must(t, err)
		creds = append(creds, r.credential(s.ID, "phone", res[0].Change.Handle, res[0].Change.Data))
	}
	names := []subscriber.Name{{Folded: name, Shown: name, Subject: s.ID, Kind: subscriber.NameUsername}}
	must(t, r.lead.store.InTx(t.Context(), func(q tx.Q) error {
		return r.lead.store.InsertSubscriber(t.Context(), q, s, names, creds)
	}))
	return s.ID
}

func (r *rig) credential(sub, instance, handle string, data []byte) subscriber.Credential {
	r.t.Helper()
	c := subscriber.Credential{ID: id.New(), Subject: sub, Instance: instance, Type: instance, Handle: handle, Version: 1, Revision: 1, CreatedAt: time.Now()}
	var err error
	c.Sealed, err = r.lead.box.Seal(sealing.ClassCredential, data, "credential", c.ID, c.Instance, c.Subject)
	must(r.t, err)
	return c
}

// phone makes a phone that talks to a replica.
func (r *rig) phone(p *replica, handle string) *callbacktest.Phone {
	r.t.Helper()
	phone, err := callbacktest.NewPhone(p.server.URL+"/plugins/phone", handle, p.server.Client())
	must(r.t, err)
	return phone
}

// browser sits at a login.
type browser struct {
	t *testing.T
	login.Browser
}

func (r *rig) browser() *browser {
	return &browser{t: r.t, Browser: login.Browser{Binding: id.New(), Address: "192.0.2.1", UserAgent: "test"}}
}

// begin starts a login for full strength and gives name and password.
func (b *browser) begin(p *replica, name string) *login.Page {
	b.t.Helper()
	page, err := p.logins.Start(b.t.Context(), login.Request{Client: "bank", RedirectURI: "https://bank.test/cb", Scopes: []string{"openid"},
		Challenge: strings.Repeat("c", 43), ACRValues: []string{acrSCA}, ACREssential: true}, b.Browser)
	must(b.t, err)
	return b.send(p, page, login.Submission{Name: name, Inputs: map[string]string{"password": secret}})
}

func (b *browser) send(p *replica, page *login.Page, s login.Submission) *login.Page {
	b.t.Helper()
	s.Version = page.Version
	next, err := p.logins.Submit(b.t.Context(), page.Flow, b.Browser, s)
	must(b.t, err)
	return next
}

// look reloads the page.
func (b *browser) look(p *replica, flow string) *login.Page {
	b.t.Helper()
	page, err := p.logins.Page(b.t.Context(), flow, b.Browser)
	must(b.t, err)
	return page
}

// await waits until a page that waits is no longer the one to show.
func (b *browser) await(p *replica, page *login.Page) *login.Page {
	b.t.Helper()
	eventually(b.t, "the login goes on", func() bool {
		s, err := p.logins.Standing(b.t.Context(), page.Flow, b.Browser)
		must(b.t, err)
		return s.Over || s.Version != page.Version
	})
	return b.look(p, page.Flow)
}

func waits(p *login.Page) bool {
	if p.Step == nil {
		return false
	}
	for _, n := range p.Step.View.Nodes {
		if n.Wait != nil {
			return true
		}
	}
	return false
}

// one is the only operation that waits for a phone.
func one(t *testing.T, p *callbacktest.Phone) string {
	t.Helper()
	list, err := p.Operations()
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d operations wait: %v", len(list), list)
	}
	return list[0]
}

func decide(t *testing.T, p *callbacktest.Phone, operation, decision string, want int) {
	t.Helper()
	status, err := p.Answer(operation, decision)
	must(t, err)
	if status != want {
		t.Fatalf("%s was answered %d, want %d", decision, status, want)
	}
}

// running has a replica look after flows that wait until the test ends.
func (p *replica) running(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.logins.RunWaiting(ctx) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-done)
	})
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for !f() {
		if time.Now().After(end) {
			t.Fatal("still not: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var errDown = &host.Error{Instance: "phone", Kind: host.Unavailable, Err: errors.New("down")}
