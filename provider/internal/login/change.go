package login

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/consent"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// change is what one step commits beside the flow's row: all of it in one transaction, or nothing.
type change struct {
	begin bool // the flow's row is new
	guard Guard
	wait  *Wait // the step waits for something from outside

	events   []audit.Event
	creds    []credentialWrite
	created  string // id of the credential made
	touch    string // id of the credential used
	messages []delivery.Message

	subject throttle.Counter
	changed bool   // subject is to be written
	failed  bool   // the address failed
	address string // its key

	block   bool // lastingly, by throttling
	consent bool

	session    *session.Session
	newSession bool
	endSession string // an older session of this browser, replaced
	finished   bool
	method     string // the method that was asked, for metrics
	outcome    string // what it said
	unbound    *subscriber.Credential
	life       lifeChange
}

type credentialWrite struct {
	kind sdk.ChangeKind
	row  subscriber.Credential
}

func (c *change) empty() bool {
	return len(c.events) == 0 && len(c.creds) == 0 && c.touch == "" && len(c.messages) == 0 &&
		!c.changed && !c.failed && !c.block && !c.consent && c.session == nil && c.endSession == "" && c.unbound == nil && c.life.empty()
}

// event notes a security decision. data is name, value, name, value …; empty values are left out.
func (c *change) event(x *run, kind audit.Kind, data ...string) {
	e := audit.Event{At: x.now, Kind: kind, Subject: x.who.id(), Client: x.flow.Request.Client, Flow: x.flow.ID, Address: x.b.Address}
	if c.session != nil {
		e.Session = c.session.ID
	}
	for i := 0; i+1 < len(data); i += 2 {
		if data[i+1] == "" {
			continue
		}
		if e.Data == nil {
			e.Data = make(map[string]string, len(data)/2)
		}
		e.Data[data[i]] = data[i+1]
	}
	if x.recovering() {
		if e.Data == nil {
			e.Data = map[string]string{}
		}
		e.Data["intent"] = string(sdk.IntentRecovery)
	}
	c.events = append(c.events, e)
}

// notice tells the subscriber, at their own address, what happened to their account. about names it, once.
func (d *Dispatcher) notice(x *run, c *change, kind delivery.NoticeKind, method, about string) {
	if x.who.sub == nil {
		return
	}
	title := method
	if m, ok := d.method(method); ok {
		title = d.MethodTitle(m.Instance, d.locale(x.who.locales()), sdk.Text{Key: m.Method.Title})
	}
	c.messages = append(c.messages, delivery.Notice(kind, x.who.recipient(),
		delivery.NoticeDetails{Key: about, Brand: d.Brand, Method: title, At: x.now}))
}

// write runs inside the step's transaction. The flow's row goes first: whoever loses its compare-and-set does nothing
// else; and every step takes its locks in the same order.
func (c *change) write(ctx context.Context, d *Dispatcher, q tx.Q, x *run) error {
	var err error
	if c.changed {
		// PutCounter is a compare-and-set itself. A guard on the same row would only take a weaker lock first, which many
		// steps can hold at once and none can then raise: a deadlock.
		c.guard = Guard{}
	}
	if c.begin {
		err = d.Rows.InsertFlow(ctx, q, x.flow)
	} else {
		err = d.Rows.CommitFlow(ctx, q, x.flow, c.guard)
	}
	if err == nil {
		err = c.writeWait(ctx, d, q, x)
	}
	if err != nil {
		return err
	}
	if c.changed {
		if err := d.Rows.PutCounter(ctx, q, c.subject); err != nil {
			return err
		}
	}
	if c.failed {
		if err := d.Rows.AddFailure(ctx, q, c.address, x.now, d.Throttle.AddressWindow); err != nil {
			return err
		}
	}
	if c.block {
		if err := d.Rows.SetStatus(ctx, q, x.who.sub.ID, subscriber.Blocked, "throttling", x.now, x.who.sub.Version); err != nil {
			return err
		}
	}
	if err := c.writeCredentials(ctx, d, q, x); err != nil {
		return err
	}
	if err := c.writeLife(ctx, d, q, x); err != nil {
		return err
	}
	if err := c.writeSession(ctx, d, q, x); err != nil {
		return err
	}
	if c.consent {
		if err := d.Rows.PutConsent(ctx, q, consentOf(x)); err != nil {
			return err
		}
	}
	if len(c.messages) > 0 {
		if err := d.Outbox.Queue(ctx, q, c.messages...); err != nil {
			return err
		}
	}
	return audit.Write(ctx, q, d.Rows, c.events...)
}

func (c *change) writeCredentials(ctx context.Context, d *Dispatcher, q tx.Q, x *run) error {
	for _, w := range c.creds {
		var err error
		switch w.kind {
		case sdk.ChangeCreate:
			err = d.Rows.InsertCredential(ctx, q, w.row)
		case sdk.ChangeUpdate:
			err = d.Rows.UpdateCredential(ctx, q, w.row)
		case sdk.ChangeRevoke:
			err = d.Rows.DeleteCredential(ctx, q, w.row.ID, w.row.Subject, w.row.Revision)
		}
		if err != nil {
			return err
		}
	}
	if row := c.used(x); row != nil {
		if err := d.Rows.UpdateCredential(ctx, q, *row); err != nil {
			return err
		}
	}
	if u := c.unbound; u != nil {
		// The subscriber's version too: of two removals at once, each of which leaves a way in, only one may happen.
		if err := d.Rows.SetStatus(ctx, q, u.Subject, x.who.sub.Status, x.who.sub.BlockedReason, x.now, x.who.sub.Version); err != nil {
			return err
		}
		return d.Rows.DeleteCredential(ctx, q, u.ID, u.Subject, u.Revision)
	}
	return nil
}

