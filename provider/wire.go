package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/time/rate"

	"github.com/varco-id/varco/provider/internal/callback"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/op"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/web"
)

// remindPace is how long the answer to a request for user names takes, whether or not somebody has the address.
const remindPace = 400 * time.Millisecond

// route is one pattern of the public mux, with a name for metrics and traces.
type route struct {
	pattern, name string
	handler       http.Handler
}

// wire makes the pipeline, the pages and the endpoints, which need each other.
func (s *Server) wire() error {
	c := s.config
	issuer, err := url.Parse(c.Issuer)
	if err != nil {
		return err
	}
	texts := &web.Catalogues{Describe: s.host.Describe}
	s.outbox, err = delivery.NewOutbox(delivery.Options{Engine: delivery.Engine(s.store.Dialect()), Pool: s.store.SQL(), Store: s.store,
		Box: s.box, Channels: s.channels(), Log: s.log})
	if err != nil {
		return err
	}
	s.life.Outbox = s.outbox // which wakes the worker of this process
	var locales []language.Tag
	for _, l := range c.Locales {
		locales = append(locales, language.Make(l))
	}
	s.logins, err = login.New(login.Options{
		DB: s.store, Rows: s.store, Clients: s.cache, Plugins: s.host, Outbox: s.outbox, Box: s.box,
		Policy: &c.Policy, Risk: c.riskRules(), RiskSources: s.host, Throttle: c.limits(), Attempts: rate.NewLimiter(rate.Limit(c.Throttle.PerSecond), c.Throttle.PerSecond),
		Starts:   &throttle.Pace{PerSecond: c.Throttle.StartsPerAddress},
		Recovery: c.recovery(), Issuer: c.Issuer, Pace: remindPace,
		Session: session.Limits{Inactivity: time.Duration(c.Session.Inactivity), Absolute: time.Duration(c.Session.Absolute)},
		Locales: locales, RPID: issuer.Hostname(), Origins: []string{issuer.Scheme + "://" + issuer.Host},
		Brand: c.Brand.Name, MethodTitle: texts.Text, Now: time.Now, Log: s.log, Metrics: s.metrics,
		Wake: s.store.Wake, ReturnURL: func(instance string) string { return c.Issuer + "/plugins/" + instance + "/return" },
		MayLeave: s.mayLeave,
	})
	if err != nil {
		return err
	}

	var endpoints *op.Handler // made last; the pages reach it only while they answer
	pages, err := web.New(web.Options{
		Issuer: c.Issuer, Flows: s.logins, Account: s.logins, Recovery: s.logins, Texts: texts, Brand: c.webBrand(), DefaultLocale: c.Locales[0], Log: s.log,
		Responder:      web.ResponderFunc(func(w http.ResponseWriter, r *http.Request, a *login.Answer) { endpoints.Respond(w, r, a) }),
		ClientName:     s.clientName,
		TrustedProxies: c.proxies(), Subscribe: s.store.Subscribe, Stopping: s.front.stopping,
	})
	if err != nil {
		return fmt.Errorf("brand: %w", err)
	}
	if s.callbacks, err = callback.New(s.callbackOptions(texts, pages.ClientAddress)); err != nil {
		return err
	}
	s.routes = append(s.routes, route{s.callbacks.Pattern(), "callback", s.callbacks})
	acrs := make([]string, len(c.Policy.Levels))
	for i, l := range c.Policy.Levels {
		acrs[i] = l.ACR
	}
	endpoints, err = op.New(op.Options{
		Issuer: c.Issuer, DB: s.store, Grants: s.store, Sessions: s.store, Subscribers: s.store, Audit: s.store,
		Clients: s.cache, Keys: s.keys, Flows: s.logins, Box: s.box, ACRValues: acrs, UILocales: c.Locales,
		Browser: pages.Browser, SessionCookie: pages.SessionCookie, ForgetSession: pages.ClearSession,
		ShowPage:  func(w http.ResponseWriter, r *http.Request, p *login.Page) { s.showPage(endpoints, pages, w, r, p) },
		ErrorPage: pages.ErrorPage, Leave: pages.Leave, FormPost: pages.FormPost,
		ConfirmLogout: func(w http.ResponseWriter, r *http.Request, p op.LogoutPage) {
			pages.ConfirmLogout(w, r, web.LogoutPage{Action: p.Action, Fields: p.Fields, Client: displayName(p.Client, p.Locales)})
		},
		SignedOut: func(w http.ResponseWriter, r *http.Request, _ *relyingparty.Client) {
			// A page of its own, so that a reload does not ask to sign out again.
			http.Redirect(w, r, c.Issuer+"/signed-out", http.StatusSeeOther)
		},
		Address: pages.ClientAddress, Log: s.log,
	})
	if err != nil {
		return err
	}
	for _, r := range endpoints.Routes() {
		s.routes = append(s.routes, route{r.Pattern, r.Name, r.Handler})
	}
	for _, r := range pages.Routes() {
		s.routes = append(s.routes, route{r.Pattern, r.Name, r.Handler})
	}
	s.failed = func(w http.ResponseWriter, r *http.Request) {
		pages.ErrorPage(w, r, http.StatusInternalServerError, web.ErrorInternal)
	}
	return nil
}

