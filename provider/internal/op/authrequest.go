package op

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

const (
	maxScopes    = 56 // granted at once: an opaque access token holds one bit for each
	maxACRValues = 16
	maxLocales   = 16
	maxMaxAge    = 10 * 365 * 24 * 3600 // seconds
)

// authorizationRequest checks what a client that is known asks for. Its errors go to the redirect URI.
func (h *Handler) authorizationRequest(ctx context.Context, f form, client *relyingparty.Registered) (*login.Request, error) {
	if err := refuseUnsupported(f); err != nil {
		return nil, err
	}
	if !client.AllowsGrant(relyingparty.GrantCode) {
		return nil, &oauthError{code: codeUnauthorizedClient, description: "the client is not registered for the authorization code grant"}
	}
	req := &login.Request{
		Client: client.ClientID, RedirectURI: f["redirect_uri"], State: f["state"], Nonce: f["nonce"], ResponseMode: f["response_mode"],
		LoginHint: f["login_hint"], Audience: client.Audience,
		ACRValues: strings.Fields(f["acr_values"]), UILocales: strings.Fields(f["ui_locales"]), Prompt: strings.Fields(f["prompt"]),
	}
	if len(req.ACRValues) > maxACRValues || len(req.UILocales) > maxLocales {
		return nil, invalidRequest("acr_values or ui_locales has more than 16 values")
	}
	var err error
	if req.Challenge, err = challenge(f, client); err != nil {
		return nil, err
	}
	if req.Scopes, err = scopes(f["scope"], client); err != nil {
		return nil, err
	}
	if err = checkPrompt(req.Prompt); err != nil {
		return nil, err
	}
	if req.MaxAge, err = maxAge(f["max_age"]); err != nil {
		return nil, err
	}
	if hint := f["id_token_hint"]; hint != "" {
		if req.SubjectHint, err = h.hintedSubject(ctx, hint, client.ClientID); err != nil {
			return nil, err
		}
	}
	if err = applyClaims(f["claims"], client, req); err != nil {
		return nil, err
	}
	if len(req.Scopes) > maxScopes {
		return nil, &oauthError{code: codeInvalidScope, description: "more scopes and claims than one request may ask for"}
	}
	return req, nil
}

// refuseUnsupported says no to what would change the meaning of the request if it were ignored (OIDC Core 3.1.2.6, 6).
func refuseUnsupported(f form) error {
	for _, p := range []struct{ param, code string }{
		{"request", "request_not_supported"},
		{"request_uri", "request_uri_not_supported"},
		{"registration", "registration_not_supported"},
	} {
		if f[p.param] != "" {
			return &oauthError{code: p.code, description: "the parameter " + p.param + " is not supported"}
		}
	}
	switch m := f["response_mode"]; m {
	case "", modeQuery, modeFragment, modeFormPost:
	default:
		return invalidRequest("response_mode must be query, fragment or form_post")
	}
	switch f["response_type"] {
	case "code":
		return nil
	case "":
		return invalidRequest("response_type is missing")
	}
	return &oauthError{code: codeUnsupportedResponseType, description: "response_type must be code"}
}

var s256Challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// challenge checks PKCE (RFC 7636). plain is refused: it protects against nothing that can read the request.
func challenge(f form, client *relyingparty.Registered) (string, error) {
	c, method := f["code_challenge"], f["code_challenge_method"]
	if c == "" {
		if method == "" && client.PKCEOptional && !client.Public() {
			return "", nil
		}
		return "", invalidRequest("code_challenge is missing: PKCE is required")
	}
	if method != "S256" { // absent means plain
		return "", invalidRequest("code_challenge_method must be S256")
	}
	if !s256Challenge.MatchString(c) {
		return "", invalidRequest("code_challenge is not the base64url encoding of a SHA-256")
	}
	return c, nil
}

// scopes keeps what the client may have. What it may not is left out (OIDC Core 3.1.2.1, RFC 6749 section 3.3): the answer
// of the token endpoint names what was granted.
func scopes(raw string, client *relyingparty.Registered) ([]string, error) {
	if raw == "" {
		return nil, invalidRequest("scope is missing")
	}
	var kept []string
	for s := range strings.FieldsSeq(raw) {
		if !internalScope(s) && client.AllowsScope(s) && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return nil, &oauthError{code: codeInvalidScope, description: "the client is registered for none of these scopes"}
	}
	return kept, nil
}

func checkPrompt(prompt []string) error {
	for _, p := range prompt {
		if !slices.Contains(prompts, p) {
			return invalidRequest("prompt has a value that is not none, login, consent or select_account")
		}
	}
	if slices.Contains(prompt, promptNone) && len(prompt) > 1 {
		return invalidRequest("prompt=none excludes every other value")
	}
	return nil
}

func maxAge(raw string) (*int64, error) {
	if raw == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || n < 0 || n > maxMaxAge || raw[0] == '+' {
		return nil, invalidRequest("max_age must be a number of seconds, 0 or more")
	}
	return &n, nil
}

// hintedSubject returns the sub of an id_token that the same client got: another's would let it ask who else is signed in here.
func (h *Handler) hintedSubject(ctx context.Context, hint, clientID string) (string, error) {
	claims, err := h.readHint(ctx, hint)
	if err != nil && !errors.Is(err, errHint) {
		return "", err
	}
	if err != nil || claims.Audience[0] != clientID {
		return "", invalidRequest("id_token_hint is not an id_token that this provider issued to this client")
	}
	return claims.Subject, nil
}
