package sdk

import (
	"net/http"
	"slices"
	"strings"
)

// returnPath is the host's own: where browsers come back (StepContext.ReturnURL).
const returnPath = "return"

var routeMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func (d *Description) checkRoutes() *Violation {
	if len(d.Routes) > 0 && !slices.Contains(d.Services, ServiceCallbacks) {
		return broken(RuleDescription, "routes without the callbacks service")
	}
	seen := make(map[string]bool)
	for i := range d.Routes {
		r := &d.Routes[i]
		if v := r.check(); v != nil {
			return v
		}
		if seen[r.Name] || seen[r.Method+" "+r.Path] {
			return broken(RuleDescription, "route %q comes twice", r.Name)
		}
		seen[r.Name], seen[r.Method+" "+r.Path] = true, true
	}
	return nil
}

func (r *Route) check() *Violation {
	switch {
	case !isName(r.Name) || strings.HasPrefix(r.Path, "/") || r.Path == "":
		return broken(RuleDescription, "route %q: want a name, an HTTP method and a relative path", r.Name)
	case !slices.Contains(routeMethods, r.Method):
		return broken(RuleDescription, "route %q: want one of the methods %s", r.Name, strings.Join(routeMethods, ", "))
	case r.Path == returnPath:
		return broken(RuleDescription, "route %q: the path %q is the host's", r.Name, returnPath)
	}
	for segment := range strings.SplitSeq(r.Path, "/") {
		name, wild := strings.CutPrefix(segment, "{")
		if wild {
			var closed bool
			if name, closed = strings.CutSuffix(name, "}"); !closed || !isName(name) {
				return broken(RuleDescription, "route %q: the path segment %q: want {name}", r.Name, segment)
			}
			continue
		}
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, segmentCharacters) != "" {
			return broken(RuleDescription, "route %q: the path segment %q", r.Name, segment)
		}
	}
	return r.checkHandle()
}

const segmentCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

func (r *Route) checkHandle() *Violation {
	kind, where, found := strings.Cut(r.HandleIn, ":")
	switch {
	case r.HandleIn == "":
		return nil
	case !found:
	case kind == "path" && slices.Contains(strings.Split(r.Path, "/"), "{"+where+"}"):
		return nil
	case kind == "header" && where != "" && strings.Trim(where, segmentCharacters) == "":
		return nil
	case kind == "json" && (where == "" || strings.HasPrefix(where, "/")):
		return nil
	}
	return broken(RuleDescription, "route %q: the handle lies in %q: want path:NAME with {NAME} in the path, header:NAME or json:/pointer", r.Name, r.HandleIn)
}
