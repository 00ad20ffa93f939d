package web

import (
	"net/http"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
)

// recoverBody is the page for whoever cannot sign in.
type recoverBody struct {
	Flow    string // of the sign-in that they came from, "" for none
	Methods []other
}

// recoverPage lists what can be lost. It is the same for everybody and writes nothing; a button begins the Flow.
func (h *Handler) recoverPage(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	words := h.words(r, "")
	b := recoverBody{Flow: flowOf(r), Methods: h.others(words, h.opt.Recovery.Recoverable())}
	h.render(w, r, http.StatusOK, "recover", &page{words: words, Title: words.T("recover.title"), Body: b})
}

// flowOf is the Flow that a page of recovery goes back to.
func flowOf(r *http.Request) string {
	if flow := r.URL.Query().Get("flow"); isToken(flow) {
		return flow
	}
	return ""
}

// recoverStart begins a recovery.
func (h *Handler) recoverStart(w http.ResponseWriter, r *http.Request) {
	f, err := form(w, r)
	if err == nil && (f.Get("method") == "" || len(f.Get("method")) > 128) {
		err = fault.New(fault.Invalid, "recover without a method")
	}
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	to := h.base + "/recovered"
	if flow := f.Get("flow"); isToken(flow) {
		to += "?flow=" + flow
	}
	h.startFlow(w, r, login.Request{Recover: f.Get("method"), ReturnTo: to})
}

// recoveredPage tells that it worked, and leads back to the sign-in.
func (h *Handler) recoveredPage(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	words := h.words(r, "")
	to := h.base + "/account"
	if flow := flowOf(r); flow != "" {
		to = h.base + "/login/" + flow
	}
	h.render(w, r, http.StatusOK, "recovered", &page{words: words, Title: words.T("recovered.title"), Body: to})
}

// nameBody is the page for whoever forgot their user name.
type nameBody struct {
	Flow, Value, Error string
	NameError          bool // what the field's part looks at
}

func (h *Handler) recoverName(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	h.showName(w, r, nameBody{Flow: flowOf(r)})
}

func (h *Handler) showName(w http.ResponseWriter, r *http.Request, b nameBody) {
	words := h.words(r, "")
	h.render(w, r, http.StatusOK, "recover_name", &page{words: words, Title: words.T("recover.name.title"), Problem: b.Error != "", Body: b})
}

// recoverNameSend has the names sent. What comes back is the same whether or not somebody has the address.
func (h *Handler) recoverNameSend(w http.ResponseWriter, r *http.Request) {
	f, err := form(w, r)
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	flow := f.Get("flow")
	if !isToken(flow) {
		flow = ""
	}
	switch err := h.opt.Recovery.RemindNames(r.Context(), clip(f.Get("address"), maxName), h.browser(r)); {
	case fault.Is(err, fault.Invalid):
		h.showName(w, r, nameBody{Flow: flow, Value: clip(f.Get("address"), maxName), Error: h.words(r, "").T("recover.name.invalid")})
	case err != nil:
		h.failed(w, r, err, h.base+"/recover/name")
	default:
		to := h.base + "/recover/name/sent"
		if flow != "" {
			to += "?flow=" + flow
		}
		h.redirect(w, to)
	}
}

func (h *Handler) recoverNameSent(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	words := h.words(r, "")
	h.render(w, r, http.StatusOK, "recover_sent", &page{words: words, Title: words.T("recover.sent.title"), Body: flowOf(r)})
}

// cancelBody asks whether a change is to be taken back.
type cancelBody struct {
	Token, Text string
	At, Until   moment
}

// cancelPage shows what a link of an alert is about. It changes nothing: programs that read mails follow links.
func (h *Handler) cancelPage(w http.ResponseWriter, r *http.Request) {
	c, err := h.opt.Recovery.Cancellable(r.Context(), r.PathValue("token"))
	if err != nil {
		h.cancelFailed(w, r, err)
		return
	}
	h.rememberLocale(w, r)
	words := h.words(r, c.Locale)
	b := cancelBody{Token: r.PathValue("token"), Text: words.T("takeback."+string(c.Kind), "method", c.Method), At: h.moment(words, c.At), Until: h.moment(words, c.Until)}
	h.render(w, r, http.StatusOK, "cancel", &page{words: words, Title: words.T("takeback.title"), Body: b})
}

// cancelChange takes the change back.
func (h *Handler) cancelChange(w http.ResponseWriter, r *http.Request) {
	if _, err := form(w, r); err != nil {
		h.failed(w, r, err, "")
		return
	}
	if err := h.opt.Recovery.Cancel(r.Context(), r.PathValue("token"), h.browser(r)); err != nil {
		h.cancelFailed(w, r, err)
		return
	}
	h.redirect(w, h.base+"/cancelled")
}

// cancelFailed: a link that never was and one that is over look alike.
func (h *Handler) cancelFailed(w http.ResponseWriter, r *http.Request, err error) {
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Expired) {
		h.failed(w, r, err, "?")
		return
	}
	words := h.words(r, "")
	h.render(w, r, http.StatusGone, "cancel_gone", &page{words: words, Title: words.T("takeback.gone.title")})
}

func (h *Handler) cancelledPage(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	words := h.words(r, "")
	h.render(w, r, http.StatusOK, "cancelled", &page{words: words, Title: words.T("cancelled.title")})
}
