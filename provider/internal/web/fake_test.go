package web_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/web"
)

var now = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

// fakeFlows shows the page of the flow's name, and answers as told.
type fakeFlows struct {
	mu        sync.Mutex
	pages     map[string]*login.Page
	next      map[string]*login.Page // after Submit, by the flow's name
	errs      map[string]error
	submitted []login.Submission
	browsers  []login.Browser
	started   []login.Request
	start     *login.Page
}

func (f *fakeFlows) Page(_ context.Context, flow string, b login.Browser) (*login.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.browsers = append(f.browsers, b)
	if err := f.errs[flow]; err != nil {
		return nil, err
	}
	p, ok := f.pages[flow]
	if !ok {
		return nil, fault.New(fault.NotFound, "no such flow")
	}
	return p, nil
}

func (f *fakeFlows) Submit(ctx context.Context, flow string, b login.Browser, s login.Submission) (*login.Page, error) {
	f.mu.Lock()
	f.submitted = append(f.submitted, s)
	next := f.next[flow]
	if next != nil {
		f.pages[flow] = next
	}
	f.mu.Unlock()
	return f.Page(ctx, flow, b)
}

func (f *fakeFlows) Standing(ctx context.Context, flow string, b login.Browser) (*login.Standing, error) {
	p, err := f.Page(ctx, flow, b)
	if err != nil {
		return nil, err
	}
	return &login.Standing{Version: p.Version, Over: p.Answer != nil}, nil
}

func (f *fakeFlows) Return(ctx context.Context, instance, state string, b login.Browser, inputs map[string]string) (string, *login.Page, error) {
	p, err := f.Submit(ctx, state, b, login.Submission{Method: instance, Inputs: inputs})
	return state, p, err
}

func (f *fakeFlows) Start(_ context.Context, r login.Request, b login.Browser) (*login.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started, f.browsers = append(f.started, r), append(f.browsers, b)
	if f.start == nil {
		return nil, fault.New(fault.Unavailable, "no database")
	}
	return f.start, nil
}

func (f *fakeFlows) last() login.Submission {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.submitted) == 0 {
		return login.Submission{}
	}
	return f.submitted[len(f.submitted)-1]
}

func (f *fakeFlows) browser() login.Browser {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.browsers[len(f.browsers)-1]
}

// fakeAccount is signed in while overview is set.
type fakeAccount struct {
	mu       sync.Mutex
	overview *login.Overview
	err      error
	ended    []string
	revoked  []string
}

func (f *fakeAccount) Overview(context.Context, login.Browser) (*login.Overview, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	if f.overview == nil {
		return nil, fault.New(fault.Denied, "nobody is signed in")
	}
	return f.overview, nil
}

func (f *fakeAccount) EndSession(_ context.Context, _ login.Browser, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, id)
	return f.err
}

func (f *fakeAccount) RevokeConsent(_ context.Context, _ login.Browser, client string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked = append(f.revoked, client)
	return f.err
}

func (f *fakeAccount) Events(_ context.Context, _ login.Browser, before string) ([]subscriber.Event, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.overview == nil {
		return nil, false, fault.New(fault.Denied, "nobody is signed in")
	}
	if before != "" {
		return f.overview.Events[:1], false, f.err
	}
	return f.overview.Events, true, f.err
}

// fakeRecovery knows one link.
type fakeRecovery struct {
	mu        sync.Mutex
	asked     []string
	cancelled []string
	err       error
}

const cancelToken = "abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUV"

func (f *fakeRecovery) Recoverable() []login.MethodOption {
	return []login.MethodOption{passwordOption, totpOption, mobileOption}
}

func (f *fakeRecovery) RemindNames(_ context.Context, typed string, _ login.Browser) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !strings.Contains(typed, "@") {
		return fault.New(fault.Invalid, "no address")
	}
	f.asked = append(f.asked, typed)
	return f.err
}

func (f *fakeRecovery) Cancellable(_ context.Context, token string) (*login.Cancellable, error) {
	if token != cancelToken {
		return nil, fault.New(fault.NotFound, "no such link")
	}
	return &login.Cancellable{Kind: subscriber.ChangedRecovered, Method: "Password", At: now.Add(-time.Hour), Until: now.Add(23 * time.Hour)}, nil
}

func (f *fakeRecovery) Cancel(_ context.Context, token string, _ login.Browser) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if token != cancelToken || len(f.cancelled) > 0 {
		return fault.New(fault.Expired, "over")
	}
	f.cancelled = append(f.cancelled, token)
	return nil
}

