package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/varco-id/varco/provider/internal/fault"
)

// oauthError is an error of the protocol: RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, OIDC Core 3.1.2.6.
type oauthError struct {
	code        string
	description string // for the relying party's developer: what is wrong, never what would have been right of a secret
	status      int    // at machine endpoints; 0 means 400
}

func (e *oauthError) Error() string { return e.code + ": " + e.description }

// The codes of the protocol.
const (
	codeInvalidRequest          = "invalid_request"
	codeInvalidClient           = "invalid_client"
	codeInvalidGrant            = "invalid_grant"
	codeUnauthorizedClient      = "unauthorized_client"
	codeUnsupportedGrantType    = "unsupported_grant_type"
	codeInvalidScope            = "invalid_scope"
	codeUnsupportedResponseType = "unsupported_response_type"
	codeLoginRequired           = "login_required"
	codeServerError             = "server_error"
	codeUnavailable             = "temporarily_unavailable"
	codeInvalidToken            = "invalid_token"
	codeInsufficientScope       = "insufficient_scope"
)

func invalidRequest(description string) *oauthError {
	return &oauthError{code: codeInvalidRequest, description: description}
}

func invalidGrant(description string) *oauthError {
	return &oauthError{code: codeInvalidGrant, description: description}
}

func invalidClient(description string) *oauthError {
	return &oauthError{code: codeInvalidClient, description: description, status: http.StatusUnauthorized}
}

// retryAfter is what a client is asked to wait when a dependency is down: long enough not to add to its trouble.
const retryAfter = 5 // seconds

// refuse turns any error into one of the protocol. What nobody classified is logged here and leaves as server_error.
func (h *Handler) refuse(r *http.Request, err error) *oauthError {
	var e *oauthError
	if errors.As(err, &e) {
		return e
	}
	switch kind := fault.KindOf(err); kind {
	case fault.Unavailable:
		h.Log.WarnContext(r.Context(), "request not served", "kind", kind.String(), "error", err)
		return &oauthError{codeUnavailable, "a part of the provider is not available; try again later", http.StatusServiceUnavailable}
	case fault.Throttled:
		return &oauthError{codeUnavailable, "too many requests; try again later", http.StatusTooManyRequests}
	}
	if r.Context().Err() == nil { // otherwise the caller went away
		h.Log.ErrorContext(r.Context(), "request failed", "error", err)
	}
	return &oauthError{codeServerError, "the provider failed; the time of the request finds it in its log", http.StatusInternalServerError}
}

// fail answers a machine (RFC 6749 section 5.2).
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := h.refuse(r, err)
	if e.code == codeInvalidClient {
		// Required with 401 (RFC 9110 section 15.5.2), whatever method the client tried.
		w.Header().Set("WWW-Authenticate", `Basic realm="`+h.Issuer+`", charset="UTF-8"`)
	}
	writeError(w, e)
}

func writeError(w http.ResponseWriter, e *oauthError) {
	status := e.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	body, _ := json.Marshal(struct { // strings alone: cannot fail
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.code, e.description})
	writeJSON(w, status, body)
}

// writeJSON answers with something nobody may keep: a token, a claim, an error that will pass.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Content-Length", strconv.Itoa(len(body)))
	head.Set("Cache-Control", "no-store") // RFC 6749 section 5.1
	head.Set("Pragma", "no-cache")
	head.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // nobody is left to tell
}

// failPage answers a person when no relying party can be told.
func (h *Handler) failPage(w http.ResponseWriter, r *http.Request, err error) {
	e := h.refuse(r, err)
	switch {
	case e.status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		h.ErrorPage(w, r, e.status, PageUnavailable)
	case e.status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		h.ErrorPage(w, r, e.status, PageThrottled)
	case e.code == codeServerError:
		h.ErrorPage(w, r, e.status, PageInternal)
	default:
		h.ErrorPage(w, r, http.StatusBadRequest, PageBadRequest)
	}
}
