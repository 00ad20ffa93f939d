package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/varco-id/varco/provider/internal/subscriber"
)

var userinfoParams = names("access_token")

// userinfo returns the claims that the access token stands for (OIDC Core 5.3), by GET, or by POST with the token in the
// header or the body.
func (h *Handler) userinfo(w http.ResponseWriter, r *http.Request) {
	claims, err := h.userinfoClaims(w, r)
	if err != nil {
		h.failBearer(w, r, err)
		return
	}
	body, err := json.Marshal(claims)
	if err != nil {
		h.failBearer(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// errNoToken is answered without an error code (RFC 6750 section 3.1).
var errNoToken = &oauthError{status: http.StatusUnauthorized}

func (h *Handler) userinfoClaims(w http.ResponseWriter, r *http.Request) (map[string]json.RawMessage, error) {
	token, err := bearer(w, r)
	if err != nil {
		return nil, err
	}
	a, err := h.readAccess(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if a.subject == "" || a.held == nil || !slices.Contains(a.scopes, "openid") {
		return nil, &oauthError{codeInsufficientScope, "the access token was not issued for the scope openid", http.StatusForbidden}
	}
	want := wanted(a.scopes, claimAtUserinfo, true)
	for name := range wanted(a.held.Scopes, claimAtUserinfo, false) {
		want[name] = true
	}
	claims, err := claimsOf(&subscriber.Subscriber{Claims: a.held.Claims, Locale: a.held.Locale, UpdatedAt: a.held.UpdatedAt}, want)
	if err != nil {
		return nil, err
	}
	coolingOf(&a.held.Grant, h.Now()).put(claims)
	claims["sub"], err = json.Marshal(a.held.Subject) // of the row that the claims came with
	return claims, err
}

// bearer finds the access token: in the header or in the form of a POST (RFC 6750 sections 2.1 and 2.2), never in the URL,
// which is logged.
func bearer(w http.ResponseWriter, r *http.Request) (string, error) {
	var tokens []string
	for _, v := range r.Header.Values("Authorization") {
		scheme, token, _ := strings.Cut(v, " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxJWT {
			return "", invalidRequest("the Authorization header is not Bearer with a token")
		}
		tokens = append(tokens, strings.TrimSpace(token))
	}
	if r.Method == http.MethodPost && r.ContentLength != 0 && (len(tokens) == 0 || strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")) {
		f, err := readForm(w, r, userinfoParams, false)
		if err != nil {
			return "", err
		}
		if f["access_token"] != "" {
			tokens = append(tokens, f["access_token"])
		}
	}
	switch len(tokens) {
	case 0:
		return "", errNoToken
	case 1:
		return tokens[0], nil
	}
	return "", invalidRequest("more than one access token (RFC 6750 section 2)")
}

// failBearer answers as RFC 6750 section 3 wants it, with the challenge in the header.
func (h *Handler) failBearer(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errInactive) {
		err = &oauthError{codeInvalidToken, "the access token has expired, was revoked or is not one of ours", http.StatusUnauthorized}
	}
	e := h.refuse(r, err)
	if e.status == http.StatusUnauthorized || e.status == http.StatusForbidden || e.code == codeInvalidRequest {
		challenge := `Bearer realm="` + h.Issuer + `"`
		if e.code != "" {
			challenge += `, error="` + e.code + `", error_description="` + e.description + `"`
		}
		if e.code == codeInsufficientScope {
			challenge += `, scope="openid"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if e.code == "" {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(e.status)
		return
	}
	writeError(w, e)
}