// descriptions hold the catalogues of three plugins as the pages see them.
var descriptions = map[string]*sdk.Description{
	"password": {Texts: map[string]map[string]string{
		"en": {"title": "Password", "login": "Sign in", "password": "Password", "choose": "Choose a password", "new": "New password",
			"hint": "At least {min} characters.", "short": "Use at least {min} characters; this has {count}.", "save": "Save password",
			"guide": "A few unrelated words make a password that is easy to remember and hard to guess. You can paste one from a password manager."},
		"it": {"title": "Password", "login": "Accesso", "password": "Password", "choose": "Scelta della password", "new": "Nuova password",
			"hint": "Almeno {min} caratteri.", "short": "Usare almeno {min} caratteri; questa password ne ha {count}.", "save": "Salva la password",
			"guide": "Alcune parole senza legame tra loro formano una password facile da ricordare e difficile da indovinare. È possibile incollarla da un gestore di password."},
	}},
	"totp": {Texts: map[string]map[string]string{
		"en": {"title": "Authenticator app", "code": "Code from the app", "enter": "Enter your code", "hint": "Six digits; a new code appears every 30 seconds.",
			"bind": "Set up your authenticator app", "alt": "QR code for your authenticator app; the same key stands below it as text", "confirm": "Code shown by the app", "other": "Use another code"},
		"it": {"title": "App di autenticazione", "code": "Codice dell’app", "enter": "Inserire il codice", "hint": "Sei cifre; un nuovo codice appare ogni 30 secondi.",
			"bind": "Attivazione dell’app di autenticazione", "alt": "Codice QR per l’app di autenticazione; la stessa chiave è scritta sotto", "confirm": "Codice mostrato dall’app", "other": "Usa un altro codice"},
	}},
	"mobile": {Texts: map[string]map[string]string{
		"en": {"title": "Bank app", "push": "Approve on your phone", "number": "Type this number in the app", "wait": "Waiting for your phone", "amount": "Amount", "payee": "To",
			"pick": "Which phone?", "one": "Maria’s phone", "two": "Old phone", "success": "Phone found.", "warn": "Approve only what you are doing yourself.", "idp": "Continue with another bank", "logo": "Picture you chose at binding", "again": "Send again",
			"key": "Use your passkey", "use": "Use the key of this device"},
		"it": {"title": "App della banca", "push": "Approvazione sul telefono", "number": "Digitare questo numero nell’app", "wait": "In attesa del telefono", "amount": "Importo", "payee": "A",
			"pick": "Quale telefono?", "one": "Telefono di Maria", "two": "Telefono vecchio", "success": "Telefono trovato.", "warn": "Approvare solo le proprie operazioni.", "idp": "Continua con un’altra banca", "logo": "Immagine scelta all’attivazione", "again": "Invia di nuovo",
			"key": "Usa la passkey", "use": "Usa la chiave di questo dispositivo"},
	}},
}

var texts = &web.Catalogues{Describe: func(instance string) (*sdk.Description, bool) {
	d, ok := descriptions[instance]
	return d, ok
}}

func t(key string, params ...string) sdk.Text {
	out := sdk.Text{Key: key}
	for i := 0; i+1 < len(params); i += 2 {
		if out.Params == nil {
			out.Params = map[string]string{}
		}
		out.Params[params[i]] = params[i+1]
	}
	return out
}

// dot is a PNG of one pixel.
var dot, _ = base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")

var (
	passwordOption = login.MethodOption{Method: "password/password", Instance: "password", Title: t("title")}
	totpOption     = login.MethodOption{Method: "totp/totp", Instance: "totp", Title: t("title")}
	mobileOption   = login.MethodOption{Method: "mobile/push", Instance: "mobile", Title: t("title")}
)

func passwordField(errKey sdk.Text) sdk.Node {
	return sdk.Node{TextField: &sdk.TextField{Name: "password", Kind: sdk.FieldPassword, Label: t("password"), Error: errKey}}
}

func page(flow string, p login.Page) *login.Page {
	p.Flow, p.Version, p.Expires = flow, 7, now.Add(9*time.Minute+30*time.Second)
	if p.Client == "" {
		p.Client = "banca-demo"
		p.Request = login.Request{Client: p.Client, RedirectURI: "https://app.bank.test/callback"}
	}
	return &p
}

