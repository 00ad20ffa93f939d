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
}

// Respond answers the relying party of a finished Flow. Cookies must have been set before.
func (h *Handler) Respond(w http.ResponseWriter, r *http.Request, a *login.Answer) {
	w.Header().Set("Cache-Control", "no-store")
	q := a.Request
	if q.RedirectURI == "" {
		h.failPage(w, r, invalidRequest("the flow has no relying party"))
		return
	}
	to := reply{uri: q.RedirectURI, mode: q.ResponseMode, state: q.State}
	switch {
	case a.Outcome.Error != "":
		h.send(w, r, to, [2]string{"error", a.Outcome.Error})
	case q.SubjectHint != "" && a.Outcome.Subject != q.SubjectHint:
		// Somebody else signed in than the relying party asked for: it must not get them unawares (OIDC Core 3.1.2.1, 5.5.1).
		h.send(w, r, to, [2]string{"error", codeLoginRequired}, [2]string{"error_description", "another subscriber signed in"})
	default:
		h.send(w, r, to, [2]string{"code", a.Code})
	}
}

// send writes an authorization response. state comes back as it came; iss tells a client of several providers which one
// answered, so that a code cannot be led to another (RFC 9207).
//
// The library's AuthResponseURL is not used: it encodes a fragment twice and rewrites the query that the relying party
// registered.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, to reply, fields ...[2]string) {
	if to.state != "" {
		fields = append(fields, [2]string{"state", to.state})
	}
	fields = append(fields, [2]string{"iss", h.Issuer})
	switch to.mode {
	case modeFormPost:
		h.FormPost(w, r, to.uri, fields)
	case modeFragment:
		h.Leave(w, r, to.uri+"#"+encodeFields(fields))
	default:
		h.Leave(w, r, withQuery(to.uri, fields))
	}
}

// withQuery adds fields to a URI. What the relying party has in its query stays as registered, byte by byte (RFC 6749
// section 3.1.2).
func withQuery(uri string, fields [][2]string) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return uri + separator + encodeFields(fields)
}

func encodeFields(fields [][2]string) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(f[0])
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(f[1]))
	}
	return b.String()
}

// redirect sends the browser on to an endpoint of ours with 303, which makes a GET of a POST.
func redirect(w http.ResponseWriter, to string) {
	head := w.Header()
	head.Set("Location", to)
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}
