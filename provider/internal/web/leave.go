package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
)

// Leaving for the relying party.
//
// A browser checks form-action against every redirect that follows a form, however many sites later: with "form-action 'self'" it
// would stop at the relying party, and with the relying party's origin allowed it would stop where that one redirects to its own
// application (every identity broker does). Allowing all of https would give up what form-action is for: that a form smuggled into
// the page cannot carry a password off. So the answer to a form is a page that goes on by itself, which begins a chain of its own.

// Leave sends the browser to target, an address of a relying party that was checked before. It is a redirect in answer to a link and
// a page that goes on by itself in answer to a form; native apps' schemes get a redirect always, because a mobile browser opens an
// app only in answer to a tap.
func (h *Handler) Leave(w http.ResponseWriter, r *http.Request, target string) {
	u, err := url.Parse(target)
	if err == nil && isWeb(u) && r.Method == http.MethodPost {
		words := h.words(r, "")
		h.render(w, r, http.StatusOK, "leave", &page{words: words, Title: words.T("leave.title"), Reload: target, Body: target})
		return
	}
	h.guardCommon(w.Header())
	// Not http.Redirect: it would clean the path of an address that the relying party registered to the letter.
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}

// formPost is the body of a page that posts an answer.
type formPost struct {
	URI    string
	Fields [][2]string
}

// FormPost answers by response_mode=form_post (OAuth 2.0 Form Post Response Mode): a form that script sends at once and a button sends
// without script. fields are the parameters in order; redirectURI was checked before.
//
// The page has no form-action: what the relying party redirects to next is its own affair (see above), and there is nothing to smuggle
// a form into, for the page shows no text of anyone's.
func (h *Handler) FormPost(w http.ResponseWriter, r *http.Request, redirectURI string, fields [][2]string) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: it ends the process instead
	nonce := base64.RawURLEncoding.EncodeToString(raw[:])
	words := h.words(r, "")
	p := &page{words: words, Title: words.T("leave.title"), Body: formPost{redirectURI, fields}, Nonce: nonce, Switch: []langLink{}}
	h.render(w, r, http.StatusOK, "form_post", p)
}
