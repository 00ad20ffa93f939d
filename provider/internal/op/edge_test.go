package op_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// What each request costs the store, with client and keys in memory: one commit for what changes something, none for what
// does not.
func TestStorageCallsPerRequest(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	key, jwks := keyPair(t, "k1")
	machine := e.add(credentials)
	signed := e.add(func(s *relyingparty.Settings) {
		credentials(s)
		s.TokenEndpointAuthMethod, s.JWKS = relyingparty.AuthPrivateKeyJWT, jwks
	})
	assertion := func() string {
		return signWith(t, jose.ES256, key, "k1", map[string]any{
			"iss": signed.ClientID, "sub": signed.ClientID, "aud": issuer, "jti": id.New(), "exp": e.clock.Now().Unix() + 60,
		})
	}
	got := e.login(p) // everything is in memory now
	e.post("/token", asClient, machine.basic)
	e.post("/token", asserting(assertion()))
	code := e.code(p)
	for _, c := range []struct {
		name, want string
		ask        func() *httptest.ResponseRecorder
	}{
		{"discovery", "0 transactions, 0 writes, 0 reads", func() *httptest.ResponseRecorder { return e.get("/.well-known/openid-configuration", nil) }},
		{"keys", "0 transactions, 0 writes, 0 reads", func() *httptest.ResponseRecorder { return e.get("/keys", nil) }},
		{"code", "1 transactions, 0 writes, 0 reads", func() *httptest.ResponseRecorder { return e.post("/token", p.exchange(code), p.auth) }},
		{"refresh", "1 transactions, 0 writes, 0 reads", func() *httptest.ResponseRecorder { return e.post("/token", p.refresh(got.Refresh), p.auth) }},
		{"client_credentials", "0 transactions, 1 writes, 0 reads", func() *httptest.ResponseRecorder { return e.post("/token", asClient, machine.basic) }},
		{"client_credentials, assertion", "1 transactions, 0 writes, 0 reads", func() *httptest.ResponseRecorder { return e.post("/token", asserting(assertion())) }},
		{"introspection", "0 transactions, 0 writes, 1 reads", func() *httptest.ResponseRecorder {
			return e.post("/introspect", url.Values{"token": {got.Access}}, p.auth)
		}},
		{"userinfo", "0 transactions, 0 writes, 1 reads", func() *httptest.ResponseRecorder { return e.userinfo(got.Access) }},
		{"forged refresh token", "0 transactions, 0 writes, 0 reads", func() *httptest.ResponseRecorder { return e.post("/token", p.refresh("a.1.b"), p.auth) }},
		{"forged access token", "0 transactions, 0 writes, 0 reads", func() *httptest.ResponseRecorder { return e.userinfo("x.y.z") }},
		{"wrong secret", "0 transactions, 1 writes, 0 reads", func() *httptest.ResponseRecorder {
			return e.post("/token", asClient, func(r *http.Request) { r.SetBasicAuth(p.ClientID, "wrong") })
		}},
	} {
		e.db.taken()
		w := c.ask()
		if n := e.db.taken(); n != c.want {
			t.Errorf("%s: %s, want %s (%d)", c.name, n, c.want, w.Code)
		}
	}
}

// The stock callback, which gives a code to any browser that knows a number, does not exist.
func TestNoStockCallback(t *testing.T) {
	e := newEnv(t)
	for _, path := range []string{"/authorize/callback", "/oauth/token", "/device_authorization", "/end_session", "/healthz"} {
		if w := e.get(path, url.Values{"id": {"1"}}); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Relying parties are other sites: their requests are lawful.
func TestCrossSiteRequestsAreServed(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	other := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://rp.bank.test")
	}
	if w := e.post("/authorize", p.authorize(), other); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/authorize?") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := e.get("/authorize", p.authorize(), other); w.Header().Get("Location") != "/login/flow" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	e.tokens(e.post("/token", p.exchange(e.code(p)), p.auth, other))
}

// No answer with a token, a claim or an error may be kept by anybody, and none is a guess of its type.
func TestNothingSecretIsCached(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"token": e.post("/token", p.refresh(got.Refresh), p.auth), "token error": e.post("/token", nil, p.auth), "token 401": e.post("/token", nil),
		"userinfo": e.userinfo(got.Access), "userinfo 401": e.get("/userinfo", nil), "introspect": e.post("/introspect", url.Values{"token": {got.Access}}, p.auth),
		"revoke": e.post("/revoke", url.Values{"token": {got.Access}}, p.auth), "authorize": e.get("/authorize", p.authorize()),
		"authorize error": e.get("/authorize", nil), "logout": e.get("/logout", nil),
	} {
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, w.Header().Get("Cache-Control"))
		}
	}
}
