package e2e_test

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// goClient is a relying party made of coreos/go-oidc and x/oauth2.
type goClient struct {
	oauth2.Config
	t        testing.TB
	in       *installation
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
}

// goClient discovers the provider, as a relying party does when it starts.
func (in *installation) goClient(t testing.TB, id string) *goClient {
	t.Helper()
	c := &goClient{t: t, in: in}
	provider, err := oidc.NewProvider(c.context(), in.issuer)
	if err != nil {
		t.Fatalf("go-oidc: discovery: %v", err)
	}
	c.provider = provider
	c.Config = oauth2.Config{ClientID: id, ClientSecret: in.secret[id], Endpoint: provider.Endpoint(), RedirectURL: callback,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess}}
	c.verifier = provider.Verifier(&oidc.Config{ClientID: id})
	return c
}

func (c *goClient) context() context.Context { return oidc.ClientContext(c.t.Context(), c.in.http) }

// attempt is one authorization request.
type attempt struct{ state, nonce, verifier, url string }

func (c *goClient) begin(more ...oauth2.AuthCodeOption) attempt {
	a := attempt{state: randomText(18), nonce: randomText(18), verifier: oauth2.GenerateVerifier()}
	a.url = c.AuthCodeURL(a.state, append(more, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier))...)
	return a
}

// tokens is what a relying party has after a login.
type tokens struct {
	*oauth2.Token
	id *oidc.IDToken
}

// redeem checks an authorization response and exchanges its code.
func (c *goClient) redeem(a attempt, got url.Values) tokens {
	c.t.Helper()
	if got.Get("state") != a.state || got.Get("iss") != c.in.issuer || got.Get("code") == "" {
		c.t.Fatalf("the authorization response is %v", got)
	}
	tk, err := c.Exchange(c.context(), got.Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		c.t.Fatalf("x/oauth2: exchange the code: %v", err)
	}
	out := c.verified(tk)
	if out.id.Nonce != a.nonce {
		c.t.Errorf("the ID token has nonce %q instead of %q", out.id.Nonce, a.nonce)
	}
	return out
}

// verified checks the ID token that came with tokens.
func (c *goClient) verified(tk *oauth2.Token) tokens {
	c.t.Helper()
	c.in.canary.keep("access token", tk.AccessToken)
	c.in.canary.keep("refresh token", tk.RefreshToken)
	raw, _ := tk.Extra("id_token").(string)
	c.in.canary.keep("ID token", raw)
	id, err := c.verifier.Verify(c.context(), raw)
	if err != nil {
		c.t.Fatalf("go-oidc: verify the ID token: %v", err)
	}
	return tokens{tk, id}
}

// login signs a person in with a browser of their own.
func (c *goClient) login(p *person, more ...oauth2.AuthCodeOption) tokens {
	c.t.Helper()
	a := c.begin(more...)
	return c.redeem(a, c.in.visitor(c.t).signIn(a.url, p).params())
}

// oauthCode is the error code of a failed request to the token endpoint, "" for success.
func oauthCode(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	retrieve, ok := err.(*oauth2.RetrieveError)
	if !ok {
		t.Fatalf("the token endpoint answered no OAuth error: %v", err)
	}
	return retrieve.ErrorCode
}

// decode reads JSON or fails the test.
func decode[T any](t testing.TB, text []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("not the JSON expected: %v: %s", err, text)
	}
	return v
}

// expired is a token that must be refreshed before it is used.
func expired(tk *oauth2.Token) *oauth2.Token { return &oauth2.Token{RefreshToken: tk.RefreshToken} }
