package op

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/tx"
)

var (
	codeSyntax     = regexp.MustCompile(`^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$`)
	verifierSyntax = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
)

// redeemCode is the authorization code grant: one statement redeems the code and makes the grant, whatever the number of
// racers. Client, redirect URI and PKCE challenge are conditions of that statement, so a wrong one does not use up the code.
func (h *Handler) redeemCode(r *http.Request, f form, c *caller) (*oidc.AccessTokenResponse, error) {
	ctx, now := r.Context(), h.Now()
	code, verifier := f["code"], f["code_verifier"]
	switch {
	case code == "":
		return nil, invalidRequest("code is missing")
	case f["redirect_uri"] == "":
		return nil, invalidRequest("redirect_uri is missing")
	case verifier != "" && !verifierSyntax.MatchString(verifier):
		return nil, invalidRequest("code_verifier must be 43 to 128 unreserved characters (RFC 7636 section 4.1)")
	case verifier == "" && (c.client.Public() || !c.client.PKCEOptional):
		return nil, invalidRequest("code_verifier is missing")
	case !codeSyntax.MatchString(code):
		return nil, refusedCode
	}
	signer, err := h.Keys.Signer(ctx, c.client.IDTokenAlgorithm())
	if err != nil {
		return nil, err
	}
	flow, _, _ := strings.Cut(code, ".")
	want := grant.Redemption{
		Flow: flow, CodeHash: login.CodeHash(code), Client: c.client.ClientID, RedirectURI: f["redirect_uri"], Now: now,
		Grant: grant.Grant{ID: id.New(), CreatedAt: now, ExpiresAt: now.Add(grantLifetime(c.client))},
	}
	if verifier != "" {
		want.Challenge = oidc.NewSHACodeChallenge(verifier)
	}
	var g *grant.Grant
	err = h.commit(ctx, c, func(q tx.Q) (err error) {
		if g, err = h.Grants.Redeem(ctx, q, want); err != nil {
			return err
		}
		return audit.Write(ctx, q, h.Audit, h.event(r, audit.TokenIssued, g, now, map[string]string{
			"grant": relyingparty.GrantCode, "scope": strings.Join(g.Scopes, " "), "acr": g.ACR,
		}))
	})
	if fault.Is(err, fault.NotFound) {
		return nil, h.codeRefused(r, c, want)
	}
	if err != nil {
		return nil, err
	}
	answer, err := h.issue(g, g.Scopes, c.client, signer, now)
	if err != nil {
		return nil, err
	}
	if c.client.AllowsGrant(relyingparty.GrantRefresh) {
		answer.RefreshToken = refreshToken(h.Box, g.ID, g.Generation)
	}
	if slices.Contains(g.Scopes, oidc.ScopeOpenID) {
		answer.IDToken, err = h.idToken(ctx, g, g.Nonce, answer.AccessToken, c.client, signer, now)
	}
	return answer, err
}

// refusedCode is the one answer for every code that cannot be redeemed: which condition failed would help to guess the others.
var refusedCode = invalidGrant("the code is not valid, was used before, or was issued for another client, redirect_uri or code_verifier")

// codeRefused finds out whether a code that was not redeemed had been before. Then somebody stole it, either now or then,
// and everything it gave is revoked (RFC 6749 section 4.1.2), however long ago.
func (h *Handler) codeRefused(r *http.Request, c *caller, want grant.Redemption) error {
	ctx := r.Context()
	e := audit.Event{At: want.Now, Client: want.Client, Flow: want.Flow, Address: h.Address(r)}
	err := h.commit(ctx, c, func(q tx.Q) error {
		replayed, err := h.Grants.CodeReplayed(ctx, q, want.Flow, want.CodeHash, want.Now)
		switch {
		case err != nil:
			return err
		case replayed:
			e.Kind = audit.CodeReuseDetected
		case h.noise.allow("code:"+want.Client, want.Now): // anybody can send wrong codes in the name of a public client
			e.Kind, e.Data = audit.CodeRefused, map[string]string{"reason": "no_match"}
		default:
			return nil
		}
		return audit.Write(ctx, q, h.Audit, e)
	})
	if err != nil {
		return err
	}
	return refusedCode
}

// grantLifetime is how long a grant lives: as long as its refresh token, or its access token if there is none.
func grantLifetime(c *relyingparty.Registered) time.Duration {
	if c.AllowsGrant(relyingparty.GrantRefresh) {
		return max(c.RefreshLifetime(), c.AccessLifetime())
	}
	return c.AccessLifetime()
}
