package op

import (
	"net/http"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/tx"
)

// clientCredentials gives a client a token about itself (RFC 6749 section 4.4). A JWT says everything, so that only the
// audit event is written; an opaque token needs a grant to stand for what it does not say.
func (h *Handler) clientCredentials(r *http.Request, f form, c *caller) (*oidc.AccessTokenResponse, error) {
	ctx, now := r.Context(), h.Now()
	scopes, err := clientScopes(f["scope"], c.client)
	if err != nil {
		return nil, err
	}
	signer, err := h.Keys.Signer(ctx, c.client.IDTokenAlgorithm())
	if err != nil {
		return nil, err
	}
	g := grant.Grant{
		Client: c.client.ClientID, Scopes: scopes, Audience: c.client.Audience, CreatedAt: now, ExpiresAt: now.Add(c.client.AccessLifetime()),
	}
	if c.client.OpaqueAccessTokens() {
		g.ID = id.New()
	}
	write := func(q tx.Q) error {
		if g.ID != "" {
			if err := h.Grants.InsertGrant(ctx, q, g); err != nil {
				return err
			}
		}
		return audit.Write(ctx, q, h.Audit, h.event(r, audit.TokenIssued, &g, now, map[string]string{
			"grant": relyingparty.GrantClientCredentials, "scope": strings.Join(scopes, " "),
		}))
	}
	if g.ID == "" && c.once == "" {
		err = write(h.DB) // one statement commits by itself
	} else {
		err = h.commit(ctx, c, write)
	}
	if err != nil {
		return nil, err
	}
	return h.issue(&g, scopes, c.client, signer, now)
}

// clientScopes keeps what makes sense without a person.
func clientScopes(asked string, client *relyingparty.Registered) ([]string, error) {
	allowed := func(s string) bool {
		return client.AllowsScope(s) && !slices.Contains(relyingparty.StandardScopes, s)
	}
	if asked == "" {
		var all []string
		for _, s := range client.Scopes {
			if allowed(s) {
				all = append(all, s)
			}
		}
		return all, nil
	}
	list := slices.Compact(slices.Sorted(strings.FieldsSeq(asked)))
	for _, s := range list {
		if !allowed(s) {
			return nil, &oauthError{code: codeInvalidScope, description: "the client is not registered for scope " + s + ", or it is about a person"}
		}
	}
	return list, nil
}