func overview() *login.Overview {
	return &login.Overview{
		Subject: "abc", DisplayName: "Maria Rossi", Names: []subscriber.Name{{Shown: "maria.rossi", Kind: subscriber.NameUsername}},
		Credentials: []login.CredentialInfo{
			{ID: "c1", Instance: "password", Method: "password/password", Title: t("title"), Changeable: true, CreatedAt: now.AddDate(-1, 0, 0), LastUsedAt: now.Add(-time.Minute)},
			{ID: "c2", Instance: "totp", Method: "totp/totp", Title: t("title"), Label: "Telefono di Maria", CreatedAt: now.AddDate(0, -2, -3), LastUsedAt: now.Add(-time.Minute), Removable: true},
			{ID: "c3", Instance: "gone", Method: "gone/gone", Title: t("title"), CreatedAt: now.AddDate(0, -8, -3), Removable: true},
		},
		Bindable: []login.MethodOption{mobileOption},
		Sessions: []login.SessionInfo{
			{ID: "s1", Browser: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", Address: "192.0.2.17", CreatedAt: now.Add(-time.Minute), LastSeenAt: now, Current: true},
			{ID: "s2", Browser: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", Address: "2001:db8::4:17", CreatedAt: now.Add(-3 * time.Hour), LastSeenAt: now.Add(-2 * time.Hour)},
			{ID: "s3", Browser: "<script>alert(1)</script>", Address: "198.51.100.9", CreatedAt: now.Add(-time.Hour), LastSeenAt: now.Add(-time.Hour)},
		},
		Contacts: []login.ContactInfo{
			{Channel: subscriber.Email, Masked: "m•••@example.org", Verified: true, VerifiedAt: now.AddDate(0, -3, 0)},
			{Channel: subscriber.Mobile},
		},
		Cooling: subscriber.Cooling{Until: now.Add(20 * time.Hour), Reason: subscriber.CoolingRecovery},
		Events: []subscriber.Event{
			{ID: "e3", At: now, Kind: "login.completed", Address: "192.0.2.17", Browser: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"},
			{ID: "e2", At: now.Add(-time.Hour), Kind: "message.sent", Data: map[string]string{"channel": "email"}},
			{ID: "e1", At: now.Add(-time.Hour), Kind: "account.recovered", Address: "192.0.2.17", Data: map[string]string{"method": "password/password"}},
			{ID: "e0", At: now.Add(-2 * time.Hour), Kind: "ticket.issued", Data: map[string]string{"by": "operator"}},
			{ID: "ee", At: now.Add(-3 * time.Hour), Kind: "of.another.release"},
		},
		Consents: []login.ConsentInfo{{Client: "conto-chiaro", Name: "Conto Chiaro", Scopes: []string{"openid", "profile", "email"}, GrantedAt: now.AddDate(0, -1, 0)}},
	}
}

// server is the pages on a loopback listener, with fakes behind them.
type server struct {
	*httptest.Server
	handler *web.Handler
	flows   *fakeFlows
	account *fakeAccount
	recover *fakeRecovery
}

func newServer(tb testing.TB, change ...func(*web.Options)) *server {
	tb.Helper()
	s := &server{flows: &fakeFlows{pages: gallery(), next: map[string]*login.Page{}, errs: map[string]error{}}, account: &fakeAccount{overview: overview()}, recover: &fakeRecovery{}}
	o := web.Options{
		Issuer: "http://127.0.0.1", Flows: s.flows, Account: s.account, Recovery: s.recover, Texts: texts,
		// What op does with an answer, in the response mode query.
		Responder: web.ResponderFunc(func(w http.ResponseWriter, r *http.Request, a *login.Answer) {
			separator := "?"
			if strings.Contains(a.Request.RedirectURI, "?") {
				separator = "&"
			}
			s.handler.Leave(w, r, a.Request.RedirectURI+separator+"code="+a.Code)
		}),
		Brand: web.Brand{Name: "Banca Demo", Logo: "testdata/logo.svg", Colors: web.Colors{Primary: "#0b5d4e"},
			SupportURL: "https://www.bank.test/help", SupportPhone: "+39 02 1234 5678"},
		ClientName: func(_ context.Context, client, _ string) string {
			return map[string]string{"banca-demo": "Banca Demo Online", "conto-chiaro": "Conto Chiaro"}[client]
		},
		Now: func() time.Time { return now },
		Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	h, err := web.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	s.handler = h
	mux := http.NewServeMux()
	for _, r := range h.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	mux.HandleFunc("GET /test/error", func(w http.ResponseWriter, r *http.Request) {
		h.ErrorPage(w, r, http.StatusBadRequest, web.ErrorRedirectURI)
	})
	mux.HandleFunc("GET /test/logout", func(w http.ResponseWriter, r *http.Request) {
		h.ConfirmLogout(w, r, web.LogoutPage{Action: "/test/logout", Fields: [][2]string{{"token", "abc"}}, Client: "Banca Demo Online", User: "Maria Rossi"})
	})
	mux.HandleFunc("GET /test/signed-out", func(w http.ResponseWriter, r *http.Request) {
		h.SignedOut(w, r, web.SignedOutPage{Client: "Banca Demo Online", URL: "https://www.bank.test/"})
	})
	s.Server = httptest.NewServer(mux)
	tb.Cleanup(s.Close)
	return s
}
