package web

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
)

// The bounds of a form: far above what a page sends, far below what would cost us anything.
const (
	maxBody   = 64 << 10 // bytes
	maxFields = 64
	maxField  = 32 << 10 // bytes of one value: a WebAuthn answer with attestation stays below
	maxName   = 512      // bytes of a user name
)

// form reads a posted form within the bounds. What no page of ours sends is refused whole, so that nothing downstream has to guess
// which of two values counts.
func form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, fault.New(fault.Invalid, "form of another content type")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "read form")
	}
	if len(r.PostForm) > maxFields {
		return nil, fault.New(fault.Invalid, "form with too many fields")
	}
	for name, values := range r.PostForm {
		if len(values) != 1 {
			return nil, fault.New(fault.Invalid, "form with a repeated field")
		}
		if len(name) > 64 || len(values[0]) > maxField || !clean(name) || !clean(values[0]) {
			return nil, fault.New(fault.Invalid, "form with a field out of bounds")
		}
	}
	return r.PostForm, nil
}

// clean says whether s is UTF-8 without NUL, which PostgreSQL refuses in text.
func clean(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// submission turns a form of the login page into what the pipeline takes.
func submission(f url.Values) (login.Submission, error) {
	version, err := strconv.ParseInt(f.Get("v"), 10, 64)
	if err != nil || version < 0 {
		return login.Submission{}, fault.New(fault.Invalid, "form without page version")
	}
	s := login.Submission{
		Version: version,
		Action:  login.Action(f.Get("action")),
		Method:  f.Get("method"),
		Name:    f.Get("username"),
		Inputs:  map[string]string{},
	}
	switch s.Action {
	case login.ActionContinue, login.ActionChoose, login.ActionAllow, login.ActionDeny, login.ActionCancel, login.ActionRestart:
	default:
		return login.Submission{}, fault.New(fault.Invalid, "form with an unknown action")
	}
	if len(s.Name) > maxName || len(s.Method) > 128 {
		return login.Submission{}, fault.New(fault.Invalid, "form with a field out of bounds")
	}
	for name, values := range f {
		if name, ok := strings.CutPrefix(name, pluginPrefix); ok {
			s.Inputs[name] = values[0]
		}
	}
	return s, nil
}

// pluginPrefix keeps a plugin's fields apart from the host's: no plugin can send a field that the host reads.
const pluginPrefix = "p."

// isToken says whether s can be the id of something of ours in an address.
func isToken(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
