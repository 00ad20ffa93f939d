// Package bank is "Banca Demo", a relying party of Varco on standard libraries alone: it signs people in by the
// authorization code flow with PKCE, reads the ID token, asks for a stronger login where it needs one, refreshes and signs out.
//
//	GET /login ──302──▶ provider ──▶ GET /callback ──▶ session ──▶ GET /account
//
// It owns its pages and its sessions, which live in memory. It knows nothing of Varco but the issuer's URL.
package bank

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Strong is the acr this bank asks for before it shows more than the balance.
const Strong = "urn:varco:sca"

// Config is what the bank needs to know. URL, Issuer, ClientID and ClientSecret are required.
type Config struct {
	URL          string // of the bank itself, without a path
	Issuer       string
	ClientID     string
	ClientSecret string
	AccountURL   string                  // the provider's page about the person; empty: no link
	Tips         func(lang string) []Tip // what to try, for the demo; nil: no page
	Log          *slog.Logger            // nil: slog.Default
}

// Tip is a person of the demo and what to try as them.
type Tip struct{ Name, Username, Password, Code, Try string }

// Bank answers the requests of browsers.
type Bank struct {
	config   Config
	handler  http.Handler
	sessions sessions

	mu       sync.Mutex
	provider *oidc.Provider // found at the first login: the bank may start before the provider does
	endOf    string         // end_session_endpoint
}

// New returns the bank.
func New(c Config) (*Bank, error) {
	if c.URL == "" || c.Issuer == "" || c.ClientID == "" || c.ClientSecret == "" {
		return nil, errors.New("bank: URL, Issuer, ClientID and ClientSecret are required")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	mux := http.NewServeMux()
	// No other site may post here in a customer's name.
	b := &Bank{config: c, handler: http.NewCrossOriginProtection().Handler(mux), sessions: sessions{all: map[string]*session{}}}
	mux.HandleFunc("GET /{$}", b.home)
	mux.HandleFunc("GET /try", b.tips)
	mux.HandleFunc("GET /login", b.login)
	mux.HandleFunc("GET /callback", b.callback)
	mux.HandleFunc("GET /account", b.account)
	mux.HandleFunc("POST /refresh", b.refresh)
	mux.HandleFunc("POST /logout", b.logout)
	mux.Handle("GET /static/", http.FileServerFS(static))
	return b, nil
}

// ServeHTTP implements http.Handler.
func (b *Bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' "+origin(b.config.Issuer))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	if !strings.HasPrefix(r.URL.Path, "/static/") {
		h.Set("Cache-Control", "no-store")
	}
	b.handler.ServeHTTP(w, r)
}

// client finds the provider and returns what the bank is to it.
func (b *Bank) client(ctx context.Context) (*oauth2.Config, *oidc.Provider, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.provider == nil {
		// The key set is fetched in this context later on, so it must not end with the request.
		p, err := oidc.NewProvider(context.WithoutCancel(ctx), b.config.Issuer)
		if err != nil {
			return nil, nil, err
		}
		var more struct {
			EndSession string `json:"end_session_endpoint"`
		}
		if err := p.Claims(&more); err != nil {
			return nil, nil, err
		}
		b.provider, b.endOf = p, more.EndSession
	}
	return &oauth2.Config{ClientID: b.config.ClientID, ClientSecret: b.config.ClientSecret, Endpoint: b.provider.Endpoint(),
		RedirectURL: b.config.URL + "/callback", Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess}}, b.provider, nil
}

// login sends the browser to the provider. state, nonce and PKCE verifier stay here, bound to this browser: an answer
// that comes back in another browser, or to another request, is refused (RFC 9700 section 2.1).
func (b *Bank) login(w http.ResponseWriter, r *http.Request) {
	client, _, err := b.client(r.Context())
	if err != nil {
		b.fail(w, r, http.StatusBadGateway, "provider_away", err)
		return
	}
	s := b.sessions.of(r)
	if s == nil {
		s = b.sessions.begin(w, b.secure())
	}
	pending := &pendingLogin{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier()}
	b.sessions.change(s, func(s *session) { s.Pending = pending })
	options := []oauth2.AuthCodeOption{oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier),
		oauth2.SetAuthURLParam("ui_locales", pageLanguage(r))}
	if r.URL.Query().Get("strong") != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", Strong))
	}
	http.Redirect(w, r, client.AuthCodeURL(pending.State, options...), http.StatusSeeOther)
}

