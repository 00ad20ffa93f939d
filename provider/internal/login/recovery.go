package login

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// Account recovery is a Flow whose Request names what was lost. It asks for the methods that are left, by a policy of its own, then binds
// the lost one anew, and signs nobody in: whoever recovered proves next that it worked.
//
//	name + first proof ──▶ further proofs ──▶ bind anew ──▶ one commit: credential, sessions and grants end, alerts, cooling-off
//	 (the same page for       (what this
//	  names that are nobody's)  person has)
//
// What the browser's session proved does not count: whoever holds a stolen one must not turn it into the account.

// recovering says whether the Flow replaces an authenticator without itself.
func (x *run) recovering() bool { return x.flow.Request.Recover != "" }

// lost lists the methods to bind anew, in order: the one the person named, and those the bank's ticket names.
func (x *run) lost() []string {
	list := []string{x.flow.Request.Recover}
	if t := x.state.Ticket; t != nil {
		for _, m := range t.Lost {
			if !slices.Contains(list, m) {
				list = append(list, m)
			}
		}
	}
	return list
}

// recoverable refuses a request to replace what cannot be replaced here.
func (d *Dispatcher) recoverable(method string) error {
	if m, ok := d.method(method); !ok || m.Instance == "" || !m.Method.CanEnrol {
		return fault.New(fault.Invalid, "no such method can be bound anew")
	}
	return nil
}

// Recoverable lists what a person may say they lost.
func (d *Dispatcher) Recoverable() []MethodOption {
	var out []MethodOption
	for _, m := range d.Plugins.Methods() {
		seen := slices.ContainsFunc(out, func(o MethodOption) bool { return o.Instance == m.Instance })
		if m.Available && m.Method.CanEnrol && !seen {
			out = append(out, MethodOption{Method: m.Ref, Instance: m.Instance, Title: sdk.Text{Key: m.Method.Title}})
		}
	}
	return out
}

// decideRecovery asks Next under the policy of recovery.
func (d *Dispatcher) decideRecovery(x *run) (Decision, error) {
	f := Facts{
		Policy: d.recoveryPolicy(x), Identified: x.flow.Subject != "", Proven: x.state.methods(),
		Enrolled: append(d.enrolled(x.who.creds), policy.Ticket), Offered: append(d.offered(), policy.Ticket),
		Chosen: x.state.Chosen, Recovering: true, Bound: true,
	}
	f.Offered = slices.DeleteFunc(f.Offered, func(m string) bool { return slices.Contains(x.state.Withheld, m) })
	for _, m := range x.lost() {
		if !slices.Contains(x.state.Recovered, m) {
			f.Bind, f.Bound = m, false
			break
		}
	}
	next := Next(f)
	// The bank's word is for those who have nothing else: it is asked first of nobody who can go on without.
	if i := slices.IndexFunc(next.Options, func(m string) bool { return m != policy.Ticket }); next.Method == policy.Ticket && f.Chosen != policy.Ticket && i >= 0 {
		next.Method = next.Options[i]
	}
	return next, nil
}

// recoveryPolicy is one level: what is enough to replace what was lost.
func (d *Dispatcher) recoveryPolicy(x *run) *policy.Policy {
	lost := x.lost()
	ways, ok := d.Recovery.Ways[lost[0]]
	if !ok {
		ways = policy.Derive(d.proofs(lost))
	}
	gone := func(m string) bool {
		return slices.ContainsFunc(lost, func(l string) bool { return instanceOf(l) == instanceOf(m) })
	}
	// What the ticket says is lost as well proves nothing here, whoever has it now.
	ways = slices.DeleteFunc(slices.Clone(ways), func(w []string) bool { return slices.ContainsFunc(w, gone) })
	if t := x.state.Ticket; t != nil && t.Alone {
		ways = append(ways, []string{policy.Ticket})
	}
	return &policy.Policy{Levels: []policy.Level{{ACR: "recovery", AnyOf: ways}}}
}

// proofs weighs the methods of all instances but those that are lost, and the bank's ticket.
func (d *Dispatcher) proofs(lost []string) []policy.Proof {
	out := []policy.Proof{{Method: policy.Ticket, Instance: policy.Ticket}}
	for _, m := range d.Plugins.Methods() {
		if slices.ContainsFunc(lost, func(l string) bool { return instanceOf(l) == m.Instance }) {
			continue
		}
		kinds := slices.Compact(slices.Sorted(slices.Values(m.Method.Factors)))
		out = append(out, policy.Proof{
			Method: m.Ref, Instance: m.Instance, Factors: len(kinds),
			Knowledge: len(kinds) == 1 && kinds[0] == sdk.FactorKnowledge,
			Carried:   d.carried(m),
		})
	}
	return out
}

