package op

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/tx"
)

// fixedBox derives as a Box does, without keys.
type fixedBox struct{}

func (fixedBox) Seal(sealing.Class, []byte, ...string) ([]byte, error) { return nil, nil }
func (fixedBox) Open(sealing.Class, []byte, ...string) ([]byte, error) { return nil, nil }
func (fixedBox) MAC(p sealing.Purpose, parts ...string) [32]byte {
	return sha256.Sum256([]byte(string(p) + "|" + strings.Join(parts, "|")))
}

// oneClient is a registry of one, and keys of none.
type oneClient struct{ client relyingparty.Registered }

func (c *oneClient) Registered(_ context.Context, id string) (*relyingparty.Registered, error) {
	if id != c.client.ClientID {
		return nil, fault.New(fault.NotFound, "no such client")
	}
	return &c.client, nil
}
func (*oneClient) AllowsOrigin(context.Context, string) (bool, error)         { return false, nil }
func (*oneClient) Signer(context.Context, string) (*signingkey.Signer, error) { return nil, nil }
func (*oneClient) Keys(context.Context) (*signingkey.Set, error)              { return &signingkey.Set{}, nil }

type noAudit struct{}

func (noAudit) InsertAudit(context.Context, tx.Q, []audit.Row) error { return nil }

func fuzzed() *Handler {
	c := &oneClient{relyingparty.Registered{Client: relyingparty.Client{Settings: relyingparty.Settings{
		ClientID: "rp", RedirectURIs: []string{"https://rp.test/cb"}, TokenEndpointAuthMethod: relyingparty.AuthPrivateKeyJWT,
	}}}}
	return &Handler{Options: Options{
		Issuer: "https://id.test", Clients: c, Keys: c, Box: fixedBox{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Audit: noAudit{}, Address: func(*http.Request) string { return "" },
	}}
}

func FuzzAuthorizeParameters(f *testing.F) {
	const good = "client_id=rp&redirect_uri=https%3A%2F%2Frp.test%2Fcb&response_type=code&scope=openid&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	f.Add(good)
	f.Add(good + "&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22values%22%3A%5B%22a%22%5D%7D%7D%7D&max_age=1&prompt=none&state=x")
	f.Add(good + "&id_token_hint=eyJhbGciOiJFUzI1NiJ9.bnVsbA.AAAA")
	f.Add("a=%zz&;&==&&state=%00")
	h := fuzzed()
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "https://id.test/authorize", nil)
		r.URL.RawQuery = query
		params, err := readForm(httptest.NewRecorder(), r, authorizeParams, true)
		for name, value := range params {
			if !authorizeParams[name] || strings.ContainsRune(value, 0) {
				t.Fatalf("%q=%q", name, value)
			}
		}
		client, e := h.Clients.Registered(t.Context(), params["client_id"])
		if err != nil || e != nil {
			return
		}
		req, err := h.authorizationRequest(t.Context(), params, client)
		if err != nil {
			return
		}
		if len(req.Challenge) != 43 || len(req.Scopes) == 0 || len(req.Scopes) > maxScopes || req.MaxAge != nil && *req.MaxAge < 0 || req.SubjectHint != "" && params["claims"] == "" {
			t.Fatalf("accepted %+v", req)
		}
		again := form{}
		if err := again.add(params.encode(), authorizeParams); err != nil || len(again) != len(params) {
			t.Fatalf("%q does not survive the way through a URL: %v", query, err)
		}
	})
}

func FuzzRefreshToken(f *testing.F) {
	f.Add(refreshToken(fixedBox{}, id.New(), 7))
	f.Add("..")
	f.Add("a.-1.b")
	f.Fuzz(func(t *testing.T, token string) {
		g, n, ok := parseRefresh(fixedBox{}, token)
		if ok && refreshToken(fixedBox{}, g, n) != token {
			t.Fatalf("%q reads as %s %d", token, g, n)
		}
	})
}

func FuzzOpaqueAccessToken(f *testing.F) {
	h := fuzzed()
	a := access{jti: newJTI(id.New()), scopes: []string{"openid"}, issued: time.Unix(1e9, 0), expires: time.Unix(1e9+300, 0)}
	f.Add(a.opaque(h.Box, []string{"profile", "openid"}))
	f.Add("a.b.c.d")
	f.Add("...")
	f.Fuzz(func(t *testing.T, token string) {
		if got, _, err := h.parseOpaque(token); err == nil && !strings.HasPrefix(token, got.jti+".") {
			t.Fatalf("%q reads as %+v", token, got)
		}
		// With a good MAC on whatever it is: the rest must hold by itself.
		_, _, _ = h.parseOpaque(token + "." + accessMAC(h.Box, token))
	})
}

