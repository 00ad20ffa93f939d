package login

import (
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/session"
)

// page renders where the flow stands. Pure but for the list of running plugins.
func (d *Dispatcher) page(x *run) (*Page, error) {
	s := x.state
	p := &Page{Flow: x.flow.ID, Version: x.pageVersion(), Client: x.flow.Request.Client, Request: x.flow.Request,
		Locale: s.Locale, Expires: x.flow.ExpiresAt}
	if s.Session != "" { // promise no more time than the session has
		if idle := d.idleAt(s.SeenAt); idle.Before(p.Expires) {
			p.Expires = idle
		}
	}
	switch {
	case !x.flow.DoneAt.IsZero():
		d.answerPage(x, p)
	case s.Refusal != "":
		p.Refusal = &Refusal{Code: s.Refusal}
	case s.Consenting:
		p.Consent = &ConsentPage{Name: x.who.display(), Scopes: d.newScopes(x)}
	case s.Choosing || s.Method == "":
		next, err := d.decide(x)
		if err != nil {
			return nil, err
		}
		p.Choose = &ChoosePage{Name: s.Name, Options: d.options(next.Options, ""), Notice: s.Notice}
	default:
		return d.stepPage(x, p)
	}
	return p, nil
}

func (d *Dispatcher) stepPage(x *run, p *Page) (*Page, error) {
	s := x.state
	m, ok := d.method(s.Method)
	if !ok {
		return nil, fault.New(fault.Unavailable, "the plugin of this step is not configured any more")
	}
	step := &StepPage{Instance: m.Instance, Method: m.Ref, Title: sdk.Text{Key: m.Method.Title}, Notice: s.Notice,
		Name: s.Name, Binding: s.Binding, Changing: s.Binding && x.has(m) && m.Method.MaxCredentials <= 1, Identified: x.flow.Subject != ""}
	switch {
	case s.View != nil:
		step.View = *s.View
	case m.Method.Opening != nil:
		step.View, step.Opening = *m.Method.Opening, m.Method.Opening
	}
	// The name is asked until somebody is proven to be somebody: whether it exists must not show.
	step.AskName = x.flow.Subject == "" && !m.Method.IdentifiesSubject && (s.View == nil || !s.Begun || m.Method.Opening != nil)
	if next, err := d.decide(x); err == nil {
		step.Others = d.options(next.Options, m.Ref)
	}
	d.putBeside(x, step)
	p.Step = step
	return p, nil
}

func (d *Dispatcher) options(refs []string, except string) []MethodOption {
	var out []MethodOption
	for _, ref := range refs {
		if m, ok := d.method(ref); ok && ref != except {
			out = append(out, MethodOption{Method: ref, Instance: m.Instance, Title: sdk.Text{Key: m.Method.Title}})
		}
	}
	return out
}

// answerPage derives the answer anew: the same browser asking again gets the same code until it is redeemed.
func (d *Dispatcher) answerPage(x *run, p *Page) {
	f := &x.flow
	if !f.RedeemedAt.IsZero() || (len(f.CodeHash) > 0 && !x.now.Before(f.CodeExpiresAt)) {
		p.Refusal = &Refusal{Code: RefusalRedeemed}
		return
	}
	if x.state.Refusal != "" {
		p.Refusal = &Refusal{Code: x.state.Refusal}
		return
	}
	a := &Answer{Request: f.Request, Outcome: f.Outcome}
	if len(f.CodeHash) > 0 {
		a.Code = CodeFor(d.Box, f.ID, f.Version)
	}
	if f.Outcome.Session != "" {
		a.Session = session.Cookie(d.Box, f.Outcome.Session)
	}
	if x.state.KnownBrowser != "" {
		a.KnownBrowser = addKnownBrowser(d.Box, x.b.Known, x.state.KnownBrowser, f.Subject, f.DoneAt)
	}
	p.Answer = a
}

// newScopes lists what the person has not granted before.
func (d *Dispatcher) newScopes(x *run) []string {
	var out []string
	for _, s := range x.flow.Request.Scopes {
		if x.who.consent == nil || !slices.Contains(x.who.consent.Scopes, s) || slices.Contains(x.flow.Request.Prompt, "consent") {
			out = append(out, s)
		}
	}
	return out
}