// callback takes the provider's answer.
func (b *Bank) callback(w http.ResponseWriter, r *http.Request) {
	q, s := r.URL.Query(), b.sessions.of(r)
	if s == nil || s.Pending == nil || q.Get("state") != s.Pending.State {
		b.fail(w, r, http.StatusBadRequest, "other_browser", errors.New("state does not match"))
		return
	}
	pending := s.Pending
	b.sessions.change(s, func(s *session) { s.Pending = nil }) // an answer counts once
	if iss := q.Get("iss"); iss != "" && iss != b.config.Issuer {
		b.fail(w, r, http.StatusBadRequest, "login_failed", errors.New("the answer is another issuer's (RFC 9207)"))
		return
	}
	if code := q.Get("error"); code != "" {
		if code == "access_denied" {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		b.fail(w, r, http.StatusForbidden, "login_failed", errors.New(code+": "+q.Get("error_description")))
		return
	}
	client, provider, err := b.client(r.Context())
	if err != nil {
		b.fail(w, r, http.StatusBadGateway, "provider_away", err)
		return
	}
	token, err := client.Exchange(r.Context(), q.Get("code"), oauth2.VerifierOption(pending.Verifier))
	if err != nil {
		b.fail(w, r, http.StatusBadGateway, "login_failed", err)
		return
	}
	claims, raw, err := b.verify(r.Context(), provider, token)
	if err == nil && claims.Nonce != pending.Nonce {
		err = errors.New("nonce does not match")
	}
	if err != nil {
		b.fail(w, r, http.StatusBadGateway, "login_failed", err)
		return
	}
	// A new session id: one that was planted in the browser before the login is worth nothing after it.
	b.sessions.end(s)
	signedIn := b.sessions.begin(w, b.secure())
	b.sessions.change(signedIn, func(s *session) { s.Claims, s.IDToken, s.Token = claims, raw, token })
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// verify checks the ID token (OpenID Connect Core 3.1.3.7) and reads what this bank uses of it.
func (b *Bank) verify(ctx context.Context, p *oidc.Provider, token *oauth2.Token) (*Claims, string, error) {
	raw, _ := token.Extra("id_token").(string)
	idToken, err := p.Verifier(&oidc.Config{ClientID: b.config.ClientID, SupportedSigningAlgs: []string{oidc.ES256, oidc.RS256}}).Verify(ctx, raw)
	if err != nil {
		return nil, "", err
	}
	claims := &Claims{Nonce: idToken.Nonce}
	if err := idToken.Claims(claims); err != nil {
		return nil, "", err
	}
	if claims.Name != "" {
		return claims, raw, nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, "", err
	}
	if info.Subject != idToken.Subject { // Core 5.3.2: else the answer is about somebody else
		return nil, "", errors.New("userinfo is about another subject")
	}
	return claims, raw, info.Claims(&struct{ Name, Email *string }{&claims.Name, &claims.Email})
}

// Claims is what the bank reads of a login.
type Claims struct {
	Subject  string   `json:"sub"`
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
	Nonce    string   `json:"-"`
}

// refresh exchanges the refresh token for new tokens.
func (b *Bank) refresh(w http.ResponseWriter, r *http.Request) {
	s := b.sessions.of(r)
	if s == nil || s.Claims == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	client, _, err := b.client(r.Context())
	if err != nil {
		b.fail(w, r, http.StatusBadGateway, "provider_away", err)
		return
	}
	expired := &oauth2.Token{RefreshToken: s.Token.RefreshToken, Expiry: time.Unix(1, 0)}
	token, err := client.TokenSource(r.Context(), expired).Token()
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) { // signed out elsewhere, or blocked: the bank's session ends with it
		b.sessions.end(s)
		b.fail(w, r, http.StatusForbidden, "signed_out_elsewhere", err)
		return
	}
	if err != nil {
		b.fail(w, r, http.StatusBadGateway, "provider_away", err)
		return
	}
	b.sessions.change(s, func(s *session) { s.Token, s.Refreshed = token, time.Now() })
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// logout ends the bank's session, then the provider's (OpenID Connect RP-Initiated Logout 1.0).
func (b *Bank) logout(w http.ResponseWriter, r *http.Request) {
	s := b.sessions.of(r)
	if s == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	b.sessions.end(s)
	if _, _, err := b.client(r.Context()); err != nil || b.endOf == "" || s.IDToken == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	q := url.Values{"id_token_hint": {s.IDToken}, "post_logout_redirect_uri": {b.config.URL + "/"}, "client_id": {b.config.ClientID}}
	http.Redirect(w, r, b.endOf+"?"+q.Encode(), http.StatusSeeOther)
}

func (b *Bank) secure() bool { return strings.HasPrefix(b.config.URL, "https:") }

// strong says whether the login was strong customer authentication.
func (c *Claims) strong() bool { return c.ACR == Strong || slices.Contains(c.AMR, "mfa") }

func random() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