func FuzzJWTAccessToken(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOlsxXX0.AAAA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	h := fuzzed()
	f.Fuzz(func(t *testing.T, token string) {
		if a, err := h.parseJWT(t.Context(), token); err == nil {
			t.Fatalf("%q reads as %+v without a key", token, a)
		}
		if c, err := h.readHint(t.Context(), token); err == nil {
			t.Fatalf("%q is a hint %+v without a key", token, c)
		}
	})
}

func FuzzClientAssertion(f *testing.F) {
	body := func(s string) string { return "e30." + base64.RawURLEncoding.EncodeToString([]byte(s)) + ".AAAA" }
	f.Add(body(`{"iss":"rp","sub":"rp","aud":"https://id.test","jti":"1","exp":1}`))
	f.Add(body(`{"iss":"rp","aud":[1]}`))
	f.Add(body(`null`))
	f.Add(body(`{"exp":1e400}`))
	h := fuzzed()
	f.Fuzz(func(t *testing.T, token string) {
		claims, payload, err := parseAssertion(token)
		if err != nil {
			return
		}
		if claims == nil || payload == nil {
			t.Fatal("nothing, and no error")
		}
		if h.checkAssertion(claims) == nil && (claims.ID == "" || claims.Issuer != claims.Subject || len(claims.Audience) == 0) {
			t.Fatalf("accepted %+v", claims)
		}
		r := httptest.NewRequest(http.MethodPost, "https://id.test/token", nil)
		if c, err := h.authenticate(r, form{"client_assertion": token, "client_assertion_type": assertionType}, true); err == nil {
			t.Fatalf("authenticated %s without a key", c.client.ClientID)
		}
	})
}

func FuzzBasicAuthorization(f *testing.F) {
	f.Add("Basic " + base64.StdEncoding.EncodeToString([]byte("rp:secret")))
	f.Add("Basic " + base64.StdEncoding.EncodeToString([]byte("%zz:%")))
	f.Add("basic  x")
	f.Fuzz(func(t *testing.T, value string) {
		id, secret, ok, err := basicCredentials(http.Header{"Authorization": {value}})
		if ok != (err == nil) || ok && (id == "" || secret == "") {
			t.Fatalf("%q: %q %q %v %v", value, id, secret, ok, err)
		}
	})
}

func FuzzLogoutParameters(f *testing.F) {
	f.Add("client_id=rp&post_logout_redirect_uri=https%3A%2F%2Frp.test%2Fbye&state=x")
	f.Add("id_token_hint=..&state=%00")
	h := fuzzed()
	h.ErrorPage = func(w http.ResponseWriter, _ *http.Request, status int, _ string) { w.WriteHeader(status) }
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "https://id.test/logout", nil)
		r.URL.RawQuery = query
		params, err := readForm(httptest.NewRecorder(), r, logoutParams, true)
		if err != nil {
			return
		}
		if l, err := h.readLogout(httptest.NewRecorder(), r, params); err == nil && l != nil && (l.to != "" || l.hint != nil) {
			t.Fatalf("%q leads to %q", query, l.to) // the client has no such URI, and there are no keys
		}
	})
}

// strictGrants is a store that holds nothing and fails the test when it is asked for what cannot be a code of ours.
type strictGrants struct {
	grant.Store
	t *testing.T
}

func (g strictGrants) Redeem(_ context.Context, _ tx.Q, r grant.Redemption) (*grant.Grant, error) {
	if len(r.Flow) != 22 || strings.Trim(r.Flow, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || len(r.CodeHash) != 32 || len(r.Challenge) != 43 {
		g.t.Fatalf("the store was asked for %+v", r)
	}
	return nil, fault.New(fault.NotFound, "no such code")
}

func (strictGrants) CodeReplayed(context.Context, tx.Q, string, []byte, time.Time) (bool, error) {
	return false, nil
}

// noDB runs transactions of nothing.
type noDB struct{ tx.DB }

func (noDB) InTx(_ context.Context, fn func(tx.Q) error) error { return fn(nil) }

func FuzzAuthorizationCode(f *testing.F) {
	f.Add(login.CodeFor(fixedBox{}, id.New(), 2), strings.Repeat("v", 43))
	f.Add("a.b", "short")
	h := fuzzed()
	h.DB = noDB{}
	client, err := h.Clients.Registered(context.Background(), "rp")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code, verifier string) {
		own := Handler{Options: h.Options}
		own.Grants = strictGrants{t: t}
		r := httptest.NewRequest(http.MethodPost, "https://id.test/token", nil)
		params := form{"grant_type": "authorization_code", "code": code, "redirect_uri": "https://rp.test/cb", "code_verifier": verifier}
		if _, err := own.exchange(r, params, &caller{client: client}); err == nil {
			t.Fatalf("%q was redeemed", code)
		}
	})
}
