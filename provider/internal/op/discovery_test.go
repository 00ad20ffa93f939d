package op_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/op"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// Discovery says what works and nothing else.
func TestDiscovery(t *testing.T) {
	e := newEnv(t)
	w := e.get("/.well-known/openid-configuration", nil)
	m := object(t, w.Body.Bytes())
	want := map[string]any{
		"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "userinfo_endpoint": issuer + "/userinfo",
		"jwks_uri": issuer + "/keys", "introspection_endpoint": issuer + "/introspect", "revocation_endpoint": issuer + "/revoke",
		"end_session_endpoint": issuer + "/logout", "response_types_supported": []any{"code"},
		"response_modes_supported": []any{"query", "fragment", "form_post"}, "grant_types_supported": []any{"authorization_code", "refresh_token", "client_credentials"},
		"subject_types_supported": []any{"public"}, "id_token_signing_alg_values_supported": []any{"ES256", "RS256"},
		"token_endpoint_auth_methods_supported":         []any{"none", "client_secret_basic", "client_secret_post", "private_key_jwt"},
		"introspection_endpoint_auth_methods_supported": []any{"client_secret_basic", "client_secret_post", "private_key_jwt"},
		"code_challenge_methods_supported":              []any{"S256"}, "acr_values_supported": []any{"urn:varco:1fa", "urn:varco:sca"},
		"ui_locales_supported": []any{"en", "it"}, "claims_parameter_supported": true, "request_parameter_supported": false,
		"request_uri_parameter_supported": false, "authorization_response_iss_parameter_supported": true,
		"prompt_values_supported": []any{"none", "login", "consent", "select_account"},
		"scopes_supported":        []any{"openid", "profile", "email", "phone", "address", "offline_access"},
	}
	for name, v := range want {
		if mustJSON(t, m[name]) != mustJSON(t, v) {
			t.Errorf("%s is %v, want %v", name, m[name], v)
		}
	}
	for name := range m {
		if strings.HasSuffix(name, "_endpoint") || strings.HasPrefix(name, "backchannel") || strings.HasPrefix(name, "check_session") {
			if _, expected := want[name]; !expected {
				t.Errorf("%s is advertised", name)
			}
		}
	}
	if slices.Contains(m["claims_supported"].([]any), any("iban")) {
		t.Error("a claim that never leaves is advertised")
	}
	if again := e.get("/.well-known/oauth-authorization-server", nil); again.Body.String() != w.Body.String() {
		t.Error("the RFC 8414 document differs")
	}
}

// Every endpoint that is advertised has a route, and every route answers what is advertised.
func TestEveryAdvertisedEndpointIsServed(t *testing.T) {
	e := newEnv(t)
	for name, v := range object(t, e.get("/.well-known/openid-configuration", nil).Body.Bytes()) {
		uri, ok := v.(string)
		if !ok || name == "issuer" {
			continue
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			_, pattern := e.mux.Handler(httptest.NewRequest(method, uri, nil))
			if pattern != "" {
				ok = false
			}
		}
		if ok {
			t.Errorf("%s %s has no route", name, uri)
		}
	}
}

func TestIssuerWithAPath(t *testing.T) {
	e := newEnvAt(t, issuer+"/op")
	m := object(t, e.get("/op/.well-known/openid-configuration", nil).Body.Bytes())
	if m["issuer"] != issuer+"/op" || m["token_endpoint"] != issuer+"/op/token" {
		t.Errorf("got %v", m)
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server/op", "/op/.well-known/oauth-authorization-server", "/op/keys"} {
		if w := e.get(path, nil); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	p := e.add(nil)
	w := e.post("/op/authorize", p.authorize())
	if !strings.HasPrefix(w.Header().Get("Location"), "/op/authorize?") {
		t.Errorf("%v", w.Header())
	}
	got := e.tokens(e.post("/op/token", p.exchange(e.code(p)), p.auth))
	if payload(t, got.ID)["iss"] != issuer+"/op" {
		t.Error("wrong iss")
	}
}

func TestIssuerIsChecked(t *testing.T) {
	e := newEnv(t)
	for iss, good := range map[string]bool{
		"https://id.bank.test": true, "https://id.bank.test:8443/op": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost:1": true,
		"http://id.bank.test": false, "https://id.bank.test/": false, "https://id.bank.test?x": false, "https://id.bank.test#": false, "id.bank.test": false,
		"": false, "https://ID.bank.test": false, "https://u@id.bank.test": false, "ftp://id.bank.test": false, "https://id.bank.test/a%20b": false,
	} {
		o := e.options()
		o.Issuer = iss
		if _, err := op.New(o); (err == nil) != good {
			t.Errorf("%q: %v", iss, err)
		}
	}
	o := e.options()
	o.Grants = nil
	if _, err := op.New(o); err == nil || !strings.Contains(err.Error(), "Grants") {
		t.Errorf("without a store: %v", err)
	}
}

func TestKeysAreServedWithBothAlgorithms(t *testing.T) {
	e := newEnv(t)
	w := e.get("/keys", nil)
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &set))
	var algs []string
	for _, k := range set.Keys {
		algs = append(algs, fmt.Sprint(k["alg"]))
		if k["kid"] == nil || k["use"] != "sig" {
			t.Errorf("key %v", k)
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, there := k[private]; there {
				t.Fatalf("the private member %q is published", private)
			}
		}
	}
	slices.Sort(algs)
	if strings.Join(algs, " ") != "ES256 RS256" {
		t.Errorf("algorithms %v", algs)
	}
}

