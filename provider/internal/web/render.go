package web

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
)

// page is what the layout knows; a template reaches its own data through Body.
type page struct {
	*words
	Title  string
	Brand  *brandView
	Assets *assets
	Switch []langLink // to the same page in another language
	Signed bool       // the person's own page: the header offers to sign out
	Wide   bool
	// Ceremony: the page's script asks the browser for a passkey or a security key.
	Ceremony bool

	Problem bool   // the title says so: it is what a screen reader reads first
	Refresh bool   // without script the page looks again by itself
	Reload  string // address to go on to without asking; see leave.go
	Body    any

	formTarget string // CSP source that the answer to a form may redirect to
	Nonce      string // of the page's one inline script; only form_post has one, and no other script
}

type langLink struct{ Lang, Name, URL string }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render writes a page. It is built in memory first, so that a page is sent whole or not at all.
func (h *Handler) render(w http.ResponseWriter, r *http.Request, status int, name string, p *page) {
	h.rendered(w, r, name, p, func(raw []byte) { h.send(w, r, status, p, raw) })
}

// rendered hands a page that was built to then, which must not keep it. When it cannot be built the answer says so.
func (h *Handler) rendered(w http.ResponseWriter, r *http.Request, name string, p *page, then func(raw []byte)) {
	if p.Switch == nil {
		p.Switch = languageLinks(r, p.Lang)
	}
	buf, _ := buffers.Get().(*bytes.Buffer)
	defer func() {
		clear(buf.Bytes()) // a page may hold a secret to type; it must not lie in a pool
		buf.Reset()
		buffers.Put(buf)
	}()
	t, err := h.pages[p.Lang][name]()
	if err == nil {
		err = t.ExecuteTemplate(buf, "layout", p)
	}
	if err != nil {
		h.opt.Log.ErrorContext(r.Context(), "page not rendered", "page", name, "error", err)
		buf.Reset()
		http.Error(w, "Internal error", http.StatusInternalServerError)
		return
	}
	then(buf.Bytes())
}

// send writes a page with its headers.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, status int, p *page, raw []byte) {
	h.guard(w, p)
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", p.Lang)
	head.Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(raw) // the browser went away
	}
}

// redirect leads on inside the provider. It carries the headers of a page: a cached one would replay cookies.
func (h *Handler) redirect(w http.ResponseWriter, to string) {
	h.guardCommon(w.Header())
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// languageLinks lead to the page in the other languages. A page that answers a form has none: its address means another thing.
func languageLinks(r *http.Request, lang string) []langLink {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return []langLink{}
	}
	q := r.URL.Query()
	links := make([]langLink, 0, len(locales)-1)
	for _, l := range locales {
		if l.tag == lang {
			continue
		}
		q.Set("ui_locales", l.tag)
		links = append(links, langLink{l.tag, l.name, "?" + q.Encode()})
	}
	return links
}
