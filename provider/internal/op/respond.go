package op

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/varco-id/varco/provider/internal/login"
)

// reply is where an authorization response goes.
type reply struct {
	uri, mode, state string
	locales          string // space separated, for the form_post page
}

// field is one parameter of a response, in the order sent.
type field struct{ Name, Value string }

// Respond answers the relying party of a finished Flow. Cookies must have been set before.
func (h *Handler) Respond(w http.ResponseWriter, r *http.Request, a *login.Answer) {
	w.Header().Set("Cache-Control", "no-store")
	q := a.Request
	if q.RedirectURI == "" {
		h.failPage(w, r, invalidRequest("the flow has no relying party"))
		return
	}
	to := reply{uri: q.RedirectURI, mode: q.ResponseMode, state: q.State, locales: strings.Join(q.UILocales, " ")}
	switch {
	case a.Outcome.Error != "":
		h.send(w, to, field{"error", a.Outcome.Error})
	case q.SubjectHint != "" && a.Outcome.Subject != q.SubjectHint:
		// Somebody else signed in than the relying party asked for: it must not get them unawares (OIDC Core 3.1.2.1, 5.5.1).
		h.send(w, to, field{"error", codeLoginRequired}, field{"error_description", "another subscriber signed in"})
	default:
		h.send(w, to, field{"code", a.Code})
	}
}

// send writes an authorization response. state comes back as it came; iss tells a client of several providers which one answered, so
// that a code cannot be led to another (RFC 9207).
func (h *Handler) send(w http.ResponseWriter, to reply, fields ...field) {
	if to.state != "" {
		fields = append(fields, field{"state", to.state})
	}
	fields = append(fields, field{"iss", h.Issuer})
	switch to.mode {
	case modeFormPost:
		h.sendForm(w, to, fields)
	case modeFragment:
		redirect(w, to.uri+"#"+encodeFields(fields))
	default:
		// What the relying party has in its query stays as registered, byte by byte (RFC 6749 section 3.1.2).
		separator := "?"
		if strings.Contains(to.uri, "?") {
			separator = "&"
		}
		redirect(w, to.uri+separator+encodeFields(fields))
	}
}

func encodeFields(fields []field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(f.Name)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(f.Value))
	}
	return b.String()
}

// redirect sends the browser on with 303: 307 would repeat a POST, with what the person typed, at the relying party
// (RFC 9700 section 4.12). The target's Referer must not carry our URL either.
func redirect(w http.ResponseWriter, to string) {
	head := w.Header()
	head.Set("Location", to)
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}