// showPage answers /authorize: an Answer goes to the relying party at once, anything else is a page of its own, so that a
// refresh does not begin another login.
func (s *Server) showPage(endpoints *op.Handler, pages *web.Handler, w http.ResponseWriter, r *http.Request, p *login.Page) {
	if p.Answer != nil {
		pages.SetCookies(w, p.Answer)
		endpoints.Respond(w, r, p.Answer)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, s.config.Issuer+"/login/"+p.Flow, http.StatusSeeOther)
}

func (s *Server) clientName(ctx context.Context, id, locale string) string {
	if id == login.AccountClient {
		return ""
	}
	c, err := s.cache.Client(ctx, id)
	if err != nil {
		return ""
	}
	return c.DisplayName(locale)
}

func displayName(c *relyingparty.Client, locales []string) string {
	if c == nil {
		return ""
	}
	locale := ""
	if len(locales) > 0 {
		locale = locales[0]
	}
	return c.DisplayName(locale)
}

// channels lists the delivery channels of each kind. Those that are bundled are known before they have come up.
func (s *Server) channels() map[string][]string {
	kinds := map[string][]string{}
	instances, _ := s.config.instances() // read before, without an error
	for _, i := range instances {
		var offered []string
		if d, ok := s.host.Describe(i.ID); ok {
			offered = d.ChannelKinds
		} else if p, ok := BundledPlugin(i.Plugin); ok {
			if d, err := p.Describe(context.Background()); err == nil {
				offered = d.ChannelKinds
			}
		}
		for _, k := range offered {
			kinds[k] = append(kinds[k], i.ID)
		}
	}
	return kinds
}

// idempotentChannels are the instances that take a message with the same key once, by remembering it, by handing the key on or by
// looking the message up: only there is a send of unknown outcome repeated.
func (c *Config) idempotentChannels() map[string]bool {
	out := map[string]bool{}
	for id, p := range c.Plugins {
		switch p.Name(id) {
		case "inbox", "twilio", "webhook":
			out[id] = true
		}
	}
	return out
}

// limits are the configured limits of throttling.
func (c *Config) limits() throttle.Limits {
	t := c.Throttle
	return throttle.Limits{MaxFailures: t.MaxFailures, Block: time.Duration(t.Block), MaxBlock: time.Duration(t.MaxBlock),
		LastingAfter: t.LastingAfter, AddressFailures: t.AddressFailures, AddressWindow: time.Duration(t.AddressWindow)}
}

// webBrand is the configured brand as the pages take it.
func (c *Config) webBrand() web.Brand {
	b := web.Brand{Name: c.Brand.Name, Texts: c.Brand.Texts,
		Colors: web.Colors{Primary: c.Brand.Colours.Accent, PrimaryDark: c.Brand.Colours.AccentDark}}
	if c.Brand.Logo != "" {
		b.Logo = c.Path(c.Brand.Logo)
	}
	if phone, ok := strings.CutPrefix(c.Brand.Support, "tel:"); ok {
		b.SupportPhone = phone
	} else {
		b.SupportURL = c.Brand.Support
	}
	return b
}

func (c *Config) proxies() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range c.TrustedProxies {
		if prefix, err := netip.ParsePrefix(p); err == nil { // checked when the configuration was loaded
			list = append(list, prefix)
		}
	}
	return list
}

var (
	_ callback.Flows  = (*login.Dispatcher)(nil)
	_ callback.Outbox = (*delivery.Outbox)(nil)
	_ callback.Rows   = (*sqlstore.Store)(nil)

	_ web.Flows    = (*login.Dispatcher)(nil)
	_ web.Account  = (*login.Dispatcher)(nil)
	_ web.Recovery = (*login.Dispatcher)(nil)
	_ login.Rows   = (*sqlstore.Store)(nil)
)
