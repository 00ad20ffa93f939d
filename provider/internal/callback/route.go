package callback

import (
	"net/http"
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

// match finds the route that a plugin registered for method and path (without the leading slash, percent-decoded segment by segment by
// the caller), and the values of its {name} segments. The first that fits counts, in the plugin's own order.
func match(routes []sdk.Route, method string, path []string) (*sdk.Route, map[string]string) {
	for i := range routes {
		r := &routes[i]
		if !strings.EqualFold(r.Method, method) {
			continue
		}
		if values, ok := fits(strings.Split(r.Path, "/"), path); ok {
			return r, values
		}
	}
	return nil, nil
}

// fits holds a path against a pattern. {name} stands for one segment that is not empty.
func fits(pattern, path []string) (map[string]string, bool) {
	if len(pattern) != len(path) {
		return nil, false
	}
	var values map[string]string
	for i, p := range pattern {
		name, ok := strings.CutPrefix(p, "{")
		if !ok {
			if p != path[i] {
				return nil, false
			}
			continue
		}
		if path[i] == "" {
			return nil, false
		}
		if values == nil {
			values = make(map[string]string, 1)
		}
		values[strings.TrimSuffix(name, "}")] = path[i]
	}
	return values, true
}

// hidden are the headers no plugin gets to see whatever it asks for: with the cookies of a browser it could be that browser.
var hidden = map[string]bool{"Cookie": true, "Set-Cookie": true}

// visible are the headers that the route asked for.
func visible(r *sdk.Route, h http.Header) http.Header {
	out := make(http.Header, len(r.Headers))
	for _, name := range r.Headers {
		name = http.CanonicalHeaderKey(name)
		if values := h.Values(name); len(values) > 0 && !hidden[name] {
			out[name] = values
		}
	}
	return out
}
