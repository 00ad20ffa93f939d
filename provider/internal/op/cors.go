package op

import "net/http"

// withCORS lets browser applications of registered origins read the answer, and never with credentials: our cookies are for
// our pages alone. An origin that is not registered gets no header and the browser keeps the answer from it; the request
// itself is as harmless as one from outside a browser.
func (h *Handler) withCORS(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.allowOrigin(w, r)
		next(w, r)
	}
}

func (h *Handler) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	head := w.Header()
	head.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" { // not a browser
		return false
	}
	ok, err := h.Clients.AllowsOrigin(r.Context(), origin)
	if err != nil || !ok { // when storage is down the answer is an error anyway
		return false
	}
	head.Set("Access-Control-Allow-Origin", origin)
	head.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After")
	return true
}

func (h *Handler) preflight(methods string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if h.allowOrigin(w, r) {
			head := w.Header()
			head.Set("Access-Control-Allow-Methods", methods)
			head.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			head.Set("Access-Control-Max-Age", "600")
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// preflightPublic is for documents that anybody may read.
func preflightPublic(w http.ResponseWriter, _ *http.Request) {
	head := w.Header()
	head.Set("Access-Control-Allow-Origin", "*")
	head.Set("Access-Control-Allow-Methods", http.MethodGet)
	head.Set("Access-Control-Allow-Headers", "Content-Type")
	head.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
