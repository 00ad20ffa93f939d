package login

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// bindFresh is how recent the proofs must be to change one's own authenticators: a browser left open is not its owner.
const bindFresh = 5 * time.Minute

// run is one Flow in the hands of one request.
type run struct {
	flow    Flow
	state   *state
	client  *relyingparty.Client
	who     person
	session *session.Session // the OP session it builds on, if any
	life    lifeChange       // what a step of the host's own counted
	now     time.Time
	b       Browser

	background bool     // the browser is not there
	before     *Page    // what it shows, then
	waited     string   // id of the step that waited when the flow was read
	heard      []string // ids of the signals that this step's call was given
	// Of a step that names the person (identify.go): the handle that was shown, the id of the credential that has it, and what attempts
	// with it are counted under when none has.
	sought, shown, ghost string
}

// Start begins a Flow: one commit. When the browser's OP session already satisfies the request, the Flow is born done
// and the page is an Answer. An *OAuthError says that the request cannot be served (prompt=none, an acr nobody has).
func (d *Dispatcher) Start(ctx context.Context, r Request, b Browser) (*Page, error) {
	if d.Starts != nil && !d.Starts.Allow(throttle.AddressKey(b.Address), d.Now()) {
		d.Metrics.Throttled("starts") // each would be a row that nobody may ever answer
		return nil, fault.New(fault.Throttled, "more sign-ins begun than one address may")
	}
	for range reruns {
		p, err := d.start(ctx, r, b)
		if !fault.Is(err, fault.Conflict) {
			return p, err
		}
		// Another tab of this browser used the same session at the same moment: look again.
	}
	return nil, fault.New(fault.Unavailable, "a flow kept losing its compare-and-set")
}

func (d *Dispatcher) start(ctx context.Context, r Request, b Browser) (*Page, error) {
	client, err := d.client(ctx, r.Client)
	if err != nil {
		return nil, err
	}
	if b.Binding == "" {
		return nil, fault.New(fault.Invalid, "a flow needs a browser to be bound to")
	}
	if r.Recover != "" {
		if err := d.recoverable(r.Recover); err != nil {
			return nil, err
		}
	}
	now := d.Now()
	life := client.LoginTimeout.Or(d.FlowLifetime)
	x := &run{client: client, now: now, b: b, state: &state{SeenAt: now}, flow: Flow{
		ID: id.New(), Request: r, BrowserHash: bindingHash(b.Binding), Version: 1, CreatedAt: now, ExpiresAt: now.Add(life),
	}}
	if err := d.resume(ctx, x); err != nil {
		return nil, err
	}
	x.state.Locale = d.locale(r.UILocales, x.who.locales(), b.Locales)
	if x.session == nil {
		x.state.Name = printable(r.LoginHint)
	}

	next, err := d.decide(x)
	if err != nil {
		return nil, err
	}
	if slices.Contains(r.Prompt, "none") && next.Kind != KindDone {
		return nil, silent(x.session, next)
	}
	c := &change{begin: true}
	if next, err = d.weigh(ctx, x, next, c); err != nil {
		return nil, err
	}
	if slices.Contains(r.Prompt, "none") && next.Kind != KindDone {
		// There will be no flow, but there was a verdict.
		if err := d.DB.InTx(ctx, func(q tx.Q) error { return audit.Write(ctx, q, d.Rows, c.events...) }); err != nil {
			return nil, err
		}
		return nil, silent(x.session, next)
	}
	if next.Kind == KindDone {
		err = d.finish(x, x.flow.Version, c)
	} else {
		err = d.enter(ctx, x, next, c)
	}
	if err != nil {
		return nil, err
	}
	if x.flow.Sealed, err = sealState(d.Box, x.flow.ID, x.state); err != nil {
		return nil, err
	}
	if c.empty() && !c.movesWait(x) {
		err = d.Rows.InsertFlow(ctx, d.DB, x.flow)
	} else {
		err = d.DB.InTx(ctx, func(q tx.Q) error { return c.write(ctx, d, q, x) })
	}
	if err != nil {
		return nil, fmt.Errorf("begin a flow: %w", err)
	}
	d.afterCommit(ctx, x, c)
	p, err := d.page(x)
	if err == nil && x.flow.DoneAt.IsZero() {
		d.begun.put(x.flow, x.state, now)
	}
	return p, err
}

