package login

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
)

// names says whether the step at hand is to find out who the person is by itself.
func (x *run) names(m host.MethodRef) bool {
	return x.flow.Subject == "" && m.Method.IdentifiesSubject && !x.state.Binding
}

// answerByHandle gives the input to a method that names the person (a passkey). The plugin reads a public handle in it and asks whose it
// is; it is asked again, once, with that one credential and its subject, or with neither. A handle that nobody has goes the same way as
// one that somebody has: the same statements, the same calls, a counter of its own.
func (d *Dispatcher) answerByHandle(ctx context.Context, x *run, m host.MethodRef, in map[string]string, c *change) error {
	op := host.Continue
	if !x.state.Begun {
		op = host.Begin
	}
	t := limits{address: throttle.Counter{Key: throttle.AddressKey(x.b.Address)}} // of nobody yet
	res, err := d.call(ctx, x, m, op, in, 0)
	if err != nil {
		return d.technical(ctx, x, m, err)
	}
	if res.Identify != nil {
		x.sought = res.Identify.Handle
		if t, err = d.holder(ctx, x, m, x.sought); err != nil {
			return err
		}
		if stop, err := d.stopped(x, t); stop || err != nil {
			return err
		}
		x.state.Calls-- // the same call again
		if res, err = d.call(ctx, x, m, op, in, uint32(t.subject.Failures)); err != nil {
			return d.technical(ctx, x, m, err)
		}
		c.guard = Guard{Key: t.subject.Key, Version: t.subject.Version, Stored: t.subject.Stored}
	}
	x.sought = ""
	x.state.Notice = Notice{}
	if res.Identify != nil {
		return d.lied(x, m, sdk.RuleOutcome, t, c) // asked twice
	}
	return d.outcome(ctx, x, m, res, t, c)
}

// holder makes whoever holds the instance's credential with the handle the one the flow is about, for the length of this step, and
// returns the counters to judge the attempt by.
func (d *Dispatcher) holder(ctx context.Context, x *run, m host.MethodRef, handle string) (limits, error) {
	if !utf8.ValidString(handle) || strings.ContainsRune(handle, 0) {
		return limits{}, fault.New(fault.Denied, "a plugin asks for a handle that cannot be one")
	}
	x.ghost = " " + m.Instance + " " + handle // counted like a name that does not exist; no name begins with a space
	keys := []string{d.nameKey(x.ghost), throttle.AddressKey(x.b.Address)}
	for e := range knownEntries(x.b.Known) {
		keys = append(keys, throttle.BrowserKey(e.browser))
	}
	s, creds, rows, err := d.Rows.Holder(ctx, d.DB, m.Instance, handle, keys...)
	if err != nil {
		return limits{}, err
	}
	if hint := x.flow.Request.SubjectHint; s != nil && hint != "" && hint != s.ID {
		s, creds = nil, nil // the relying party asked for somebody else (id_token_hint): this credential is nobody's here
	}
	if err := d.adopt(ctx, x, s, creds); err != nil {
		return limits{}, err
	}
	if i := slices.IndexFunc(creds, func(c subscriber.Credential) bool { return c.Instance == m.Instance && c.Handle == handle }); i >= 0 {
		x.shown = creds[i].ID
	}
	t := d.untouched(x)
	t.take(rows)
	return t, nil
}

// named says whether a success may stand that names the person: only with the very credential whose handle was shown. Anything else is
// a plugin that would let somebody in as whom it likes.
func (x *run) named(m host.MethodRef, s *sdk.Success) bool {
	return x.who.sub != nil && (!x.names(m) || (x.shown != "" && s.CredentialID == x.shown))
}

// lied refuses what no honest plugin answers: it fails like a wrong credential, and the log says why.
func (d *Dispatcher) lied(x *run, m host.MethodRef, rule sdk.Rule, t limits, c *change) error {
	x.state.restartStep() // an honest answer is not to be had for the same question
	c.method, c.outcome = m.Ref, "lie"
	c.event(x, audit.PluginLied, "instance", m.Instance, "claim", string(rule))
	return d.fail(x, m, &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}, t, c)
}

