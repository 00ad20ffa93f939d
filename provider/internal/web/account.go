package web

import (
	"net/http"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
)

// What the person's own page tells after something was done: ?done=CODE, text "account.done.CODE". A closed list, so that a link made
// by a stranger can at most show a sentence of ours.
const (
	doneBound          = "bound"
	doneUnbound        = "unbound"
	doneSessionEnded   = "session_ended"
	doneConsentRevoked = "consent_revoked"
	doneContact        = "contact"
)

var doneCodes = map[string]bool{doneBound: true, doneUnbound: true, doneSessionEnded: true, doneConsentRevoked: true, doneContact: true}

// accountPage shows what the person has. To somebody not signed in it shows a button: starting a Flow writes a row, and a GET writes none.
func (h *Handler) accountPage(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	o, err := h.opt.Account.Overview(r.Context(), h.browser(r))
	if fault.Is(err, fault.Denied) {
		words := h.words(r, "")
		h.render(w, r, http.StatusOK, "account_closed", &page{words: words, Title: words.T("account.title")})
		return
	}
	if err != nil {
		h.failed(w, r, err, "?")
		return
	}
	words := h.words(r, o.Locale)
	body := h.accountBody(words, o)
	if done := r.URL.Query().Get("done"); doneCodes[done] {
		body.Done = words.T("account.done." + done)
	}
	h.render(w, r, http.StatusOK, "account", &page{words: words, Title: words.T("account.title"), Body: body, Signed: true, Wide: true})
}

// accountSignIn begins a Flow that ends at the person's own page.
func (h *Handler) accountSignIn(w http.ResponseWriter, r *http.Request) {
	if _, err := form(w, r); err != nil {
		h.failed(w, r, err, "")
		return
	}
	h.startAccount(w, r, login.Request{})
}

// accountBind begins a Flow that binds an authenticator.
func (h *Handler) accountBind(w http.ResponseWriter, r *http.Request) {
	f, err := form(w, r)
	if err == nil && (f.Get("method") == "" || len(f.Get("method")) > 128) {
		err = fault.New(fault.Invalid, "bind without a method")
	}
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	h.startAccount(w, r, login.Request{Bind: f.Get("method")})
}

// accountUnbindAsk asks whether the authenticator is to go: the click cannot be taken back.
func (h *Handler) accountUnbindAsk(w http.ResponseWriter, r *http.Request) {
	o, err := h.opt.Account.Overview(r.Context(), h.browser(r))
	if fault.Is(err, fault.Denied) {
		h.redirect(w, h.base+"/account")
		return
	}
	if err != nil {
		h.failed(w, r, err, "?")
		return
	}
	words := h.words(r, o.Locale)
	for _, c := range h.accountBody(words, o).Credentials {
		if c.ID == r.PathValue("id") && c.Removable {
			h.rememberLocale(w, r)
			h.render(w, r, http.StatusOK, "account_unbind", &page{words: words, Title: words.T("account.unbind.title"), Body: c, Signed: true})
			return
		}
	}
	h.notFound(w, r)
}

// accountUnbind begins a Flow that removes an authenticator; the pipeline asks for a fresh proof first where policy wants one.
func (h *Handler) accountUnbind(w http.ResponseWriter, r *http.Request) {
	if _, err := form(w, r); err != nil {
		h.failed(w, r, err, "")
		return
	}
	if !isToken(r.PathValue("id")) {
		h.notFound(w, r)
		return
	}
	h.startAccount(w, r, login.Request{Unbind: r.PathValue("id")})
}

// startAccount begins a Flow of the person's own page.
func (h *Handler) startAccount(w http.ResponseWriter, r *http.Request, q login.Request) {
	q.ReturnTo = h.base + "/account"
	h.startFlow(w, r, q)
}

// startFlow begins a Flow that no relying party asked for.
func (h *Handler) startFlow(w http.ResponseWriter, r *http.Request, q login.Request) {
	q.Client = login.AccountClient
	q.UILocales = []string{h.words(r, "").Lang}
	p, err := h.opt.Flows.Start(r.Context(), q, h.Browser(w, r))
	switch {
	case err != nil:
		h.failed(w, r, err, h.base+"/account")
	case p.Answer != nil:
		h.finish(w, r, p.Answer)
	default:
		h.redirect(w, h.base+"/login/"+p.Flow)
	}
}

// accountEndSession ends a session. Ending the one in use is signing out.
func (h *Handler) accountEndSession(w http.ResponseWriter, r *http.Request) {
	if _, err := form(w, r); err != nil {
		h.failed(w, r, err, "")
		return
	}
	if !isToken(r.PathValue("id")) {
		h.notFound(w, r)
		return
	}
	h.accountDone(w, r, h.opt.Account.EndSession(r.Context(), h.browser(r), r.PathValue("id")), doneSessionEnded)
}

func (h *Handler) accountRevokeConsent(w http.ResponseWriter, r *http.Request) {
	f, err := form(w, r)
	if err == nil && (f.Get("client") == "" || len(f.Get("client")) > 256) {
		err = fault.New(fault.Invalid, "consent without a client")
	}
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	h.accountDone(w, r, h.opt.Account.RevokeConsent(r.Context(), h.browser(r), f.Get("client")), doneConsentRevoked)
}

// accountDone goes back to the page with a message. What was already gone is as good as done; who is no longer signed in gets the
// page that says so.
func (h *Handler) accountDone(w http.ResponseWriter, r *http.Request, err error, done string) {
	switch {
	case fault.Is(err, fault.Denied):
		h.redirect(w, h.base+"/account")
	case err == nil, fault.Is(err, fault.NotFound):
		h.redirect(w, h.base+"/account?done="+done)
	default:
		h.failed(w, r, err, h.base+"/account")
	}
}

// accountSignOut ends the browser's session. The cookie goes even when the session cannot be ended now: the person asked for it, and
// without the cookie nothing but the inactivity limit is left of the session.
func (h *Handler) accountSignOut(w http.ResponseWriter, r *http.Request) {
	if _, err := form(w, r); err != nil {
		h.failed(w, r, err, "")
		return
	}
	err := h.opt.Account.EndSession(r.Context(), h.browser(r), "")
	h.ClearSession(w)
	if err != nil && !fault.Is(err, fault.Denied) && !fault.Is(err, fault.NotFound) {
		h.failed(w, r, err, h.base+"/account")
		return
	}
	h.redirect(w, h.base+"/signed-out")
}

// changePassword is where password managers send a person (https://w3c.github.io/webappsec-change-password-url/).
func (h *Handler) changePassword(w http.ResponseWriter, _ *http.Request) {
	h.redirect(w, h.base+"/account")
}

func (h *Handler) landing(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	words := h.words(r, "")
	h.render(w, r, http.StatusOK, "landing", &page{words: words, Title: words.T("landing.title")})
}
