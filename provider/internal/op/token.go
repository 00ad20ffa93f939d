package op

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/signingkey"
)

var tokenParams = names("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope",
	"client_id", "client_secret", "client_assertion", "client_assertion_type")

// token is the token endpoint (RFC 6749 section 3.2): the client is authenticated first, then one transaction does everything.
func (h *Handler) token(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r, tokenParams, false)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	c, err := h.authenticate(r, f, true)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answer, err := h.exchange(r, f, c)
	if err != nil {
		h.settle(r.Context(), c)
		h.fail(w, r, err)
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

func (h *Handler) exchange(r *http.Request, f form, c *caller) (*oidc.AccessTokenResponse, error) {
	var serve func(*http.Request, form, *caller) (*oidc.AccessTokenResponse, error)
	switch f["grant_type"] {
	case relyingparty.GrantCode:
		serve = h.redeemCode
	case relyingparty.GrantRefresh:
		serve = h.refresh
	case relyingparty.GrantClientCredentials:
		serve = h.clientCredentials
	case "":
		return nil, invalidRequest("grant_type is missing")
	default:
		return nil, &oauthError{code: codeUnsupportedGrantType, description: "grant_type must be authorization_code, refresh_token or client_credentials"}
	}
	if !c.client.AllowsGrant(f["grant_type"]) {
		return nil, &oauthError{code: codeUnauthorizedClient, description: "the client is not registered for this grant_type"}
	}
	return serve(r, f, c)
}

// issue makes the tokens of a grant. scopes are those of the access token, internal ones included. Keys were fetched before
// the commit, so that nothing is left that can fail for want of a dependency once the code is spent.
func (h *Handler) issue(g *grant.Grant, scopes []string, client *relyingparty.Registered, signer *signingkey.Signer, now time.Time) (*oidc.AccessTokenResponse, error) {
	expires := now.Add(client.AccessLifetime())
	if expires.After(g.ExpiresAt) {
		expires = g.ExpiresAt
	}
	a := &access{
		grant: g.ID, jti: newJTI(g.ID), client: g.Client, subject: g.Subject, audience: audienceOf(g.Client, g.Audience),
		scopes: publicScopes(scopes), acr: g.ACR, amr: g.AMR, authTime: g.AuthTime, issued: now, expires: expires, cooling: coolingOf(g, now),
	}
	token, err := h.accessToken(a, client, signer, g.Scopes)
	if err != nil {
		return nil, err
	}
	return &oidc.AccessTokenResponse{
		AccessToken: token, TokenType: oidc.BearerToken, ExpiresIn: uint64(max(0, expires.Unix()-now.Unix())), Scope: a.scopes,
	}, nil
}

func (h *Handler) accessToken(a *access, client *relyingparty.Registered, signer *signingkey.Signer, granted []string) (string, error) {
	if client.OpaqueAccessTokens() {
		return a.opaque(h.Box, granted), nil
	}
	token, err := a.jwt(h.Issuer, signer)
	if err == nil {
		// UserInfo is asked within milliseconds in most logins: a signature made here needs no verification here.
		h.verified.put(sha256.Sum256([]byte(token)), seenJWT{signer.KeyID, a.asRead()})
	}
	return token, err
}

// event is an audit event about a grant.
func (h *Handler) event(r *http.Request, kind audit.Kind, g *grant.Grant, now time.Time, data map[string]string) audit.Event {
	if data == nil {
		data = map[string]string{}
	}
	data["token_family"] = g.ID
	return audit.Event{
		At: now, Kind: kind, Subject: g.Subject, Client: g.Client, Flow: g.Flow, Session: g.Session, Address: h.Address(r), Data: data,
	}
}
