package conformance

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// property is what the kit reads of a JSON Schema: enough to make configurations that are wrong in one place.
type property struct {
	kind     string // of JSON; empty when it is not said, or several
	secret   bool   // writeOnly
	closed   bool   // no unknown members
	required []string
	members  map[string]*property
}

// properties reads a schema. What it cannot read it leaves out: describe.schema says what is wrong.
func properties(raw []byte) *property {
	var document map[string]any
	if json.Unmarshal(raw, &document) != nil {
		return new(property)
	}
	return readProperty(document, document, 0)
}

func readProperty(document, schema map[string]any, depth int) *property {
	p := new(property)
	if depth > 10 {
		return p
	}
	if ref, ok := schema["$ref"].(string); ok {
		if target := resolve(document, ref); target != nil {
			p = readProperty(document, target, depth+1)
		}
	}
	if kind, ok := schema["type"].(string); ok {
		p.kind = kind
	}
	if secret, ok := schema["writeOnly"].(bool); ok {
		p.secret = secret
	}
	for _, name := range []string{"additionalProperties", "unevaluatedProperties"} {
		if allowed, ok := schema[name].(bool); ok {
			p.closed = !allowed
		}
	}
	if required, ok := schema["required"].([]any); ok {
		for _, name := range required {
			if s, ok := name.(string); ok {
				p.required = append(p.required, s)
			}
		}
	}
	if members, ok := schema["properties"].(map[string]any); ok {
		p.members = make(map[string]*property, len(members))
		for name, member := range members {
			if m, ok := member.(map[string]any); ok {
				p.members[name] = readProperty(document, m, depth+1)
			}
		}
	}
	return p
}

// resolve finds a reference inside the document.
func resolve(document map[string]any, ref string) map[string]any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	at := document
	for name := range strings.SplitSeq(path, "/") {
		at, ok = at[unescape.Replace(name)].(map[string]any)
		if !ok {
			return nil
		}
	}
	return at
}

// JSON Pointer's escapes (RFC 6901 section 3).
var (
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
)

// walk visits every property below p, in order.
func (p *property) walk(pointer string, f func(pointer string, p *property)) {
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		at := pointer + "/" + escape.Replace(name)
		f(at, p.members[name])
		p.members[name].walk(at, f)
	}
}

// changed returns a copy of a configuration with one place changed; false if there is no such place. f gets the object
// that holds the place, and the name of the place in it.
func changed(config []byte, pointer string, f func(holder map[string]any, name string) bool) ([]byte, bool) {
	var root map[string]any
	if json.Unmarshal(config, &root) != nil {
		return nil, false
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	holder := root
	for _, name := range parts[:len(parts)-1] {
		next, ok := holder[unescape.Replace(name)].(map[string]any)
		if !ok {
			return nil, false
		}
		holder = next
	}
	if !f(holder, unescape.Replace(parts[len(parts)-1])) {
		return nil, false
	}
	out, err := json.Marshal(root)
	return out, err == nil
}

// validPointer says whether s is a JSON Pointer (RFC 6901).
func validPointer(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != '/' {
		return false
	}
	rest := strings.NewReplacer("~0", "", "~1", "").Replace(s)
	return !strings.Contains(rest, "~")
}
