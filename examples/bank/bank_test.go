package bank

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// idp is a small provider that signs in whoever comes, and keeps what it was asked.
type idp struct {
	*httptest.Server
	key   *ecdsa.PrivateKey
	mu    sync.Mutex
	asked url.Values // of the last authorization request
	// What it does wrong.
	nonce, subject string
	refuse         bool // the refresh token
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{key: key, subject: "sub-anna"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo", "end_session_endpoint": p.URL + "/logout",
			"id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = r.URL.Query()
		back := url.Values{"code": {"the-code"}, "state": {p.asked.Get("state")}, "iss": {p.URL}}
		http.Redirect(w, r, p.asked.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) { p.token(t, w, r) })
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, map[string]string{"sub": p.subject, "name": "Anna Rossi", "email": "anna@example.com"})
	})
	mux.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("post_logout_redirect_uri"), http.StatusSeeOther)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *idp) token(t *testing.T, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	if id != "bank" || secret != "a-secret" {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	if r.FormValue("grant_type") == "refresh_token" && (p.refuse || r.FormValue("refresh_token") != "refresh-1") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		answer(t, w, map[string]string{"error": "invalid_grant"})
		return
	}
	acr, amr := "urn:varco:1fa", []string{"pwd"}
	if p.asked.Get("acr_values") == Strong {
		acr, amr = Strong, []string{"pwd", "otp", "mfa"}
	}
	nonce := p.asked.Get("nonce")
	if p.nonce != "" {
		nonce = p.nonce
	}
	now := time.Now()
	payload, err := json.Marshal(map[string]any{"iss": p.URL, "sub": "sub-anna", "aud": "bank", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(),
		"auth_time": now.Unix(), "nonce": nonce, "acr": acr, "amr": amr})
	if err != nil {
		t.Error(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "k"}}, nil)
	if err != nil {
		t.Error(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Error(err)
	}
	idToken, err := jws.CompactSerialize()
	if err != nil {
		t.Error(err)
	}
	answer(t, w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300, "refresh_token": "refresh-1", "id_token": idToken})
}

func answer(t *testing.T, w http.ResponseWriter, v any) {
	t.Helper()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		t.Error(err)
	}
}

// browser keeps cookies and follows redirects.
func newBank(t *testing.T, p *idp) (base string, browser *http.Client) {
	t.Helper()
	var b *Bank
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	var err error
	b, err = New(Config{URL: server.URL, Issuer: p.URL, ClientID: "bank", ClientSecret: "a-secret", AccountURL: p.URL + "/account", Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return server.URL, newBrowser(t)
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func get(t *testing.T, c *http.Client, url string) (int, string, *http.Response) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, res)
}

func post(t *testing.T, c *http.Client, url string, header http.Header) (int, string, *http.Response) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, res)
}

func read(t *testing.T, res *http.Response) (int, string, *http.Response) {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, html.UnescapeString(string(body)), res
}

func TestLogin(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	base, browser := newBank(t, p)
	if _, body, _ := get(t, browser, base+"/"); !strings.Contains(body, "Accesso clienti") {
		t.Errorf("home:\n%s", body)
	}
	_, body, res := get(t, browser, base+"/login")
	if res.Request.URL.Path != "/account" || !strings.Contains(body, "Anna Rossi") || !strings.Contains(body, "Un solo fattore") || !strings.Contains(body, "step-up") {
		t.Fatalf("after login at %s:\n%s", res.Request.URL, body)
	}
	if p.asked.Get("code_challenge_method") != "S256" || p.asked.Get("nonce") == "" || p.asked.Get("ui_locales") != "it" {
		t.Errorf("authorization request: %v", p.asked)
	}
	_, body, _ = get(t, browser, base+"/login?strong=1")
	if !strings.Contains(body, "due fattori") || !strings.Contains(body, "la password + un codice monouso") || strings.Contains(body, "step-up") {
		t.Errorf("after step-up:\n%s", body)
	}
	if _, body, _ = post(t, browser, base+"/refresh", nil); !strings.Contains(body, "Token rinnovati alle") {
		t.Errorf("after refresh:\n%s", body)
	}
	_, _, res = post(t, browser, base+"/logout", nil)
	if res.Request.URL.String() != base+"/" || res.Request.Referer() == "" {
		t.Errorf("after logout at %s", res.Request.URL)
	}
	if _, _, res = get(t, browser, base+"/account"); res.Request.URL.Path != "/" {
		t.Error("signed out, and the account is still shown")
	}
}

