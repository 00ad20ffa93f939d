package op

import (
	"errors"
	"net/http"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// authorizeParams are the parameters of an authorization request that we know; "known" includes those that must be refused
// aloud.
var authorizeParams = names("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt",
	"max_age", "ui_locales", "id_token_hint", "login_hint", "acr_values", "code_challenge", "code_challenge_method", "claims",
	"request", "request_uri", "registration")

// maxRedirectQuery is how long a query may get that carries a POST over to a GET: what every browser and proxy takes.
const maxRedirectQuery = 8 << 10

// authorize begins a login (OIDC Core 3.1.2, GET and POST).
//
// Until the client and its redirect URI are known to belong together, errors are shown to the person: redirecting anywhere
// would make us an open redirector. Afterwards they go to the relying party, in the response mode it asked for.
func (h *Handler) authorize(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	f, formErr := readForm(w, r, authorizeParams, true)
	if r.Method == http.MethodPost && formErr == nil {
		// A POST from the relying party's page comes without our cookies, which are SameSite=Lax: the person would have to
		// sign in again, and a fresh binding cookie would replace the one of a login in another tab. The same request as a
		// GET brings them.
		if q := f.encode(); len(q) <= maxRedirectQuery {
			redirect(w, h.path+pathAuthorize+"?"+q)
			return
		}
	}
	client, reply, ok := h.replyTo(w, r, f)
	if !ok {
		return
	}
	if formErr != nil {
		h.sendError(w, r, reply, formErr)
		return
	}
	req, err := h.authorizationRequest(r.Context(), f, client)
	if err != nil {
		h.sendError(w, r, reply, err)
		return
	}
	page, err := h.Flows.Start(r.Context(), *req, h.Browser(w, r))
	if err != nil {
		h.sendError(w, r, reply, err)
		return
	}
	h.ShowPage(w, r, page)
}

// replyTo finds the client and where its answer goes. When it cannot, it shows an error page and answers false.
func (h *Handler) replyTo(w http.ResponseWriter, r *http.Request, f form) (*relyingparty.Registered, reply, bool) {
	if f["client_id"] == "" {
		h.ErrorPage(w, r, http.StatusBadRequest, PageBadRequest)
		return nil, reply{}, false
	}
	client, err := h.Clients.Registered(r.Context(), f["client_id"])
	switch {
	case fault.Is(err, fault.NotFound):
		h.ErrorPage(w, r, http.StatusBadRequest, PageUnknownClient)
		return nil, reply{}, false
	case err != nil:
		h.failPage(w, r, err)
		return nil, reply{}, false
	case !client.MatchRedirect(f["redirect_uri"]):
		h.ErrorPage(w, r, http.StatusBadRequest, PageRedirectURI)
		return nil, reply{}, false
	}
	return client, reply{uri: f["redirect_uri"], mode: f["response_mode"], state: f["state"]}, true
}

// sendError tells the relying party, or the person where telling the relying party would hide an outage behind a redirect.
func (h *Handler) sendError(w http.ResponseWriter, r *http.Request, to reply, err error) {
	var refused *login.OAuthError
	if errors.As(err, &refused) {
		h.send(w, r, to, [2]string{"error", refused.Code}, [2]string{"error_description", refused.Description})
		return
	}
	var e *oauthError
	if !errors.As(err, &e) {
		h.failPage(w, r, err)
		return
	}
	h.send(w, r, to, [2]string{"error", e.code}, [2]string{"error_description", e.description})
}
