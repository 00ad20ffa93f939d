package login

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/time/rate"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/consent"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/telemetry"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Plugins is what the pipeline asks of the plugin host.
type Plugins interface {
	Methods() []host.MethodRef
	Step(ctx context.Context, op host.Op, r *sdk.StepRequest) (*sdk.StepResponse, error)
	Describe(instance string) (*sdk.Description, bool)
	Revoke(ctx context.Context, instance string, c sdk.Credential) error
}

// Clients finds relying parties.
type Clients interface {
	Client(ctx context.Context, id string) (*relyingparty.Client, error)
}

// Outbox queues messages in the step's own transaction; they leave after its commit.
type Outbox interface {
	Queue(ctx context.Context, q tx.Q, messages ...delivery.Message) error
	// Wake tells the worker of this process that something was committed.
	Wake()
}

// Rows is what the pipeline asks of storage.
type Rows interface {
	Store
	WaitStore
	subscriber.CredentialStore
	SubscriberByID(ctx context.Context, q tx.Q, id string) (*subscriber.Subscriber, error)
	NamesOf(ctx context.Context, q tx.Q, id string) ([]subscriber.Name, error)
	SetStatus(ctx context.Context, q tx.Q, id string, status subscriber.Status, reason string, at time.Time, version int64) error
	session.Store
	consent.Store
	throttle.Store
	audit.Writer
	subscriber.LifeStore
	RevokeOf(ctx context.Context, q tx.Q, subject, client string, at time.Time) error
}

// Options is what a Dispatcher needs. Every field is required unless it says otherwise.
type Options struct {
	DB       tx.DB
	Rows     Rows
	Clients  Clients
	Plugins  Plugins
	Outbox   Outbox
	Box      sealing.Box
	Policy   *policy.Policy
	Throttle throttle.Limits
	Session  session.Limits
	// Recovery says what it takes to replace what was lost; what it leaves open is [policy.RecoveryDefaults].
	Recovery policy.Recovery
	// Issuer is what links in messages begin with; the first origin when empty.
	Issuer string
	// Pace is how long an answer takes that must not tell by its time whether something exists.
	Pace time.Duration
	// Risk says which risk sources are asked about what; none: nobody is asked.
	Risk        []policy.RiskRule
	RiskSources RiskSources // required with Risk
	// Attempts bounds sign-in attempts of this replica per second; nil: no bound.
	Attempts *rate.Limiter
	// Starts bounds flows that one address begins on this replica; nil: no bound.
	Starts *throttle.Pace
	// Locales are the page languages, the default first.
	Locales []language.Tag
	// FlowLifetime is how long a person may take; 10 min when zero.
	FlowLifetime time.Duration
	// CodeLifetime is how long an authorization code lives; 60 s when zero.
	CodeLifetime time.Duration
	RPID         string
	Origins      []string
	// Brand is the installation's name in security notices.
	Brand string
	// MethodTitle names a method in a language, for security notices.
	MethodTitle func(instance, locale string, title sdk.Text) string
	// Wake tells all replicas that something happened (a FlowTopic); nil: nobody.
	Wake func(ctx context.Context, topic string)
	// ReturnURL is where browsers come back that an instance's page sent to another origin; nil: none leaves.
	ReturnURL func(instance string) string
	// MayLeave says whether an instance's pages may lead to an origin; nil: to none.
	MayLeave func(instance, origin string) bool
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *telemetry.Metrics // nil: none
}

// Dispatcher routes Flows from step to step. Safe for concurrent use; it keeps nothing of a login in memory.
type Dispatcher struct {
	Options
	matcher language.Matcher
	life    *Life
	begun   handoff
	waiter  waiter
}

// New returns a Dispatcher.
func New(o Options) (*Dispatcher, error) {
	if o.Policy == nil || len(o.Policy.Levels) == 0 {
		return nil, errors.New("login: the policy has no level")
	}
	if len(o.Risk) > 0 && o.RiskSources == nil {
		return nil, errors.New("login: nobody to ask about risk")
	}
	if len(o.Locales) == 0 {
		return nil, errors.New("login: no locale")
	}
	if o.FlowLifetime == 0 {
		o.FlowLifetime = 10 * time.Minute
	}
	if o.CodeLifetime == 0 {
		o.CodeLifetime = time.Minute
	}
	o.Recovery = withDefaults(o.Recovery)
	d := &Dispatcher{Options: o, matcher: language.NewMatcher(o.Locales)}
	d.life = &Life{DB: o.DB, Rows: o.Rows, Box: o.Box, Outbox: o.Outbox, Recovery: o.Recovery, Brand: o.Brand, Issuer: issuer(o.Issuer, o.Origins),
		Title: d.title, Now: o.Now}
	return d, nil
}

// locale picks the page's language: what the relying party asked for, what the subscriber chose, what the browser says.
func (d *Dispatcher) locale(prefs ...[]string) string {
	for _, list := range prefs {
		var tags []language.Tag
		for _, s := range list {
			if t, err := language.Parse(s); err == nil {
				tags = append(tags, t)
			}
		}
		if len(tags) == 0 {
			continue
		}
		if _, i, c := d.matcher.Match(tags...); c > language.No {
			return d.Locales[i].String()
		}
	}
	return d.Locales[0].String()
}

// method finds a method by reference.
func (d *Dispatcher) method(ref string) (host.MethodRef, bool) {
	if m, ok := hostMethods[ref]; ok {
		return m, true
	}
	methods := d.Plugins.Methods()
	i := slices.IndexFunc(methods, func(m host.MethodRef) bool { return m.Ref == ref })
	if i < 0 {
		return host.MethodRef{}, false
	}
	return methods[i], true
}

// offered lists the methods of running plugins.
func (d *Dispatcher) offered() []string {
	var refs []string
	for _, m := range d.Plugins.Methods() {
		if m.Available {
			refs = append(refs, m.Ref)
		}
	}
	return refs
}

// naming lists the methods that find out who the person is by themselves.
func (d *Dispatcher) naming() []string {
	var refs []string
	for _, m := range d.Plugins.Methods() {
		if m.Method.IdentifiesSubject {
			refs = append(refs, m.Ref)
		}
	}
	return refs
}

// enrolled lists the methods that credentials belong to. A credential whose plugin has not come up yet still counts,
// for all that policy names of its instance: a person must not pass for one without a second factor because a plugin is down.
func (d *Dispatcher) enrolled(creds []subscriber.Credential) []string {
	var refs []string
	methods := d.Plugins.Methods()
	for _, m := range methods {
		if slices.ContainsFunc(creds, func(c subscriber.Credential) bool { return c.Instance == m.Instance }) {
			refs = append(refs, m.Ref)
		}
	}
	for _, c := range creds {
		known := slices.ContainsFunc(methods, func(m host.MethodRef) bool { return m.Instance == c.Instance })
		if known || slices.Contains(refs, c.Instance) {
			continue
		}
		refs = append(refs, c.Instance)
		for _, l := range d.Policy.Levels {
			for _, m := range slices.Concat(l.AnyOf...) {
				if instanceOf(m) == c.Instance && !slices.Contains(refs, m) {
					refs = append(refs, m)
				}
			}
		}
	}
	return refs
}

// instanceOf is the first part of a method reference.
func instanceOf(method string) string {
	instance, _, _ := strings.Cut(method, "/")
	return instance
}

func (d *Dispatcher) client(ctx context.Context, id string) (*relyingparty.Client, error) {
	if id == AccountClient {
		return &relyingparty.Client{Settings: relyingparty.Settings{ClientID: AccountClient}}, nil
	}
	return d.Clients.Client(ctx, id)
}