func TestPublicDocumentsAreCacheable(t *testing.T) {
	e := newEnv(t)
	for _, path := range []string{"/.well-known/openid-configuration", "/keys"} {
		w := e.get(path, nil)
		h := w.Header()
		if h.Get("Cache-Control") != "public, max-age=300" || h.Get("ETag") == "" || h.Get("Content-Type") != "application/json" ||
			h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, h)
		}
		if w = e.get(path, nil, header("If-None-Match", h.Get("ETag"))); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Browser applications of registered origins may read answers, nobody else, and nobody with credentials.
func TestCORSForRegisteredOriginsAlone(t *testing.T) {
	e := newEnv(t)
	e.add(func(s *relyingparty.Settings) {
		public(s)
		s.RedirectURIs = []string{"https://SPA.bank.test:443/cb"}
	})
	e.add(nil) // confidential: its code does not run in a browser
	for _, path := range []string{"/token", "/userinfo", "/revoke"} {
		for origin, allowed := range map[string]bool{
			"https://spa.bank.test": true, "https://rp.bank.test": false, "https://evil.test": false, "null": false, "": false,
			"https://spa.bank.test.evil.test": false, "http://spa.bank.test": false,
		} {
			for _, method := range []string{http.MethodPost, http.MethodOptions} {
				r := httptest.NewRequest(method, issuer+path, nil)
				if origin != "" {
					r.Header.Set("Origin", origin)
				}
				h := e.do(r).Header()
				if (h.Get("Access-Control-Allow-Origin") == origin && origin != "") != allowed || !allowed && h.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s %s from %q: %v", method, path, origin, h)
				}
				if h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Vary") != "Origin" {
					t.Errorf("%s %s from %q: %v", method, path, origin, h)
				}
			}
		}
	}
	w := e.do(httptest.NewRequest(http.MethodOptions, issuer+"/introspect", nil))
	if w.Header().Get("Access-Control-Allow-Methods") != "" {
		t.Error("introspection is for servers")
	}
	r := httptest.NewRequest(http.MethodOptions, issuer+"/keys", nil)
	if w = e.do(r); w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// A database that does not answer: 503 with Retry-After, for machines in JSON and for people as a page; nothing is answered
// from guesses.
func TestOutageOfTheStore(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got, code := e.login(p), e.code(p)
	slow, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	down := func(r *http.Request) { *r = *r.WithContext(slow) }

	check := func(t *testing.T, machine bool, w *httptest.ResponseRecorder) {
		t.Helper()
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
		}
		if machine && object(t, w.Body.Bytes())["error"] != "temporarily_unavailable" || !machine && w.Body.String() != "error page unavailable" {
			t.Errorf("%s", w.Body)
		}
	}
	for _, cached := range []bool{true, false} {
		for name, ask := range map[string]func() *httptest.ResponseRecorder{
			"code":    func() *httptest.ResponseRecorder { return e.post("/token", p.exchange(code), p.auth, down) },
			"refresh": func() *httptest.ResponseRecorder { return e.post("/token", p.refresh(got.Refresh), p.auth, down) },
			"userinfo": func() *httptest.ResponseRecorder {
				return e.get("/userinfo", nil, header("Authorization", "Bearer "+got.Access), down)
			},
			"introspect": func() *httptest.ResponseRecorder {
				return e.post("/introspect", url.Values{"token": {got.Access}}, p.auth, down)
			},
			"revoke": func() *httptest.ResponseRecorder {
				return e.post("/revoke", url.Values{"token": {got.Refresh}}, p.auth, down)
			},
		} {
			t.Run(fmt.Sprint(name, " cached ", cached), func(t *testing.T) { check(t, true, ask()) })
		}
		// What is public and in memory goes on; what is not is not made up.
		if w := e.get("/keys", nil, down); (w.Code == http.StatusOK) != cached {
			t.Errorf("keys, cached %v: %d", cached, w.Code)
		}
		e.cache.Invalidate()
		e.keys.Invalidate()
	}
	check(t, false, e.get("/authorize", p.authorize(), down))
	check(t, false, e.get("/logout", nil, e.sessionCookie(e.session), down))
	// It recovers by itself, and the code was not used up.
	e.tokens(e.post("/token", p.exchange(code), p.auth))
}

func TestMachineEndpointsBoundAndTypeTheBody(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	for _, path := range []string{"/token", "/introspect", "/revoke"} {
		e.wantError(e.post(path, url.Values{"token": {"x"}}, p.auth, header("Content-Type", "application/json")), 400, "invalid_request")
		e.wantError(e.post(path, url.Values{"x": {strings.Repeat("y", 70<<10)}}, p.auth), 413, "invalid_request")
		e.wantError(e.post(path, url.Values{"token": {strings.Repeat("y", 20<<10)}, "code": {strings.Repeat("y", 20<<10)}}, p.auth), 400, "invalid_request")
		if w := e.get(path, nil); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
}