// lastUsedGrain is how exact "last used" is where nothing else is written to the credential: a write at every login
// would cost more than the answer is worth.
const lastUsedGrain = 24 * time.Hour

// used returns the credential whose use is to be noted, nil when that is done or not due.
func (c *change) used(x *run) *subscriber.Credential {
	if c.touch == "" || slices.ContainsFunc(c.creds, func(w credentialWrite) bool { return w.row.ID == c.touch }) {
		return nil
	}
	for _, row := range x.who.creds {
		if row.ID == c.touch && x.now.Sub(row.LastUsedAt) > lastUsedGrain {
			row.LastUsedAt = x.now
			return &row
		}
	}
	return nil
}

func (c *change) writeSession(ctx context.Context, d *Dispatcher, q tx.Q, x *run) error {
	if c.session != nil {
		write := d.Rows.UpdateSession
		if c.newSession {
			write = d.Rows.InsertSession
		}
		if err := write(ctx, q, *c.session); err != nil {
			return err
		}
	}
	if c.endSession != "" {
		return d.Rows.EndSession(ctx, q, c.endSession, x.now)
	}
	return nil
}

// credentialChanges turns what a plugin returned into rows. A plugin can only change credentials of its own instance
// and of the flow's subject, because those are the only ones it can name.
func (d *Dispatcher) credentialChanges(x *run, m host.MethodRef, res *sdk.StepResponse, c *change) error {
	if len(res.CredentialChanges) == 0 {
		return nil
	}
	about, ok := d.Plugins.Describe(m.Instance)
	if !ok {
		return fault.New(fault.Unavailable, "the plugin went away")
	}
	for _, ch := range res.CredentialChanges {
		if x.who.sub == nil {
			return fault.New(fault.Denied, "a plugin changed credentials of nobody")
		}
		// Removed without a success: a phone that its vendor says is gone.
		proven := res.Success != nil || (ch.Kind == sdk.ChangeRevoke && x.flow.Subject == x.who.sub.ID)
		if ch.Kind != sdk.ChangeUpdate && !proven {
			return fault.New(fault.Denied, "a plugin made or removed a credential of somebody who was merely named")
		}
		row := subscriber.Credential{ID: newCredentialID(), Subject: x.who.sub.ID, Instance: m.Instance, Type: about.CredentialType,
			Revision: 1, CreatedAt: x.now}
		if ch.Kind != sdk.ChangeCreate {
			i := slices.IndexFunc(x.who.creds, func(o subscriber.Credential) bool {
				return o.ID == ch.CredentialID && o.Instance == m.Instance
			})
			if i < 0 {
				return fault.New(fault.Denied, "a plugin changed a credential that is not its own")
			}
			row = x.who.creds[i]
			if uint64(row.Revision) != ch.ExpectedRevision {
				return fault.New(fault.Conflict, "a credential moved under a step")
			}
		} else {
			c.created = row.ID
		}
		row.Handle, row.Label, row.Version, row.LastUsedAt = ch.Handle, clip(ch.Label, 100), ch.Version, x.now
		if ch.Kind == sdk.ChangeRevoke {
			if res.Success == nil { // not offered any more; after a success, what is required is still decided on what there was
				x.who.creds = slices.DeleteFunc(slices.Clone(x.who.creds), func(o subscriber.Credential) bool { return o.ID == row.ID })
			}
			c.event(x, audit.CredentialRevoked, "credential", row.ID, "instance", m.Instance, "reason", "plugin")
			d.notice(x, c, delivery.NoticeRemoved, m.Ref, row.ID)
		} else {
			var err error
			row.Sealed, err = d.Box.Seal(sealing.ClassCredential, ch.Data, credentialPlace(row.ID, row.Instance, row.Subject)...)
			if err != nil {
				return fmt.Errorf("seal a credential: %w", err)
			}
		}
		c.creds = append(c.creds, credentialWrite{kind: ch.Kind, row: row})
	}
	return nil
}

// afterCommit does what lies outside the database and may be lost: the plugin hears that a credential is gone.
func (d *Dispatcher) afterCommit(ctx context.Context, x *run, c *change) {
	if c.method != "" {
		d.Metrics.LoginStep(c.method, c.outcome)
	}
	if !x.flow.DoneAt.IsZero() {
		result := "completed"
		if x.flow.Outcome.Error != "" {
			result = x.flow.Outcome.Error
		}
		d.Metrics.Login(result)
	}
	if len(c.messages) > 0 {
		d.Outbox.Wake()
	}
	d.nudgeFor(c.wait)
	gone := c.life.drop
	if c.unbound != nil {
		gone = append(gone, *c.unbound)
	}
	d.forgetCredentials(ctx, gone)
}

func consentOf(x *run) consent.Consent {
	scopes := slices.Clone(x.flow.Request.Scopes)
	if old := x.who.consent; old != nil {
		for _, s := range old.Scopes {
			if !slices.Contains(scopes, s) {
				scopes = append(scopes, s)
			}
		}
	}
	return consent.Consent{Subject: x.who.sub.ID, Client: x.client.ClientID, Scopes: scopes, GrantedAt: x.now}
}

// writeLife writes what the step does to the account beyond its credentials, and what the person's own page tells of all of it.
func (c *change) writeLife(ctx context.Context, d *Dispatcher, q tx.Q, x *run) error {
	if c.life.ticket != "" {
		if err := d.Rows.SpendTicket(ctx, q, c.life.ticket, x.who.sub.ID, x.now); err != nil {
			return err
		}
	}
	if err := c.life.write(ctx, d.Rows, q, x.now); err != nil {
		return err
	}
	return d.Rows.InsertEvents(ctx, q, slices.Concat(toldEvents(c.events, x.b.UserAgent), toldMessages(c.messages, x.now))...)
}
