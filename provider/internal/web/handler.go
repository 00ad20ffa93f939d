package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Handler serves the pages.
type Handler struct {
	opt       Options
	base      string // path of the issuer without a trailing slash: every page lies below it
	cookies   cookies
	catalogue map[string]*words
	assets    *assets
	pages     map[string]map[string]parsed // language → name
	openings  *openings
	cross     *http.CrossOriginProtection
	waiting   waiters
}

// Route is one pattern of http.ServeMux with a constant name for metrics and traces.
type Route struct {
	Pattern, Name string
	Handler       http.Handler
}

// New reads translations, brand and templates. What is wrong with the options or the brand is an error here and never a broken page.
func New(o Options) (*Handler, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	issuer, err := url.Parse(o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("web: issuer: %w", err)
	}
	h := &Handler{opt: o, base: strings.TrimSuffix(issuer.Path, "/"), cookies: newCookies(o.Issuer), openings: newOpenings(), cross: http.NewCrossOriginProtection()}
	if h.catalogue, err = loadWords(o.Brand.Texts); err != nil {
		return nil, err
	}
	brand, css, logo, adjusted, err := loadBrand(o.Brand)
	if err != nil {
		return nil, err
	}
	for _, a := range adjusted {
		o.Log.Warn("brand adjusted for readability", "adjustment", a)
	}
	if h.assets, err = loadAssets(h.base, css, logo); err != nil {
		return nil, err
	}
	brand.Logo = h.assets.Logo
	h.pages = make(map[string]map[string]parsed, len(h.catalogue))
	for lang, w := range h.catalogue {
		if h.pages[lang], err = loadPages(w, newConstants(brand, h.assets, h.base)); err != nil {
			return nil, err
		}
	}
	// Behind a proxy that rewrites Host, the Origin of our own forms is the issuer's.
	if err := h.cross.AddTrustedOrigin(issuer.Scheme + "://" + issuer.Host); err != nil {
		return nil, fmt.Errorf("web: issuer as origin: %w", err)
	}
	h.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ErrorPage(w, r, http.StatusForbidden, ErrorCrossOrigin)
	}))
	return h, nil
}

// Check says what New would refuse or adjust of a brand, for `varco config check` and `varco doctor`.
func (b Brand) Check() (adjusted []string, err error) {
	if _, err := loadWords(b.Texts); err != nil {
		return nil, err
	}
	_, _, _, adjusted, err = loadBrand(b)
	return adjusted, err
}

// Routes are the pages. "/" is among them, as the page for addresses that do not exist.
func (h *Handler) Routes() []Route {
	get := func(pattern, name string, f http.HandlerFunc) Route { return Route{"GET " + h.base + pattern, name, f} }
	// Every POST passes the cross-origin check: a page of another site cannot send our forms in the person's name.
	post := func(pattern, name string, f http.HandlerFunc) Route {
		return Route{"POST " + h.base + pattern, name, h.cross.Handler(f)}
	}
	return []Route{
		get("/login/{flow}", "login", h.loginPage),
		get("/login/{flow}/version", "login_version", h.loginVersion),
		post("/login/{flow}", "login_submit", h.loginSubmit),
		get("/plugins/{instance}/return", "login_return", h.loginReturn),
		get("/account", "account", h.accountPage),
		post("/account/sign-in", "account_sign_in", h.accountSignIn),
		post("/account/sign-out", "account_sign_out", h.accountSignOut),
		post("/account/authenticators", "account_bind", h.accountBind),
		get("/account/authenticators/{id}/remove", "account_unbind_ask", h.accountUnbindAsk),
		post("/account/authenticators/{id}/remove", "account_unbind", h.accountUnbind),
		post("/account/sessions/{id}/end", "account_session_end", h.accountEndSession),
		post("/account/consents/revoke", "account_consent_revoke", h.accountRevokeConsent),
		post("/account/contacts", "account_contact", h.accountContact),
		get("/account/events", "account_events", h.accountEvents),
		get("/recover", "recover", h.recoverPage),
		post("/recover", "recover_start", h.recoverStart),
		get("/recover/name", "recover_name", h.recoverName),
		post("/recover/name", "recover_name_send", h.recoverNameSend),
		get("/recover/name/sent", "recover_name_sent", h.recoverNameSent),
		get("/recovered", "recovered", h.recoveredPage),
		get("/cancel/{token}", "cancel", h.cancelPage),
		post("/cancel/{token}", "cancel_change", h.cancelChange),
		get("/cancelled", "cancelled", h.cancelledPage),
		get("/signed-out", "signed_out", h.signedOut),
		get("/static/{file}", "static", h.static),
		get("/{$}", "landing", h.landing),
		// Where browsers, crawlers and password managers look, whatever the issuer's path.
		{"GET /favicon.ico", "favicon", http.HandlerFunc(h.favicon)},
		{"GET /robots.txt", "robots", http.HandlerFunc(robots)},
		{"GET /.well-known/change-password", "change_password", http.HandlerFunc(h.changePassword)},
		{"/", "not_found", http.HandlerFunc(h.notFound)},
	}
}
