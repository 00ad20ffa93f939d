package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// Flows is the login pipeline as the pages use it.
type Flows interface {
	// Page returns what the Flow shows now. It changes nothing.
	Page(ctx context.Context, flow string, b login.Browser) (*login.Page, error)
	// Submit answers a page and returns the next one.
	Submit(ctx context.Context, flow string, b login.Browser, s login.Submission) (*login.Page, error)
	// Standing says whether a page is still the one to show. It changes nothing.
	Standing(ctx context.Context, flow string, b login.Browser) (*login.Standing, error)
	// Return answers a step whose page led to another origin, and returns its Flow.
	Return(ctx context.Context, instance, state string, b login.Browser, inputs map[string]string) (string, *login.Page, error)
	// Start begins a Flow; here only for the person's own page.
	Start(ctx context.Context, r login.Request, b login.Browser) (*login.Page, error)
}

// Account is who is signed in and what they have. Every method answers fault.Denied when nobody is, or not recently enough.
type Account interface {
	Overview(ctx context.Context, b login.Browser) (*login.Overview, error)
	// EndSession ends a session of the signed-in person; an empty id means the browser's own, whatever its age.
	EndSession(ctx context.Context, b login.Browser, sessionID string) error
	RevokeConsent(ctx context.Context, b login.Browser, client string) error
	// Events lists what happened, newest first; before is the id of the last one seen.
	Events(ctx context.Context, b login.Browser, before string) (events []subscriber.Event, more bool, err error)
}

// Recovery is for people who cannot sign in, or did not do what they are told of.
type Recovery interface {
	// Recoverable lists the methods that can be replaced when they are lost.
	Recoverable() []login.MethodOption
	// RemindNames sends the names that belong to an address to it; fault.Invalid for what cannot be one.
	RemindNames(ctx context.Context, typed string, b login.Browser) error
	// Cancellable says what a link takes back; fault.NotFound or fault.Expired when nothing.
	Cancellable(ctx context.Context, token string) (*login.Cancellable, error)
	Cancel(ctx context.Context, token string, b login.Browser) error
}

// Responder carries the answer of a Flow to its relying party, by Handler.Leave or Handler.FormPost. The answer's cookies are set.
type Responder interface {
	Respond(w http.ResponseWriter, r *http.Request, a *login.Answer)
}

// ResponderFunc is a function as a Responder, for wiring two parts that need each other.
type ResponderFunc func(w http.ResponseWriter, r *http.Request, a *login.Answer)

// Respond calls f.
func (f ResponderFunc) Respond(w http.ResponseWriter, r *http.Request, a *login.Answer) { f(w, r, a) }

var _ Responder = ResponderFunc(nil)

// Texts resolves the texts of plugins. An empty answer means that the text does not exist, and its view is not shown.
type Texts interface {
	Text(instance, locale string, t sdk.Text) string
}

// Options is what the pages need. Issuer, Flows, Account, Recovery, Responder and Texts are required.
type Options struct {
	Issuer    string // https://host[:port][/path]; http makes the cookies insecure and is for a loopback demo alone
	Flows     Flows
	Account   Account
	Recovery  Recovery
	Responder Responder
	Texts     Texts
	Brand     Brand

	// ClientName names a relying party to a person; empty or nil: the pages do not name it.
	ClientName func(ctx context.Context, client, locale string) string
	// TrustedProxies are the networks whose X-Forwarded-For counts; see Handler.ClientAddress.
	TrustedProxies []netip.Prefix
	// Subscribe returns a channel that gets a value when a topic (login.FlowTopic) was woken, and what ends it; nil: waiting pages look
	// by themselves.
	Subscribe func(topic string) (<-chan struct{}, func())
	// Stopping is closed when the server stops: requests that wait for something then end. May be nil.
	Stopping      <-chan struct{}
	DefaultLocale string         // "en" (default) or "it": for a browser that asks for neither
	Location      *time.Location // time zone of dates on the person's own page; default UTC, and always named
	Log           *slog.Logger   // default slog.Default
	Now           func() time.Time
}

func (o *Options) defaults() error {
	switch {
	case o.Flows == nil, o.Account == nil, o.Recovery == nil, o.Responder == nil, o.Texts == nil:
		return errors.New("web: Flows, Account, Recovery, Responder and Texts are required")
	}
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("web: issuer %q is not an http(s) URL", o.Issuer)
	}
	if o.DefaultLocale == "" {
		o.DefaultLocale = "en"
	}
	if !supported(o.DefaultLocale) {
		return fmt.Errorf("web: default locale %q: the pages speak %v", o.DefaultLocale, Locales())
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}
