package op

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/signingkey"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Flows begins logins.
type Flows interface {
	// Start writes the Flow in one commit or answers at once. A *login.OAuthError is for the relying party.
	Start(ctx context.Context, r login.Request, b login.Browser) (*login.Page, error)
}

// Clients finds relying parties; every request asks, so it must answer from memory.
type Clients interface {
	Registered(ctx context.Context, id string) (*relyingparty.Registered, error)
	AllowsOrigin(ctx context.Context, origin string) (bool, error)
}

// Keys signs and verifies; every request asks.
type Keys interface {
	Signer(ctx context.Context, alg string) (*signingkey.Signer, error)
	Keys(ctx context.Context) (*signingkey.Set, error)
}

// Sessions reads and ends OP sessions.
type Sessions interface {
	Session(ctx context.Context, q tx.Q, id string) (*session.Session, error)
	EndSession(ctx context.Context, q tx.Q, id string, at time.Time) error
}

// Subscribers reads who a token is about.
type Subscribers interface {
	SubscriberByID(ctx context.Context, q tx.Q, id string) (*subscriber.Subscriber, error)
}

var (
	_ Flows       = (*login.Dispatcher)(nil)
	_ Clients     = (*relyingparty.Cache)(nil)
	_ Keys        = (*signingkey.Service)(nil)
	_ Sessions    = session.Store(nil)
	_ Subscribers = subscriber.Store(nil)
)

// Options is what a Handler needs. Every field is required unless it says otherwise.
type Options struct {
	// Issuer is the iss of everything we say: an https URL without query, fragment and trailing slash, with or without a path.
	// http is for loopback addresses.
	Issuer string

	DB          tx.DB
	Grants      grant.Store
	Sessions    Sessions
	Subscribers Subscribers
	Audit       audit.Writer
	Clients     Clients
	Keys        Keys
	Flows       Flows
	Box         sealing.Box

	ACRValues []string // of the policy, for discovery
	UILocales []string // languages of the pages, for discovery

	// The pages are the web package's. Browser reads what a request tells of the browser, to begin a Flow with: it sets the
	// binding cookie when the browser has none.
	Browser func(w http.ResponseWriter, r *http.Request) login.Browser
	// SessionCookie is the value of the browser's OP session cookie, "" when it has none.
	SessionCookie func(r *http.Request) string
	// ForgetSession removes that cookie.
	ForgetSession func(w http.ResponseWriter)
	// ShowPage shows a page of a Flow or sends the browser to it. For a page that is an Answer it sets the answer's cookies
	// and calls Respond.
	ShowPage func(w http.ResponseWriter, r *http.Request, p *login.Page)
	// ErrorPage tells the person that the request cannot go on and that no relying party can be told. code is one of the
	// Page constants.
	ErrorPage func(w http.ResponseWriter, r *http.Request, status int, code string)
	// Leave sends the browser to a URI of a relying party that was checked, by 303 or, after a form of ours, by a page that
	// goes on by itself (a browser applies the form's form-action to redirects).
	Leave func(w http.ResponseWriter, r *http.Request, target string)
	// FormPost makes the browser post the fields, in their order, to a URI of a relying party that was checked.
	FormPost func(w http.ResponseWriter, r *http.Request, target string, fields [][2]string)
	// ConfirmLogout asks the person; the page posts LogoutPage.Fields to LogoutPage.Action.
	ConfirmLogout func(w http.ResponseWriter, r *http.Request, p LogoutPage)
	// SignedOut tells the person that they are signed out. client is who asked for it, nil when unknown.
	SignedOut func(w http.ResponseWriter, r *http.Request, client *relyingparty.Client)

	// Address is the client's network address, after trusted proxies; nil: the connection's.
	Address func(r *http.Request) string
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: slog.Default
}

// The codes an ErrorPage gets: text keys of the page's catalogue ("error." + code).
const (
	PageBadRequest    = "bad_request"
	PageUnknownClient = "invalid_client"
	PageRedirectURI   = "redirect_uri"
	PageLogout        = "logout"
	PageInternal      = "internal"
	PageUnavailable   = "unavailable"
	PageThrottled     = "throttled"
)

// Handler serves the provider's endpoints. Safe for concurrent use.
type Handler struct {
	Options
	origin    string // of the issuer
	path      string // of the issuer, "" or /something
	discovery static
	noise     damper
	verified  verified
}

// New checks the options and prepares what does not change between requests.
func New(o Options) (*Handler, error) {
	for name, missing := range map[string]bool{
		"DB": o.DB == nil, "Grants": o.Grants == nil, "Sessions": o.Sessions == nil, "Subscribers": o.Subscribers == nil,
		"Audit": o.Audit == nil, "Clients": o.Clients == nil, "Keys": o.Keys == nil, "Flows": o.Flows == nil, "Box": o.Box == nil,
		"Browser": o.Browser == nil, "ShowPage": o.ShowPage == nil, "ErrorPage": o.ErrorPage == nil,
		"ConfirmLogout": o.ConfirmLogout == nil, "SignedOut": o.SignedOut == nil, "ForgetSession": o.ForgetSession == nil,
		"SessionCookie": o.SessionCookie == nil, "Leave": o.Leave == nil, "FormPost": o.FormPost == nil,
	} {
		if missing {
			return nil, errors.New("op: " + name + " is missing")
		}
	}
	u, err := checkIssuer(o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer %q %w", o.Issuer, err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Address == nil {
		o.Address = func(r *http.Request) string {
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			return host
		}
	}
	h := &Handler{Options: o, origin: u.Scheme + "://" + u.Host, path: u.Path}
	h.discovery, err = h.newDiscovery()
	return h, err
}

func checkIssuer(issuer string) (*url.URL, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return nil, errors.New("is not a URL: write it like https://login.bank.example")
	}
	local := u.Hostname() == "localhost"
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && a.IsLoopback() {
		local = true
	}
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return nil, errors.New("must begin with https:// (http:// is for loopback addresses)")
	case u.RawQuery != "" || strings.ContainsAny(issuer, "?#"):
		return nil, errors.New("must have neither query nor fragment (OIDC Discovery section 3)")
	case strings.HasSuffix(issuer, "/"):
		return nil, errors.New("must not end in a slash: relying parties compare it byte by byte")
	case u.User != nil || u.EscapedPath() != u.Path || strings.ToLower(u.Host) != u.Host:
		return nil, errors.New("must be plain: lower-case host, no user name, no percent-encoding")
	}
	return u, nil
}

func (h *Handler) url(path string) string { return h.Issuer + path }
