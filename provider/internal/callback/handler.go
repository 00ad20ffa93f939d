package callback

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/telemetry"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Plugins is what callbacks ask of the plugin host.
type Plugins interface {
	Describe(instance string) (*sdk.Description, bool)
	Callback(ctx context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error)
	Delivery(ctx context.Context, r *sdk.DeliveryReport) (*sdk.CallbackResponse, error)
}

// Flows is what callbacks ask of the pipeline.
type Flows interface {
	Waiting(ctx context.Context, q tx.Q, instance, subject, handle string) ([]login.Waiting, error)
	Signal(ctx context.Context, q tx.Q, w login.Waiting, data []byte) (bool, error)
	Heard(ctx context.Context, flows ...login.Waiting)
}

// Rows is what callbacks ask of storage.
type Rows interface {
	CredentialByHandle(ctx context.Context, q tx.Q, instance, handle string) (*subscriber.Credential, error)
	CredentialsOf(ctx context.Context, q tx.Q, subject string) ([]subscriber.Credential, error)
	UpdateCredential(ctx context.Context, q tx.Q, c subscriber.Credential) error
	DeleteCredential(ctx context.Context, q tx.Q, id, subject string, revision int64) error
	SubscriberByID(ctx context.Context, q tx.Q, id string) (*subscriber.Subscriber, error)
	// Once remembers key until expires; fault.Conflict if it was remembered before.
	Once(ctx context.Context, q tx.Q, key string, expires time.Time) error
	audit.Writer
}

// Outbox queues messages, and takes what channels learn of those they sent.
type Outbox interface {
	Queue(ctx context.Context, q tx.Q, messages ...delivery.Message) error
	Receive(ctx context.Context, q tx.Q, sender string, receipts []sdk.Receipt) error
	Wake()
}

// Options is what a Handler needs. Every field is required unless it says otherwise.
type Options struct {
	Issuer  string // https://host[:port][/path]
	DB      tx.DB
	Rows    Rows
	Plugins Plugins
	Flows   Flows
	Outbox  Outbox
	Box     sealing.Box
	// Configured says whether there is such an instance, up or not.
	Configured func(instance string) bool
	// Address is the client's address, after trusted proxies.
	Address func(r *http.Request) string
	// Removed is the notice to a person whose authenticator a callback removed; nil: none is sent.
	Removed func(instance, credential string, to *subscriber.Subscriber, at time.Time) delivery.Message
	Now     func() time.Time
	Log     *slog.Logger
	Metrics *telemetry.Metrics // nil: none
}

// Handler answers /plugins/{instance}/… below the issuer. Safe for concurrent use.
type Handler struct {
	Options
	issuer *url.URL
	nonces nonces

	addresses, strangers, handles limiter
	familiar                      recent // keys whose proofs led somewhere
}

// New returns a Handler.
func New(o Options) (*Handler, error) {
	issuer, err := url.Parse(o.Issuer)
	if err != nil || issuer.Host == "" {
		return nil, errors.New("callback: the issuer is not an http(s) URL")
	}
	return &Handler{Options: o, issuer: issuer, nonces: nonces{o.Box},
		addresses: limiter{rate: perAddress}, strangers: limiter{rate: perStranger}, handles: limiter{rate: perHandle}}, nil
}

// Pattern is where the Handler belongs in an http.ServeMux.
func (h *Handler) Pattern() string {
	return strings.TrimSuffix(h.issuer.Path, "/") + "/plugins/{instance}/{path...}"
}

const maxBody = 64 << 10 // bytes

// ServeHTTP answers one callback.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	c := &call{h: h, w: w, r: r, now: h.Now(), address: h.Address(r)}
	status, err := c.serve(r.Context())
	if err != nil {
		h.Log.WarnContext(r.Context(), "callback failed", "instance", c.instance, "route", c.routeName(), "error", err)
	}
	if status != answered {
		refuse(w, status)
	}
	if c.stranger {
		h.strangers.take(c.address, c.now)
	}
}

// call is one request in hand.
type call struct {
	h       *Handler
	w       http.ResponseWriter
	r       *http.Request
	now     time.Time
	address string

	instance   string
	route      *sdk.Route
	thumbprint string
	stranger   bool // counts against the address
}

func (c *call) routeName() string {
	if c.route == nil {
		return ""
	}
	return c.route.Name
}

