package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
)

var tokenQueryParams = names("token", "token_type_hint", "client_id", "client_secret", "client_assertion", "client_assertion_type")

// introspection is what a resource server learns (RFC 7662 section 2.2, RFC 9470 section 6.2). The library's type is not
// used for its size: it has a field for every standard claim, none of which we give away here.
type introspection struct {
	Active    bool     `json:"active"`
	Issuer    string   `json:"iss,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Client    string   `json:"client_id,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	ID        string   `json:"jti,omitempty"`
	Issued    int64    `json:"iat,omitempty"`
	Expires   int64    `json:"exp,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	Session   string   `json:"sid,omitempty"`
	cooling
}

// introspect tells a resource server whether a token is good and what it says.
func (h *Handler) introspect(w http.ResponseWriter, r *http.Request) {
	f, err := readForm(w, r, tokenQueryParams, false)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	c, err := h.authenticate(r, f, false)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if err = h.spend(r.Context(), h.DB, c); err != nil {
		h.fail(w, r, err)
		return
	}
	if f["token"] == "" {
		h.fail(w, r, invalidRequest("token is missing"))
		return
	}
	found, err := h.lookUp(r, f["token"], c)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	body, err := json.Marshal(found)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// lookUp says nothing but "not active" of a token that is none of the caller's business, so that whoever found one cannot
// learn what it opens.
func (h *Handler) lookUp(r *http.Request, token string, c *caller) (*introspection, error) {
	ctx := r.Context()
	if grantID, generation, ok := parseRefresh(h.Box, token); ok {
		g, alive, err := h.Grants.Live(ctx, h.DB, grantID, "", h.Now())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		// A refresh token is between the client and us: a resource server has no use for it.
		if err != nil || !alive || g.Client != c.client.ClientID || g.Generation != generation || !h.Now().Before(g.ExpiresAt) {
			return &introspection{}, nil
		}
		return describeRefresh(h.Issuer, &g.Grant, h.Now()), nil
	}
	a, err := h.readAccess(ctx, token)
	if errors.Is(err, errInactive) {
		return &introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	if a.client != c.client.ClientID && !c.client.IntrospectAny && !slices.Contains(a.audience, c.client.ClientID) {
		return &introspection{}, nil
	}
	return a.describe(h.Issuer, h.Now()), nil
}

func (a *access) describe(issuer string, now time.Time) *introspection {
	i := &introspection{
		Active: true, Issuer: issuer, Subject: a.subject, Client: a.client, Audience: a.audience, Scope: strings.Join(a.scopes, " "),
		TokenType: "Bearer", ID: a.jti, Issued: a.issued.Unix(), Expires: a.expires.Unix(), ACR: a.acr, AMR: a.amr,
	}
	if i.Subject == "" {
		i.Subject = a.client
	}
	if !a.authTime.IsZero() {
		i.AuthTime = a.authTime.Unix()
	}
	if a.held != nil {
		i.Session, i.cooling = a.held.Session, coolingOf(&a.held.Grant, now)
	}
	return i
}

func describeRefresh(issuer string, g *grant.Grant, now time.Time) *introspection {
	return &introspection{
		Active: true, Issuer: issuer, Subject: g.Subject, Client: g.Client, Scope: strings.Join(publicScopes(g.Scopes), " "),
		TokenType: "refresh_token", Issued: g.CreatedAt.Unix(), Expires: g.ExpiresAt.Unix(),
		ACR: g.ACR, AMR: g.AMR, AuthTime: g.AuthTime.Unix(), Session: g.Session, cooling: coolingOf(g, now),
	}
}
