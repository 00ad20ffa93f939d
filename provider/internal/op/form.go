package op

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// The bounds of a request. They are generous to clients and keep a stranger from making us hold or store much.
const (
	maxBody   = 64 << 10
	maxQuery  = 64 << 10
	maxParams = 128
	maxValue  = 2048
	maxJWT    = 16 << 10 // id_token_hint, client_assertion, token
	maxHint   = 320      // login_hint: the longest e-mail address
)

var longValues = map[string]int{
	"id_token_hint": maxJWT, "client_assertion": maxJWT, "token": maxJWT, "access_token": maxJWT, "refresh_token": maxJWT,
	"request": maxBody, // refused, with the right error instead of one about its size
	"claims":  8 << 10, "login_hint": maxHint, "logout_hint": maxHint,
}

// form holds the parameters of a request that the endpoint knows, each at most once. Unknown ones are ignored (RFC 6749
// section 3.1).
type form map[string]string

// readForm reads the body of a POST; with query also the URL's, which an endpoint that takes secrets never reads: URLs are
// logged (RFC 6749 section 2.3.1). The form read so far comes with the error, because an error may have to go to its
// redirect URI.
func readForm(w http.ResponseWriter, r *http.Request, known map[string]bool, query bool) (form, error) {
	f := form{}
	if query {
		if err := f.add(r.URL.RawQuery, known); err != nil {
			return f, err
		}
	}
	if r.Method != http.MethodPost {
		return f, nil
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return f, invalidRequest("the body must be of type application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return f, &oauthError{codeInvalidRequest, "the body is larger than 64 KiB", http.StatusRequestEntityTooLarge}
		}
		return f, invalidRequest("the body cannot be read")
	}
	return f, f.add(string(body), known)
}

// add parses encoded parameters. The first problem found is the one told, but all that can be read is read.
func (f form) add(encoded string, known map[string]bool) error {
	if len(encoded) > maxQuery || strings.Count(encoded, "&") >= maxParams {
		return invalidRequest("too many parameters")
	}
	var problem error
	note := func(err error) {
		if problem == nil {
			problem = err
		}
	}
	for pair := range strings.SplitSeq(encoded, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || !known[name] || value == "" { // without a value means omitted
			continue
		}
		if value, err = url.QueryUnescape(value); err != nil || strings.Contains(pair, ";") { // some read ; as a separator
			note(invalidRequest("parameter " + name + " is not form-encoded"))
			continue
		}
		if _, twice := f[name]; twice {
			// Two components that read different ones of two values is how parameter pollution works.
			note(invalidRequest("parameter " + name + " is there more than once"))
			f[name] = "" // neither counts
			continue
		}
		if err := checkValue(name, value); err != nil {
			note(err)
			continue
		}
		f[name] = value
	}
	return problem
}

// checkValue keeps out what would not come back as it came: what is not UTF-8, and control characters.
func checkValue(name, value string) error {
	limit := maxValue
	if l, ok := longValues[name]; ok {
		limit = l
	}
	if len(value) > limit {
		return invalidRequest("parameter " + name + " is too long")
	}
	if !utf8.ValidString(value) {
		return invalidRequest("parameter " + name + " is not UTF-8")
	}
	for i := range len(value) {
		if value[i] < 0x20 && name != "claims" || value[i] == 0x7f { // JSON may be written over several lines
			return invalidRequest("parameter " + name + " has a control character")
		}
	}
	return nil
}

// encode writes the known parameters back, in a stable order.
func (f form) encode() string {
	v := make(url.Values, len(f))
	for name, value := range f {
		v.Set(name, value)
	}
	return v.Encode()
}

func names(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, n := range list {
		m[n] = true
	}
	return m
}
