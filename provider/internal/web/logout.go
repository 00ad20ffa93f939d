package web

import "net/http"

// LogoutPage asks whether the person wants to sign out (OIDC RP-Initiated Logout 1.0 section 2: when the request did not prove whose
// session it is about).
type LogoutPage struct {
	Action string      // path of the provider that the answer is posted to
	Fields [][2]string // hidden fields, with whatever binds the answer to this request
	Client string      // name of the relying party that asked, if known
	User   string      // who is signed in, if known
}

// ConfirmLogout shows the question. The button posts Fields to Action; use Leave for where that leads.
func (h *Handler) ConfirmLogout(w http.ResponseWriter, r *http.Request, p LogoutPage) {
	words := h.words(r, "")
	h.render(w, r, http.StatusOK, "logout", &page{words: words, Title: words.T("logout.title"), Body: p})
}

// SignedOutPage tells that the session ended and nobody said where to go on.
type SignedOutPage struct {
	Client string // name of the relying party to go back to, if known
	URL    string // its address, checked before; empty: no way back is shown
}

// SignedOut shows it.
func (h *Handler) SignedOut(w http.ResponseWriter, r *http.Request, p SignedOutPage) {
	words := h.words(r, "")
	h.render(w, r, http.StatusOK, "signed_out", &page{words: words, Title: words.T("signed_out.title"), Body: p})
}

func (h *Handler) signedOut(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	h.SignedOut(w, r, SignedOutPage{})
}