// stopped says whether the throttle keeps the attempt from being looked at.
func (d *Dispatcher) stopped(x *run, t limits) (bool, error) {
	if until := t.blocked(d.Throttle, x.now); !until.IsZero() {
		x.state.Notice = blockedNotice(until, x.now)
		d.Metrics.Throttled("failures")
		return true, nil
	}
	// Strangers share a limit, which any of them can use up: those we know are not held to it.
	if d.Attempts != nil && x.flow.Subject == "" && !t.known && !d.Attempts.AllowN(x.now, 1) {
		d.Metrics.Throttled("overall")
		return true, fault.New(fault.Throttled, "more sign-in attempts than this replica takes")
	}
	return false, nil
}

// beside is a method that names the person, ready on a page that asks for a name: the browser offers a passkey in the name's own field.
type beside struct {
	Method       string   `json:"method"`
	PluginState  []byte   `json:"plugin_state,omitempty"`
	StateVersion uint32   `json:"state_version,omitempty"`
	View         sdk.View `json:"view"`
}

// offerBeside begins a method that can stand beside the name, if the page that next leads to asks for one. What it does is of nobody: that
// it fails takes nothing away from the page.
func (d *Dispatcher) offerBeside(ctx context.Context, x *run, next Decision) {
	if x.flow.Subject != "" {
		return
	}
	for _, ref := range next.Options {
		m, ok := d.method(ref)
		if !ok || !m.Available || ref == next.Method || !x.names(m) {
			continue
		}
		r, err := d.request(x, m, host.Begin, nil, 0)
		if err != nil {
			return
		}
		res, err := d.Plugins.Step(ctx, host.Begin, r)
		if err != nil {
			d.Log.WarnContext(ctx, "plugin not offered beside the name", "instance", m.Instance, "error", err)
			continue
		}
		if res.Challenge == nil || len(res.CredentialChanges) > 0 || len(res.Effects) > 0 || !isCeremony(res.Challenge.View) {
			continue
		}
		x.state.Beside = &beside{Method: ref, PluginState: res.State, StateVersion: res.StateVersion, View: res.Challenge.View}
		return
	}
}

// putBeside shows the method beside the name, and shows nobody's name on a page that finds out who it is by itself.
func (d *Dispatcher) putBeside(x *run, step *StepPage) {
	if m, ok := d.method(step.Method); ok && x.names(m) {
		step.Name = ""
	}
	b := x.state.Beside
	if b == nil || !step.AskName {
		return
	}
	if m, ok := d.method(b.Method); ok && m.Available {
		step.Beside = &BesidePage{Instance: m.Instance, Method: m.Ref, Title: sdk.Text{Key: m.Method.Title}, View: b.View}
		step.Others = slices.DeleteFunc(step.Others, func(o MethodOption) bool { return o.Method == m.Ref })
	}
}

// isCeremony says whether a view is answered by the browser's own dialogue, with an existing credential.
func isCeremony(v sdk.View) bool {
	return slices.ContainsFunc(v.Nodes, func(n sdk.Node) bool { return n.WebAuthn != nil && !n.WebAuthn.Create })
}

// takeBeside makes the method beside the name the step at hand, when it is the one that was answered.
func (x *run) takeBeside(method string) {
	b := x.state.Beside
	if b == nil || method != b.Method || x.flow.Subject != "" {
		return
	}
	x.state.leaveStep()
	x.state.Method, x.state.Begun, x.state.Calls = b.Method, true, 1
	x.state.PluginState, x.state.StateVersion, x.state.View = b.PluginState, b.StateVersion, &b.View
}

// handleTaken says whether a plugin would bind a credential under a handle that another one has. It is looked up before the commit, whose
// broken uniqueness rule would only be a race lost again and again.
func (d *Dispatcher) handleTaken(ctx context.Context, m host.MethodRef, res *sdk.StepResponse) (bool, error) {
	for _, ch := range res.CredentialChanges {
		if ch.Kind != sdk.ChangeCreate || ch.Handle == "" {
			continue
		}
		_, err := d.Rows.CredentialByHandle(ctx, d.DB, m.Instance, ch.Handle)
		if err == nil || !fault.Is(err, fault.NotFound) {
			return err == nil, err
		}
	}
	return false, nil
}

// counted names the counter of somebody who is not known: by what was shown, or by the name given.
func (x *run) counted() string { return cmp.Or(x.ghost, x.state.Folded) }
