package op

import (
	"errors"
	"net/http"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/tx"
)

// revoke takes a token out of use (RFC 7009): a refresh token takes everything of its grant along, an access token goes
// alone. A token that is not good is no error, because what the client wanted is so.
func (h *Handler) revoke(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r, tokenQueryParams, false)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	c, err := h.authenticate(r, f, true)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if f["token"] == "" {
		err = invalidRequest("token is missing")
	} else if grantID, _, ok := parseRefresh(h.Box, f["token"]); ok {
		err = h.revokeGrant(r, c, grantID)
	} else {
		err = h.revokeAccess(r, c, f["token"])
	}
	if err == nil {
		err = h.spend(r.Context(), h.DB, c)
	} else {
		h.settle(r.Context(), c)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

var errForeignToken = &oauthError{code: codeUnauthorizedClient, description: "the token was issued to another client"}

func (h *Handler) revokeGrant(r *http.Request, c *caller, grantID string) error {
	ctx, now := r.Context(), h.Now()
	return h.commit(ctx, c, func(q tx.Q) error {
		g, err := h.Grants.Grant(ctx, q, grantID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if g.Client != c.client.ClientID {
			return errForeignToken
		}
		if !g.RevokedAt.IsZero() {
			return nil
		}
		if err := h.Grants.Revoke(ctx, q, grantID, now); err != nil {
			return err
		}
		return audit.Write(ctx, q, h.Audit, h.event(r, audit.TokenRevoked, g, now, map[string]string{"reason": "client", "kind": "refresh"}))
	})
}

func (h *Handler) revokeAccess(r *http.Request, c *caller, token string) error {
	ctx, now := r.Context(), h.Now()
	a, err := h.readAccess(ctx, token)
	if errors.Is(err, errInactive) {
		return nil
	}
	if err != nil {
		return err
	}
	if a.client != c.client.ClientID {
		return errForeignToken
	}
	g := &grant.Grant{Client: a.client}
	if a.held != nil {
		g = &a.held.Grant
	}
	return h.commit(ctx, c, func(q tx.Q) error {
		if err := h.Grants.RevokeAccess(ctx, q, a.jti, a.expires); err != nil {
			return err
		}
		return audit.Write(ctx, q, h.Audit, h.event(r, audit.TokenRevoked, g, now, map[string]string{"reason": "client", "kind": "access"}))
	})
}