// serve brings the request as far as it gets. A status other than answered is still to be answered.
func (c *call) serve(ctx context.Context) (int, error) {
	if wait, ok := c.h.addresses.take(c.address, c.now); !ok {
		return c.throttled(wait), nil
	}
	values, status := c.find()
	if status != 0 {
		if wait, spent := c.h.strangers.spent(c.address, c.now); spent {
			return c.throttled(wait), nil
		}
		return status, nil
	}
	if wait, spent := c.h.strangers.spent(c.address, c.now); spent && !c.route.DPoP {
		return c.throttled(wait), nil
	}
	body, status := c.body()
	if status != 0 {
		return status, nil
	}
	if c.route.DPoP {
		if status, err := c.prove(ctx); status != 0 {
			return status, err
		}
	}
	handle, err := handleOf(c.route, values, c.r.Header, body)
	if err != nil {
		c.stranger = true
		return http.StatusBadRequest, nil
	}
	if handle != "" {
		// With whom it comes from: else anybody who knows a phone's handle could use up what it may ask.
		if wait, ok := c.h.handles.take(c.instance+"\x00"+handle+"\x00"+cmp.Or(c.thumbprint, c.address), c.now); !ok {
			return c.throttled(wait), nil
		}
	}
	return c.ask(ctx, handle, body)
}

// find names the route. Whatever is not registered is answered alike, other methods included: what an instance answers to is between
// it and those it answers.
func (c *call) find() (map[string]string, int) {
	instance := c.r.PathValue("instance")
	about, ok := c.h.Plugins.Describe(instance)
	if !ok {
		if c.h.Configured(instance) { // a phone must try again, and not believe that it was unbound
			c.w.Header().Set("Retry-After", "2")
			return nil, http.StatusServiceUnavailable
		}
		c.stranger = true
		return nil, http.StatusNotFound
	}
	route, values := match(about.Routes, c.r.Method, strings.Split(c.r.PathValue("path"), "/"))
	if route == nil {
		c.stranger = true
		return nil, http.StatusNotFound
	}
	c.instance, c.route = instance, route
	return values, 0
}

// prove checks the DPoP proof (RFC 9449). Every answer offers the nonce for the next request.
func (c *call) prove(ctx context.Context) (int, error) {
	fresh := c.h.nonces.current(c.instance, c.now)
	c.w.Header().Set("DPoP-Nonce", fresh)
	refused := func(code string) int {
		c.w.Header().Set("WWW-Authenticate", `DPoP error="`+code+`", algs="`+algsOffer+`"`)
		c.w.Header().Set("Content-Type", "application/json")
		c.w.WriteHeader(http.StatusUnauthorized)
		_, _ = c.w.Write([]byte(`{"error":"` + code + `"}` + "\n")) // the phone went away
		return answered
	}
	p, err := checkProof(c.r.Header, c.r.Method, c.target())
	if err != nil {
		c.h.Log.DebugContext(ctx, "callback refused", "instance", c.instance, "route", c.route.Name, "reason", err)
		c.stranger = true
		return refused("invalid_dpop_proof"), nil
	}
	if !c.h.nonces.good(c.instance, p.nonce, c.now) {
		return refused("use_dpop_nonce"), nil // how every conversation begins: no stranger for it
	}
	if wait, spent := c.h.strangers.spent(c.address, c.now); spent && !c.h.familiar.has(c.instance+" "+p.thumbprint) {
		// Others behind the same address (a mobile network's gateway) guess: a phone that we know is not held to it.
		return c.throttled(wait), nil
	}
	err = c.h.Rows.Once(ctx, c.h.DB, p.once, c.now.Add(2*nonceLife))
	switch {
	case fault.Is(err, fault.Conflict):
		c.stranger = true
		return refused("invalid_dpop_proof"), nil
	case err != nil:
		return http.StatusServiceUnavailable, err
	}
	c.thumbprint = p.thumbprint
	return 0, nil
}

// target is the public address of the request. The Host header is not asked: it is the caller's to write, and a proxy's to change.
func (c *call) target() *url.URL {
	u := *c.r.URL
	u.Scheme, u.Host, u.User, u.Fragment = c.h.issuer.Scheme, c.h.issuer.Host, nil, ""
	return &u
}

func (c *call) throttled(wait time.Duration) int {
	c.h.Metrics.Throttled("callbacks")
	c.w.Header().Set("Retry-After", seconds(wait))
	return http.StatusTooManyRequests
}

// technical turns a plugin's fault into a status.
func technical(err error) int {
	var he *host.Error
	if errors.As(err, &he) && he.Kind == host.Bug {
		return http.StatusInternalServerError
	}
	return http.StatusServiceUnavailable
}
