package web

import (
	"net/http"
	"net/url"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

const maxReturn = 16 << 10 // bytes of the query that a browser comes back with

// loginReturn takes a browser back that a step's page sent to another origin. Its state names the Flow, which only the browser that
// began it can go on with; the rest of the query is the plugin's to judge.
//
// It leads on by a redirect at once: the query, an authorization code among it, must not stay in the address bar.
func (h *Handler) loginReturn(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(r.URL.RawQuery) > maxReturn || len(q) > maxFields || !isToken(r.PathValue("instance")) {
		h.ErrorPage(w, r, http.StatusBadRequest, ErrorBadForm)
		return
	}
	inputs := make(map[string]string, len(q))
	for name, values := range q {
		if len(values) != 1 || len(name) > 64 || !clean(name) || !clean(values[0]) {
			h.ErrorPage(w, r, http.StatusBadRequest, ErrorBadForm)
			return
		}
		inputs[name] = values[0]
	}
	state := inputs["state"]
	delete(inputs, "state")
	flow, p, err := h.opt.Flows.Return(r.Context(), r.PathValue("instance"), state, h.browser(r), inputs)
	if fault.Is(err, fault.NotFound) {
		h.ErrorPage(w, r, http.StatusNotFound, ErrorFlowUnknown)
		return
	}
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	r = r.WithContext(telemetry.WithFlow(r.Context(), flow))
	if p.Answer != nil {
		h.finish(w, r, p.Answer)
		return
	}
	h.redirect(w, h.base+"/login/"+flow)
}
