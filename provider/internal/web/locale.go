package web

import (
	"net/http"
	"strings"
	"time"
)

// words chooses the page's language: what the person just picked → what they picked before → preferred (what the relying party
// asked for or the subscriber's own, as the login package chose) → what the browser asks for → the default.
//
// A pick beats the relying party's ui_locales: that is a hint about the person (OIDC Core 3.1.2.1), and the person has spoken.
func (h *Handler) words(r *http.Request, preferred string) *words {
	if asked := askedLocale(r); asked != "" {
		return h.catalogue[asked]
	}
	if picked := h.cookieLocale(r); picked != "" {
		return h.catalogue[picked]
	}
	if l := match(preferred); l != "" {
		return h.catalogue[l]
	}
	for _, tag := range acceptLanguage(r) {
		if l := match(tag); l != "" {
			return h.catalogue[l]
		}
	}
	return h.catalogue[h.opt.DefaultLocale]
}

// askedLocale is the first language of ?ui_locales= that the pages speak, "" when none.
func askedLocale(r *http.Request) string {
	if !strings.Contains(r.URL.RawQuery, "ui_locales") {
		return ""
	}
	for i, tag := range strings.Fields(r.URL.Query().Get("ui_locales")) {
		if l := match(tag); l != "" {
			return l
		}
		if i > 10 {
			break
		}
	}
	return ""
}

func (h *Handler) cookieLocale(r *http.Request) string {
	if c, err := r.Cookie(h.cookies.lang); err == nil {
		return match(c.Value)
	}
	return ""
}

// rememberLocale keeps a language picked by the link on a page. The cookie is a preference and proves nothing.
func (h *Handler) rememberLocale(w http.ResponseWriter, r *http.Request) {
	asked := askedLocale(r)
	if asked == "" || asked == h.cookieLocale(r) {
		return
	}
	h.cookies.set(w, h.cookies.lang, asked, 400*24*time.Hour)
}

// match returns the language of the pages for a BCP 47 tag: the same or its base language.
func match(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	for _, l := range locales {
		if strings.EqualFold(base, l.tag) {
			return l.tag
		}
	}
	return ""
}

// acceptLanguage returns the tags of Accept-Language, best first, at most ten. The header is a stranger's: it is cut at 256 bytes,
// and what is not a tag is dropped.
func acceptLanguage(r *http.Request) []string {
	header := r.Header.Get("Accept-Language")
	if len(header) > 256 {
		header = header[:256]
	}
	var tags []string
	var weights []string
	for part := range strings.SplitSeq(header, ",") {
		tag, q, _ := strings.Cut(part, ";")
		if tag = strings.TrimSpace(tag); !isTag(tag) {
			continue
		}
		_, weight, ok := strings.Cut(q, "q=")
		if weight = strings.TrimSpace(weight); !ok {
			weight = "1"
		}
		if strings.Trim(weight, "0.") == "" { // q=0: not acceptable (RFC 9110 section 12.4.2)
			continue
		}
		// Weights are "1", "0.8", "0.75": they order as text. Insertion keeps the order of equal ones.
		at := len(tags)
		for at > 0 && weights[at-1] < weight {
			at--
		}
		tags = append(tags[:at], append([]string{tag}, tags[at:]...)...)
		weights = append(weights[:at], append([]string{weight}, weights[at:]...)...)
		if len(tags) == 10 {
			break
		}
	}
	return tags
}

func isTag(s string) bool {
	if s == "" || len(s) > 35 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
		default:
			return false
		}
	}
	return true
}
