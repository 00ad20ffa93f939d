package op

import (
	"net/http"
	"strings"
)

// The endpoints, below the issuer's path.
const (
	pathAuthorize  = "/authorize"
	pathToken      = "/token"
	pathUserinfo   = "/userinfo"
	pathIntrospect = "/introspect"
	pathRevoke     = "/revoke"
	pathLogout     = "/logout"
	pathKeys       = "/keys"
	pathDiscovery  = "/.well-known/openid-configuration"
	pathMetadata   = "/.well-known/oauth-authorization-server"
)

// Route is one endpoint for the server's mux.
type Route struct {
	Pattern string // of net/http's ServeMux
	Name    string // for metrics and traces: one of a closed set
	Handler http.Handler
}

// Routes lists the endpoints. They protect themselves against requests from other sites where that makes sense; a
// cross-origin check in front of them would break them, because relying parties are other sites.
func (h *Handler) Routes() []Route {
	var list []Route
	add := func(name, path string, f http.HandlerFunc, methods ...string) {
		for _, m := range methods {
			list = append(list, Route{m + " " + path, name, f})
		}
	}
	public := func(name, path string, f http.HandlerFunc) {
		add(name, path, f, http.MethodGet)
		add(name, path, preflightPublic, http.MethodOptions)
	}
	public("discovery", h.path+pathDiscovery, h.serveDiscovery)
	// RFC 8414 section 3.1 puts the well-known part before the issuer's path, OIDC Discovery after it.
	public("metadata", pathMetadata+h.path, h.serveDiscovery)
	if h.path != "" {
		public("metadata", h.path+pathMetadata, h.serveDiscovery)
	}
	public("keys", h.path+pathKeys, h.serveKeys)

	add("authorize", h.path+pathAuthorize, noHead(h.authorize), http.MethodGet, http.MethodPost)
	add("logout", h.path+pathLogout, noHead(h.logout), http.MethodGet, http.MethodPost)

	cors := func(name, path string, f http.HandlerFunc, methods ...string) {
		add(name, path, h.withCORS(f), methods...)
		add(name, path, h.preflight(strings.Join(methods, ", ")), http.MethodOptions)
	}
	cors("token", h.path+pathToken, h.token, http.MethodPost)
	cors("userinfo", h.path+pathUserinfo, noHead(h.userinfo), http.MethodGet, http.MethodPost)
	cors("revoke", h.path+pathRevoke, h.revoke, http.MethodPost)
	add("introspect", h.path+pathIntrospect, h.introspect, http.MethodPost)
	return append(list, refusals(list)...)
}

// refusals answer the methods that an endpoint does not have with 405 (RFC 9110 section 15.5.6). Without them such a request would reach the
// pattern that covers all other addresses, and a developer who sent GET to /token would be told that there is no such page.
func refusals(list []Route) []Route {
	var out []Route
	allowed := map[string][]string{}
	for _, r := range list {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if allowed[path] == nil {
			out = append(out, Route{Pattern: path, Name: r.Name})
		}
		allowed[path] = append(allowed[path], method)
	}
	for i := range out {
		allow := strings.Join(allowed[out[i].Pattern], ", ")
		out[i].Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", allow)
			w.WriteHeader(http.StatusMethodNotAllowed)
		})
	}
	return out
}

// noHead refuses HEAD, which a GET pattern takes too: a link checker must not begin logins or end sessions.
func noHead(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Allow", "GET, POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		f(w, r)
	}
}
