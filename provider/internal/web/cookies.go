package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/login"
)

// The cookies. Over https their names carry __Host-, with which a browser takes them from this very host alone, over https and for
// the whole path (RFC 6265bis section 4.1.3.2): a neighbour such as shop.bank.example cannot plant a binding of its own in the
// person's browser and have them finish the neighbour's login (login CSRF, session fixation).
//
// SameSite is Lax and not Strict because a login begins with a redirect from the relying party's site.
type cookies struct {
	binding string // binds flows to the browser that began them; until the browser closes
	session string // the OP session; until the browser closes, and the server decides how long it counts
	known   string // this browser completed a login before
	lang    string // the language picked on a page
	secure  bool
}

const (
	knownBrowserAge = 400 * 24 * time.Hour // the longest that browsers keep a cookie (RFC 6265bis section 5.5)
	maxCookie       = 1024                 // bytes of a value that is looked at; ours are far shorter
	bindingBytes    = 32
)

func newCookies(issuer string) cookies {
	prefix, secure := "__Host-", true
	if strings.HasPrefix(issuer, "http://") {
		prefix, secure = "", false
	}
	return cookies{
		binding: prefix + "varco",
		session: prefix + "varco-session",
		known:   prefix + "varco-browser",
		lang:    prefix + "varco-lang",
		secure:  secure,
	}
}

// set writes a cookie; age 0 means until the browser closes, a negative one deletes it.
func (c *cookies) set(w http.ResponseWriter, name, value string, age time.Duration) {
	seconds := int(age / time.Second)
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

func value(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil || len(c.Value) > maxCookie {
		return ""
	}
	return c.Value
}

// browser is what the request tells of its browser. It sets nothing.
func (h *Handler) browser(r *http.Request) login.Browser {
	b := login.Browser{
		Binding:   value(r, h.cookies.binding),
		Session:   value(r, h.cookies.session),
		Known:     value(r, h.cookies.known),
		Address:   h.ClientAddress(r),
		UserAgent: clip(r.UserAgent(), 200),
		Locales:   acceptLanguage(r),
	}
	if !isBinding(b.Binding) {
		b.Binding = ""
	}
	if picked := h.cookieLocale(r); picked != "" {
		b.Locales = append([]string{picked}, b.Locales...)
	}
	return b
}

// Browser is what the request tells of its browser, to begin a Flow with: a browser without a binding cookie gets one.
//
// Call it only where a Flow begins. A page of an existing Flow must not hand out a binding, or a stranger's browser that opens the
// Flow's address would look like one whose cookie was lost.
func (h *Handler) Browser(w http.ResponseWriter, r *http.Request) login.Browser {
	b := h.browser(r)
	if b.Binding == "" {
		var raw [bindingBytes]byte
		_, _ = rand.Read(raw[:]) // never fails: it ends the process instead
		b.Binding = base64.RawURLEncoding.EncodeToString(raw[:])
		h.cookies.set(w, h.cookies.binding, b.Binding, 0)
	}
	return b
}

// SetCookies writes the cookies that an answer brings. Call it before anything of the answer is written.
func (h *Handler) SetCookies(w http.ResponseWriter, a *login.Answer) {
	if a.Session != "" {
		h.cookies.set(w, h.cookies.session, a.Session, 0)
	}
	if a.KnownBrowser != "" {
		h.cookies.set(w, h.cookies.known, a.KnownBrowser, knownBrowserAge)
	}
}

// SessionCookie is the value of the browser's OP session cookie, unchecked; "" when it has none.
func (h *Handler) SessionCookie(r *http.Request) string { return value(r, h.cookies.session) }

// ClearSession deletes the cookie of the OP session, at logout. The known-browser cookie stays: it opens nothing, and without it a
// stranger's failures would count against the person's own browser.
func (h *Handler) ClearSession(w http.ResponseWriter) {
	h.cookies.set(w, h.cookies.session, "", -time.Second)
}

// isBinding says whether s has the shape of a binding cookie that we set.
func isBinding(s string) bool {
	if len(s) != base64.RawURLEncoding.EncodedLen(bindingBytes) {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil
}

// clip cuts s to n bytes at a rune's border and drops what is not UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