// TestRefused: whatever does not belong to a login begun in this browser signs nobody in.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		idp  func(*idp)
		path func(state string) string
		want int
	}{
		"other state":     {nil, func(string) string { return "/callback?code=x&state=guess" }, http.StatusBadRequest},
		"no state":        {nil, func(string) string { return "/callback?code=x" }, http.StatusBadRequest},
		"other issuer":    {nil, func(s string) string { return "/callback?code=x&iss=https://evil.example&state=" + s }, http.StatusBadRequest},
		"error":           {nil, func(s string) string { return "/callback?error=server_error&state=" + s }, http.StatusForbidden},
		"other nonce":     {func(p *idp) { p.nonce = "replayed" }, func(s string) string { return "/callback?code=x&state=" + s }, http.StatusBadGateway},
		"other subject":   {func(p *idp) { p.subject = "sub-eve" }, func(s string) string { return "/callback?code=x&state=" + s }, http.StatusBadGateway},
		"good":            {nil, func(s string) string { return "/callback?code=x&state=" + s }, http.StatusOK},
		"cancelled by me": {nil, func(s string) string { return "/callback?error=access_denied&state=" + s }, http.StatusOK},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			if tc.idp != nil {
				tc.idp(p)
			}
			base, browser := newBank(t, p)
			stay := *browser
			stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			_, _, res := get(t, &stay, base+"/login")
			to, err := res.Location()
			if err != nil {
				t.Fatal(err)
			}
			p.mu.Lock()
			p.asked = to.Query()
			p.mu.Unlock()
			status, body, _ := get(t, browser, base+tc.path(to.Query().Get("state")))
			if status != tc.want {
				t.Errorf("status %d, want %d:\n%s", status, tc.want, body)
			}
			if signedIn := strings.Contains(body, "Anna Rossi"); signedIn != (name == "good") {
				t.Errorf("signed in: %v", signedIn)
			}
			// The answer of a browser that began nothing, with the right state, counts as little.
			if status, _, _ := get(t, newBrowser(t), base+"/callback?code=x&state="+to.Query().Get("state")); status != http.StatusBadRequest {
				t.Errorf("another browser: status %d", status)
			}
		})
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	base, browser := newBank(t, p)
	req, err := http.NewRequest(http.MethodGet, base+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "en-GB,en;q=0.9")
	res, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := read(t, res)
	if !strings.Contains(body, "Customer sign-in") || !strings.Contains(body, `<html lang="en">`) {
		t.Errorf("an English browser gets:\n%s", body)
	}
	if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self' "+p.URL) {
		t.Errorf("policy: %s", csp)
	}
	if status, _, _ := get(t, browser, base+"/try"); status != http.StatusNotFound {
		t.Errorf("tips outside a demo: %d", status)
	}
	if status, _, _ := post(t, browser, base+"/logout", http.Header{"Sec-Fetch-Site": {"cross-site"}}); status != http.StatusForbidden {
		t.Errorf("a post from another site: %d", status)
	}
	for lang, words := range texts {
		for key := range texts["it"] {
			if words[key] == "" {
				t.Errorf("%s: the text %s is missing", lang, key)
			}
		}
		if len(words) != len(texts["it"]) {
			t.Errorf("%s has %d texts, Italian %d", lang, len(words), len(texts["it"]))
		}
	}
}

// TestSignedOutElsewhere: a refresh token that the provider takes back ends the bank's session, too.
func TestSignedOutElsewhere(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	base, browser := newBank(t, p)
	get(t, browser, base+"/login")
	p.mu.Lock()
	p.refuse = true
	p.mu.Unlock()
	if status, body, _ := post(t, browser, base+"/refresh", nil); status != http.StatusForbidden || !strings.Contains(body, "finita altrove") {
		t.Errorf("status %d:\n%s", status, body)
	}
	if _, _, res := get(t, browser, base+"/account"); res.Request.URL.Path != "/" {
		t.Error("the bank's session outlived the provider's")
	}
}

// TestProviderAway: the bank starts before its provider and says so in words.
func TestProviderAway(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	p.Close()
	base, browser := newBank(t, p)
	if status, body, _ := get(t, browser, base+"/login"); status != http.StatusBadGateway || !strings.Contains(body, "non risponde") {
		t.Errorf("status %d:\n%s", status, body)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration is accepted")
	}
}
