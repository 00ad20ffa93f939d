package web

import (
	"net/http"
	"net/url"
	"strings"
)

// The Content-Security-Policy of every page. No origin but ours gives script, style or pictures; nothing is inline; no page of ours
// stands in a frame, where a stranger's page could lay something over its buttons (clickjacking).
const (
	policyBase = "default-src 'none'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
	policy     = policyBase + "; script-src 'self'; form-action 'self'"
)

// guard writes the headers of a page.
func (h *Handler) guard(w http.ResponseWriter, p *page) {
	head := w.Header()
	switch {
	case p.Nonce != "":
		head.Set("Content-Security-Policy", policyBase+"; script-src 'nonce-"+p.Nonce+"'")
	case p.formTarget != "":
		head.Set("Content-Security-Policy", policy+" "+p.formTarget)
	default:
		head.Set("Content-Security-Policy", policy)
	}
	h.guardCommon(head)
}

func (h *Handler) guardCommon(head http.Header) {
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	// Not no-referrer: under it browsers send "Origin: null" with our own forms, which the cross-origin check of browsers
	// without Sec-Fetch-Site would refuse. same-origin tells other sites just as little: nothing.
	head.Set("Referrer-Policy", "same-origin")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=(), "+
		"publickey-credentials-get=(self), publickey-credentials-create=(self), clipboard-write=(self)")
	if h.cookies.secure {
		head.Set("Strict-Transport-Security", "max-age=63072000")
	}
}

// formTarget returns the CSP source that lets a form's answer redirect to uri, "" when it needs none: an http(s) target is reached
// by a page of its own (see leave.go). What is left are the schemes of native apps (RFC 8252 section 7.1), which a mobile browser
// opens only in answer to a tap, and so only by a direct redirect.
func formTarget(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || isWeb(u) || u.Scheme == "" {
		return ""
	}
	return strings.ToLower(u.Scheme) + ":" // url.Parse let only letters, digits and "+-." into it
}

func isWeb(u *url.URL) bool { return u.Scheme == "https" || u.Scheme == "http" }
