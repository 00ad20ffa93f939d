package op_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/op"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

const issuer = "https://id.bank.test"

// clock is a time that a test moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// env is a provider on a real store, with the login and the pages stood in for.
type env struct {
	*testing.T
	clock   *clock
	store   *sqlstore.Store
	db      *counted
	box     sealing.Box
	keys    *signingkey.Service
	clients *relyingparty.Service
	cache   *relyingparty.Cache
	op      *op.Handler
	mux     *http.ServeMux
	flows   *flows
	pages   *pages
	subject string
	session string
}

// blank is a migrated, empty database with a keyring and signing keys: made once, copied for each test.
var blank = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "op-test-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "blank.db")
	ctx := context.Background()
	store, err := openStore(ctx, file)
	if err != nil {
		return "", err
	}
	box, err := openBox(ctx, store)
	if err != nil {
		return "", err
	}
	keys, err := signingkey.New(signingkey.Options{DB: store, Store: store, Box: box, Audit: store})
	if err != nil {
		return "", err
	}
	if err := keys.Maintain(ctx); err != nil {
		return "", err
	}
	return file, store.Close()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := blank(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

func openStore(ctx context.Context, file string) (*sqlstore.Store, error) {
	return sqlstore.Open(ctx, sqlstore.Options{URL: "sqlite:" + file, AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
}

func openBox(ctx context.Context, store *sqlstore.Store) (sealing.Box, error) {
	kek, err := sealing.NewRawKEK(make([]byte, sealing.KEKSize))
	if err != nil {
		return nil, err
	}
	return sealing.Open(ctx, store, kek)
}

func newEnv(t *testing.T) *env { return newEnvAt(t, issuer) }

func newEnvAt(t *testing.T, iss string) *env {
	t.Helper()
	t.Parallel()
	ctx := t.Context()
	file, err := blank()
	must(t, err)
	raw, err := os.ReadFile(file)
	must(t, err)
	mine := filepath.Join(t.TempDir(), "varco.db")
	must(t, os.WriteFile(mine, raw, 0o600))

	e := &env{T: t, clock: &clock{}, pages: &pages{}}
	e.store, err = openStore(ctx, mine)
	must(t, err)
	t.Cleanup(func() { _ = e.store.Close() })
	e.db = &counted{Store: e.store}
	e.box, err = openBox(ctx, e.store)
	must(t, err)
	e.keys, err = signingkey.New(signingkey.Options{DB: e.store, Store: e.store, Box: e.box, Audit: e.store, Now: e.clock.Now, TTL: time.Hour})
	must(t, err)
	e.cache = relyingparty.NewCache(e.store, e.store, time.Hour, e.clock.Now)
	e.clients = &relyingparty.Service{DB: e.store, Store: e.store, Audit: e.store, Now: e.clock.Now, Changed: e.cache.Invalidate}
	e.flows = &flows{env: e}
	e.pages.env = e
	o := e.options()
	o.Issuer = iss
	e.op, err = op.New(o)
	must(t, err)
	e.mux = http.NewServeMux()
	for _, r := range e.op.Routes() {
		e.mux.Handle(r.Pattern, r.Handler)
	}
	e.addSubscriber()
	return e
}

func (e *env) options() op.Options {
	return op.Options{
		Issuer: issuer, DB: e.db, Grants: e.store, Sessions: e.store, Subscribers: e.store, Audit: e.store,
		Clients: e.cache, Keys: e.keys, Flows: e.flows, Box: e.box,
		ACRValues: []string{"urn:varco:1fa", "urn:varco:sca"}, UILocales: []string{"en", "it"},
		Browser: e.pages.Browser, SessionCookie: e.pages.SessionCookie, ForgetSession: e.pages.ForgetSession, ShowPage: e.pages.ShowPage,
		ErrorPage: e.pages.ErrorPage, Leave: e.pages.Leave, FormPost: e.pages.FormPost, ConfirmLogout: e.pages.ConfirmLogout, SignedOut: e.pages.SignedOut,
		Now: e.clock.Now, Log: slog.New(slog.DiscardHandler),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const claimsJSON = `{"name":"Anna Rossi","given_name":"Anna","family_name":"Rossi","email":"anna@bank.test","email_verified":true,
	"phone_number":"+39021234567","phone_number_verified":true,"address":{"country":"IT"},"nickname":null,"iban":"IT60X0542811101000000123456"}`

func (e *env) addSubscriber() {
	e.Helper()
	now := e.clock.Now()
	e.subject = id.NewSubject()
	must(e.T, e.store.InsertSubscriber(e.Context(), e.store, subscriber.Subscriber{
		ID: e.subject, Status: subscriber.Active, Locale: "it", Claims: json.RawMessage(claimsJSON), Version: 1, CreatedAt: now, UpdatedAt: now,
	}, nil, nil))
	e.session = e.newSession(e.subject)
}

func (e *env) newSession(subject string) string {
	e.Helper()
	now := e.clock.Now()
	s := session.Session{ID: id.New(), Subject: subject, AuthTime: now, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(12 * time.Hour), Version: 1}
	must(e.T, e.store.InsertSession(e.Context(), e.store, s))
	return s.ID
}

func (e *env) block() {
	e.Helper()
	must(e.T, e.store.SetStatus(e.Context(), e.store, e.subject, subscriber.Blocked, "operator", e.clock.Now(), 1))
}

// party is a registered relying party and its secret.
type party struct {
	relyingparty.Settings
	secret string
}

const callback = "https://rp.bank.test/callback?a=%7e1"

// add registers a relying party; change adjusts the usual one.
func (e *env) add(change func(*relyingparty.Settings)) party {
	e.Helper()
	s := relyingparty.Settings{
		ClientID: "rp-" + id.NewSubject()[:8], RedirectURIs: []string{callback}, PostLogoutRedirectURIs: []string{"https://rp.bank.test/bye"},
		GrantTypes: []string{"authorization_code", "refresh_token"}, Audience: []string{"https://api.bank.test"},
	}
	if change != nil {
		change(&s)
	}
	a, err := e.clients.Add(e.Context(), "test", s)
	must(e.T, err)
	return party{s, a.Secret}
}

func public(s *relyingparty.Settings) { s.TokenEndpointAuthMethod = relyingparty.AuthNone }

const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
)

func (p party) authorize(more ...string) url.Values {
	return with(url.Values{
		"client_id": {p.ClientID}, "redirect_uri": {p.RedirectURIs[0]}, "response_type": {"code"}, "scope": {"openid profile email"},
		"state": {"s t&=#%é"}, "nonce": {"n-0S6_WzA2Mj"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}, more...)
}

// with sets pairs of names and values; an empty value deletes.
func with(v url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if v.Del(pairs[i]); pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

// do sends a request through the mux.
func (e *env) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	e.mux.ServeHTTP(w, r)
	return w
}

func (e *env) get(path string, q url.Values, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, issuer+path+"?"+q.Encode(), nil)
	for _, f := range edit {
		f(r)
	}
	return e.do(r)
}

func (e *env) post(path string, form url.Values, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, issuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range edit {
		f(r)
	}
	return e.do(r)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// basic authenticates as RFC 6749 section 2.3.1 says.
func (p party) basic(r *http.Request) {
	r.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(p.secret))
}

// auth authenticates whichever way the party registered.
func (p party) auth(r *http.Request) {
	if p.UsesSecret() {
		p.basic(r)
	}
}

// code makes a finished Flow and returns its authorization code.
func (e *env) code(p party, edit ...func(*login.Flow)) string {
	e.Helper()
	now := e.clock.Now()
	f := login.Flow{
		ID: id.New(), Version: 2, Subject: e.subject, CreatedAt: now, ExpiresAt: now.Add(10 * time.Minute), DoneAt: now, CodeExpiresAt: now.Add(time.Minute),
		Request: login.Request{Client: p.ClientID, RedirectURI: callback, Challenge: challenge, Nonce: "n-1", Scopes: []string{"openid", "profile", "email"}, Audience: p.Audience},
	}
	f.Outcome = login.Outcome{
		Subject: e.subject, Session: e.session, Scopes: f.Request.Scopes, Audience: p.Audience, ACR: "urn:varco:sca",
		AMR: []string{"pwd", "otp", "mfa"}, AuthTime: now.Add(-time.Minute), Nonce: "n-1",
	}
	for _, fn := range edit {
		fn(&f)
	}
	code := login.CodeFor(e.box, f.ID, f.Version)
	f.CodeHash = login.CodeHash(code)
	must(e.T, e.store.InsertFlow(e.Context(), e.store, f))
	return code
}

func scopesOf(list ...string) func(*login.Flow) {
	return func(f *login.Flow) { f.Request.Scopes, f.Outcome.Scopes = list, list }
}

func (p party) exchange(code string, more ...string) url.Values {
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	if p.Public() {
		v.Set("client_id", p.ClientID)
	}
	return with(v, more...)
}

type tokens struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
	Expires int64  `json:"expires_in"`
}

// login redeems a fresh code.
func (e *env) login(p party, edit ...func(*login.Flow)) tokens {
	e.Helper()
	return e.tokens(e.post("/token", p.exchange(e.code(p, edit...)), p.auth))
}

func (e *env) tokens(w *httptest.ResponseRecorder) tokens {
	e.Helper()
	var out tokens
	if w.Code != http.StatusOK {
		e.Fatalf("status %d: %s", w.Code, w.Body)
	}
	must(e.T, json.Unmarshal(w.Body.Bytes(), &out))
	return out
}

func (p party) refresh(token string, more ...string) url.Values {
	v := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	if p.Public() {
		v.Set("client_id", p.ClientID)
	}
	return with(v, more...)
}

func (e *env) userinfo(token string) *httptest.ResponseRecorder {
	return e.get("/userinfo", nil, header("Authorization", "Bearer "+token))
}

func (e *env) introspect(p party, token string) map[string]any {
	e.Helper()
	w := e.post("/introspect", url.Values{"token": {token}}, p.auth)
	if w.Code != http.StatusOK {
		e.Fatalf("introspect: %d %s", w.Code, w.Body)
	}
	return object(e.T, w.Body.Bytes())
}

func object(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return m
}

// wantError checks a JSON error of a machine endpoint.
func (e *env) wantError(w *httptest.ResponseRecorder, status int, code string) {
	e.Helper()
	if w.Code != status || object(e.T, w.Body.Bytes())["error"] != code {
		e.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, code)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		e.Errorf("Cache-Control is %q", w.Header().Get("Cache-Control"))
	}
}

// events lists the kinds of the audit events of a client, in order.
func (e *env) events(client string) []string {
	e.Helper()
	rows, err := e.store.UnsealedAudit(e.Context(), e.store, 1000)
	must(e.T, err)
	var kinds []string
	for _, r := range rows {
		m := object(e.T, r.Body)
		if m["client"] == client {
			kinds = append(kinds, fmt.Sprint(m["kind"]))
		}
	}
	return kinds
}

func (e *env) wantEvent(client, kind string) {
	e.Helper()
	if list := e.events(client); !slices.Contains(list, kind) {
		e.Errorf("no audit event %s among %v", kind, list)
	}
}

// sessionCookie signs the request in.
func (e *env) sessionCookie(sessionID string) func(*http.Request) {
	return func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "session", Value: session.Cookie(e.box, sessionID)})
	}
}