// silent is the error for prompt=none (OIDC Core 3.1.2.6).
func silent(sess *session.Session, next Decision) error {
	switch {
	case next.Kind == KindDeclined:
		return &OAuthError{CodeAccessDenied, "this sign-in was refused"}
	case sess == nil:
		return &OAuthError{CodeLoginRequired, "nobody is signed in in this browser, or not recently enough"}
	case next.Kind == KindConsent:
		return &OAuthError{CodeConsentRequired, "the subscriber has not consented to these scopes"}
	case next.Kind == KindRefuse:
		return &OAuthError{CodeUnmetAuthentication, "the subscriber cannot reach the acr asked for"}
	}
	return &OAuthError{CodeLoginRequired, "a further authentication is needed"}
}

// resume takes over what the browser's OP session proved, as far as the request lets it count.
func (d *Dispatcher) resume(ctx context.Context, x *run) error {
	r := x.flow.Request
	sid, ok := session.FromCookie(d.Box, x.b.Session)
	if !ok || slices.Contains(r.Prompt, "select_account") || r.Recover != "" {
		return nil
	}
	s, err := d.Rows.Session(ctx, d.DB, sid)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !s.Live(x.now, d.Session.Inactivity) || (r.SubjectHint != "" && r.SubjectHint != s.Subject) {
		return nil
	}
	maxAge := x.client.MaxAgeDefault.Or(-1)
	if r.MaxAge != nil {
		maxAge = time.Duration(*r.MaxAge) * time.Second
	}
	if r.Bind != "" || r.Unbind != "" || r.Contact != "" {
		maxAge = bindFresh
	}
	if err := d.identify(ctx, x, s.Subject); err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	if x.who.blocked() {
		x.who = person{}
		return nil
	}
	x.session, x.state.Session, x.flow.Subject = s, s.ID, s.Subject
	if slices.Contains(r.Prompt, "login") || (maxAge >= 0 && x.now.Sub(s.AuthTime) >= maxAge) {
		// The person stays known; what they proved does not count any more (OIDC Core 3.1.2.1, prompt and max_age).
		x.state.Notice = Notice{Code: NoticeReauth}
		x.session.Proofs = nil
		return nil
	}
	// A proof ends with the credential it was made with: who removed a lost phone must not go on as if it were there.
	s.Proofs = slices.DeleteFunc(s.Proofs, func(p session.Proof) bool {
		return p.Credential != "" && !slices.ContainsFunc(x.who.creds, func(c subscriber.Credential) bool { return c.ID == p.Credential })
	})
	x.state.Old = s.Proofs
	return nil
}

// decide asks Next about the flow.
func (d *Dispatcher) decide(x *run) (Decision, error) {
	r := x.flow.Request
	if r.Recover != "" {
		return d.decideRecovery(x)
	}
	level, ok := d.Policy.Require(r.ACRValues, r.ACREssential, x.client.ACRDefault, x.client.ACRMinimum)
	if !ok {
		return Decision{}, &OAuthError{CodeUnmetAuthentication, "none of the acr values asked for exists here"}
	}
	if r.Bind != "" || r.Unbind != "" || r.Contact != "" {
		// Whoever changes authenticators, or where messages go, must prove all the strength that is there (RTS article 24).
		level = max(level, d.attainable(x.who.creds))
	}
	level = max(level, d.Policy.Level(x.state.Raised))
	offered := slices.DeleteFunc(d.offered(), func(m string) bool { return slices.Contains(x.state.Withheld, m) })
	return Next(Facts{
		Policy: d.Policy, Level: level,
		Identified: x.flow.Subject != "", Proven: x.state.methods(), Enrolled: d.enrolled(x.who.creds), Offered: offered, Naming: d.naming(),
		Chosen: x.state.Chosen, Bind: r.Bind, Bound: x.state.Bound != "",
		ConsentMissing: d.consentMissing(x), Contact: r.Contact != "" && !x.state.Contacted,
	}), nil
}
