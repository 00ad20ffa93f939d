package op

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/tx"
)

var refusedRefresh = invalidGrant("the refresh token is not valid, has expired, was revoked, or was issued to another client")

// refresh is the refresh token grant (RFC 6749 section 6), with rotation and detection of reuse (RFC 9700 section 4.14.2).
func (h *Handler) refresh(r *http.Request, f form, c *caller) (*oidc.AccessTokenResponse, error) {
	ctx, now := r.Context(), h.Now()
	if f["refresh_token"] == "" {
		return nil, invalidRequest("refresh_token is missing")
	}
	grantID, generation, ok := parseRefresh(h.Box, f["refresh_token"])
	if !ok {
		return nil, refusedRefresh
	}
	signer, err := h.Keys.Signer(ctx, c.client.IDTokenAlgorithm())
	if err != nil {
		return nil, err
	}
	var g *grant.Grant
	var scopes []string
	err = h.commit(ctx, c, func(q tx.Q) (err error) {
		if g, err = h.advance(ctx, q, c, grantID, generation, now); err != nil {
			return err
		}
		if scopes, err = narrow(f["scope"], g.Scopes); err != nil {
			return err // rolled back: the token that came is still good
		}
		return audit.Write(ctx, q, h.Audit, h.event(r, audit.TokenRefreshed, g, now, map[string]string{"scope": strings.Join(scopes, " ")}))
	})
	if fault.Is(err, fault.Conflict) {
		return nil, h.refreshRefused(r, c, grantID, generation, now)
	}
	if err != nil {
		return nil, err
	}
	answer, err := h.issue(g, scopes, c.client, signer, now)
	if err != nil {
		return nil, err
	}
	answer.RefreshToken = refreshToken(h.Box, g.ID, g.Generation)
	if slices.Contains(scopes, oidc.ScopeOpenID) {
		// Without the nonce, which belongs to the authorization request alone (OIDC Core 12.2).
		answer.IDToken, err = h.idToken(ctx, g, "", answer.AccessToken, c.client, signer, now)
	}
	return answer, err
}

// advance moves the grant to its next generation, or keeps it for a client that cannot store a new token each time.
// fault.Conflict when the token is not the grant's current one, for whatever reason.
func (h *Handler) advance(ctx context.Context, q tx.Q, c *caller, grantID string, generation int64, now time.Time) (*grant.Grant, error) {
	if !c.client.NoRefreshRotation || c.client.Public() {
		return h.Grants.Rotate(ctx, q, grantID, c.client.ClientID, generation, now)
	}
	g, alive, err := h.Grants.Live(ctx, q, grantID, "", now)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Wrap(fault.Conflict, err, "no such grant")
	}
	if err != nil {
		return nil, err
	}
	if !alive || g.Client != c.client.ClientID || g.Generation != generation || !now.Before(g.ExpiresAt) {
		return nil, fault.New(fault.Conflict, "not the current refresh token")
	}
	return &g.Grant, nil
}

// refreshRefused tells reuse from the harmless cases. A token of an earlier generation with a good MAC was issued by us and
// rotated since: it is in two hands, and nobody can tell which is the thief's, so the whole grant goes.
func (h *Handler) refreshRefused(r *http.Request, c *caller, grantID string, generation int64, now time.Time) error {
	ctx := r.Context()
	err := h.commit(ctx, c, func(q tx.Q) error {
		g, err := h.Grants.Grant(ctx, q, grantID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if g.Client != c.client.ClientID || generation >= g.Generation || !g.RevokedAt.IsZero() || !now.Before(g.ExpiresAt) {
			return nil
		}
		if err := h.Grants.Revoke(ctx, q, grantID, now); err != nil {
			return err
		}
		return audit.Write(ctx, q, h.Audit, h.event(r, audit.TokenReuseDetected, g, now, nil))
	})
	if err != nil {
		return err
	}
	return refusedRefresh
}

var errNarrow = &oauthError{code: codeInvalidScope, description: "a refresh may ask for fewer scopes than were granted, not for others"}

// narrow returns the scopes of the new access token. Claims asked for by name stay with openid.
func narrow(asked string, granted []string) ([]string, error) {
	if asked == "" {
		return granted, nil
	}
	list := strings.Fields(asked)
	for _, s := range list {
		if internalScope(s) || !slices.Contains(granted, s) {
			return nil, errNarrow
		}
	}
	if len(list) == 0 {
		return nil, errNarrow
	}
	return list, nil
}
