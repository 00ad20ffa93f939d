package web

import (
	"net/http"
	"strings"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

// loginPage shows what the Flow shows now. It changes nothing, so reload, back and prefetch are harmless.
func (h *Handler) loginPage(w http.ResponseWriter, r *http.Request) {
	flow := r.PathValue("flow")
	if !isToken(flow) {
		h.ErrorPage(w, r, http.StatusNotFound, ErrorFlowUnknown)
		return
	}
	r = r.WithContext(telemetry.WithFlow(r.Context(), flow))
	p, err := h.opt.Flows.Page(r.Context(), flow, h.browser(r))
	if err != nil {
		h.failed(w, r, err, "?")
		return
	}
	if p.Answer != nil {
		h.finish(w, r, p.Answer)
		return
	}
	h.rememberLocale(w, r)
	h.showLogin(w, r, p)
}

// loginSubmit answers a page, and leads on by a redirect, so that the address in the browser is always one to reload.
func (h *Handler) loginSubmit(w http.ResponseWriter, r *http.Request) {
	flow := r.PathValue("flow")
	if !isToken(flow) {
		h.ErrorPage(w, r, http.StatusNotFound, ErrorFlowUnknown)
		return
	}
	r = r.WithContext(telemetry.WithFlow(r.Context(), flow))
	self := h.base + "/login/" + flow
	f, err := form(w, r)
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	s, err := submission(f)
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	p, err := h.opt.Flows.Submit(r.Context(), flow, h.browser(r), s)
	switch {
	case fault.Is(err, fault.Conflict):
		// Another tab or a double click answered first: the Flow's page shows where that led.
		h.redirect(w, self)
	case err != nil:
		h.failed(w, r, err, self)
	case p.Answer != nil:
		h.finish(w, r, p.Answer)
	default:
		h.redirect(w, self)
	}
}

// finish sets the answer's cookies and sends the browser where the Flow ends.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, a *login.Answer) {
	h.SetCookies(w, a)
	if a.Request.Client != login.AccountClient {
		h.opt.Responder.Respond(w, r, a)
		return
	}
	h.redirect(w, h.accountReturn(a))
}

// accountReturn is the path where a Flow of the person's own page ends, with what to tell there.
func (h *Handler) accountReturn(a *login.Answer) string {
	to := a.Request.ReturnTo
	// Only a path: "//host" and "/\host" are other sites to a browser.
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		to = h.base + "/account"
	}
	switch {
	case a.Outcome.Error != "":
		if rest, ok := strings.CutPrefix(to, h.base+"/recovered"); ok && a.Request.Recover != "" {
			to = h.base + "/recover" + rest // given up: back to what else there is
		}
	case a.Request.Bind != "":
		to += "?done=" + doneBound
	case a.Request.Recover != "": // the page tells it
	case a.Request.Contact != "":
		to += "?done=" + doneContact
	case a.Request.Unbind != "":
		to += "?done=" + doneUnbound
	}
	return to
}
