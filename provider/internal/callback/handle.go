package callback

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

// errHandle is a request whose handle cannot be read where the route says it lies.
var errHandle = errors.New("no handle where the route has one")

// handleOf reads the public handle of a request; empty for a route that has none.
func handleOf(r *sdk.Route, path map[string]string, h http.Header, body []byte) (string, error) {
	kind, where, _ := strings.Cut(r.HandleIn, ":")
	var handle string
	switch kind {
	case "":
		return "", nil
	case "path":
		handle = path[where]
	case "header":
		values := h.Values(where)
		if len(values) != 1 { // two would let the plugin read another one than we looked up
			return "", errHandle
		}
		handle = values[0]
	case "json":
		var err error
		if handle, err = pointer(body, where); err != nil {
			return "", err
		}
	default:
		return "", errHandle
	}
	if handle == "" || len(handle) > sdk.MaxHandle || !utf8.ValidString(handle) || strings.ContainsRune(handle, 0) {
		return "", errHandle
	}
	return handle, nil
}

// maxDepth bounds the nesting of a body that is looked into.
const maxDepth = 32

// pointer reads the string or number at a JSON Pointer (RFC 6901). It walks the tokens instead of decoding into a map: of two members
// with one name, which parsers choose between differently, it takes neither.
func pointer(body []byte, at string) (string, error) {
	if !utf8.Valid(body) { // else encoding/json would put replacement characters into a handle
		return "", errHandle
	}
	path, ok := segments(at)
	if !ok {
		return "", errHandle
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	value, found, err := walk(d, path, 0)
	if err != nil || !found || d.More() {
		return "", errHandle
	}
	return value, nil
}

func segments(at string) ([]string, bool) {
	if at == "" {
		return []string{}, true
	}
	rest, ok := strings.CutPrefix(at, "/")
	if !ok {
		return nil, false
	}
	path := strings.Split(rest, "/")
	for i := range path {
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(path[i])
	}
	return path, true
}

// walk consumes one value and returns the scalar at path in it. A nil path below the top means that nothing is looked for here.
func walk(d *json.Decoder, path []string, depth int) (value string, found bool, err error) {
	if depth > maxDepth {
		return "", false, errHandle
	}
	t, err := d.Token()
	if err != nil {
		return "", false, err
	}
	switch t := t.(type) {
	case json.Delim:
		return within(d, t, path, depth)
	case string:
		return t, path != nil && len(path) == 0, nil
	case json.Number:
		return t.String(), path != nil && len(path) == 0, nil
	}
	return "", false, nil
}

// within consumes an object or an array whose opening was read.
func within(d *json.Decoder, open json.Delim, path []string, depth int) (value string, found bool, err error) {
	seen := false
	for i := 0; d.More(); i++ {
		name := strconv.Itoa(i)
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return "", false, err
			}
			name, _ = t.(string) // a member's name is one
		}
		var below []string
		if len(path) > 0 && path[0] == name {
			if seen {
				return "", false, errHandle
			}
			seen, below = true, append([]string{}, path[1:]...)
		}
		v, ok, err := walk(d, below, depth+1)
		if err != nil {
			return "", false, err
		}
		if ok {
			value, found = v, true
		}
	}
	_, err = d.Token() // its end
	return value, found, err
}