// carried says whether the method's codes travel in messages.
func (d *Dispatcher) carried(m host.MethodRef) bool {
	return slices.Contains(d.Recovery.Carried, m.Instance) || toMobile(m)
}

// toMobile says whether they travel to a telephone.
func toMobile(m host.MethodRef) bool {
	return slices.Contains(m.Method.AMR, "sms") || slices.Contains(m.Method.AMR, "tel")
}

// shut says whether the person may not go on. One block is there to be lifted by recovery: that of an account whose owner took a change back.
func (x *run) shut() bool {
	return x.who.blocked() && (!x.recovering() || x.who.sub.BlockedReason != subscriber.ReasonContested)
}

// shutBy is the refusal for a block.
func (x *run) shutBy() string {
	if x.who.sub.BlockedReason == subscriber.ReasonContested {
		return RefusalContested
	}
	return RefusalBlocked
}

// stale says whether the Flow stands on proofs from before everything was reset: what a thief had begun must not go on after it.
func (x *run) stale() bool {
	if x.who.sub == nil || x.who.sub.ResetAt.IsZero() || x.state.ResetAt.Equal(x.who.sub.ResetAt) {
		return false
	}
	return slices.ContainsFunc(x.state.Proofs, func(p session.Proof) bool { return p.At.Before(x.who.sub.ResetAt) })
}

// recovered is what follows from an authenticator that was bound without the one it replaces.
func (d *Dispatcher) recovered(ctx context.Context, x *run, m host.MethodRef, t limits, c *change) error {
	l, s := d.life, x.who.sub
	contested := s.Status == subscriber.Blocked
	to, err := l.known(ctx, s, x.now)
	if err != nil {
		return err
	}
	ch := subscriber.Change{ID: id.New(), Subject: s.ID, Kind: subscriber.ChangedRecovered, Method: m.Ref, CreatedAt: grain(x.now),
		CoolsUntil: grain(x.now.Add(l.CoolingOff))}
	next := *s
	next.Status, next.BlockedReason = subscriber.Active, ""
	next.Cooling, next.ResetAt, next.UpdatedAt = l.cooling(s, subscriber.CoolingRecovery, x.now), grain(x.now), x.now
	c.life.amend, c.life.reset = &next, true
	for _, old := range x.who.creds {
		if old.Instance == m.Instance && old.ID != x.state.Bound {
			c.life.drop = append(c.life.drop, old)
		}
	}
	link := ch.ID
	if contested {
		// The owner took a change back, and whoever is here has proven themselves to lift that. A link would let the two of them
		// undo each other for ever; from here on the bank decides.
		link = ""
	} else if ch.Sealed, err = l.before(ch.ID, s, x.who.creds, c.replaced()); err != nil {
		return err
	} else {
		c.life.change = &ch
	}
	c.messages = append(c.messages, l.alerts(delivery.AlertRecovered, s, to, delivery.AlertDetails{
		Key: ch.ID, Method: l.title(m.Ref, recipientLocale(s)), At: x.now, Until: ch.CoolsUntil}, link)...)
	x.state.ResetAt = next.ResetAt
	x.state.Recovered = append(x.state.Recovered, m.Ref)
	ticket := ""
	if x.state.Ticket != nil {
		ticket = x.state.Ticket.ID
	}
	c.event(x, audit.AccountRecovered, "method", m.Ref, "change", ch.ID, "cools_until", ch.CoolsUntil.Format(time.RFC3339),
		"proven", strings.Join(x.state.methods(), " "), "ticket", ticket)
	c.subject, c.changed = d.Throttle.Succeed(t.subject)
	return nil
}

// replaced lists the credentials whose secret the step overwrites.
func (c *change) replaced() (ids []string) {
	for _, w := range c.creds {
		if w.kind == sdk.ChangeUpdate {
			ids = append(ids, w.row.ID)
		}
	}
	return ids
}

// finishRecovery ends the Flow. There is no session and no code: the person signs in with what they bound.
func (d *Dispatcher) finishRecovery(x *run, c *change) {
	x.state.leaveStep()
	x.state.Notice, x.state.Refusal = Notice{}, ""
	x.flow.DoneAt = x.now
	x.flow.Outcome = Outcome{}
	c.finished = true
}
