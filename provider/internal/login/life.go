package login

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// LifeRows is what the life of an account asks of storage.
type LifeRows interface {
	subscriber.LifeStore
	subscriber.CredentialStore
	SubscriberByID(ctx context.Context, q tx.Q, id string) (*subscriber.Subscriber, error)
	EndSessionsOf(ctx context.Context, q tx.Q, subject string, at time.Time) error
	throttle.Store
	audit.Writer
}

// Life is what happens to an account beside logins: addresses change, an authenticator is lost, a change is taken back. The pipeline,
// the pages and an operator's commands share it. Each thing it does is one transaction, with the messages that tell of it.
type Life struct {
	DB     tx.DB
	Rows   LifeRows
	Box    sealing.Box
	Outbox Outbox
	policy.Recovery
	Brand  string
	Issuer string // links begin with it
	// Title names a method in a language, for messages.
	Title func(method, locale string) string
	Now   func() time.Time
}

// lifeChange is what a step, a link or an operator does to an account beyond its credentials.
type lifeChange struct {
	counters []throttle.Counter
	ticket   string                  // is used up
	amend    *subscriber.Subscriber  // as it is to be, with the version it has
	contacts []subscriber.Contact    // take the place of those in use
	change   *subscriber.Change      // can be taken back
	drop     []subscriber.Credential // are removed
	restore  []subscriber.Credential // are put back
	rewrite  []subscriber.Credential // get back the secret they had
	cancel   []subscriber.Change     // are taken back
	reset    bool                    // everything that was open ends: sessions, grants, tickets
}

func (c *lifeChange) empty() bool {
	return len(c.counters) == 0 && c.ticket == "" && c.amend == nil && len(c.contacts) == 0 && c.change == nil
}

// write runs inside the transaction of whatever does it.
func (c *lifeChange) write(ctx context.Context, rows LifeRows, q tx.Q, now time.Time) error {
	for _, k := range c.counters {
		if err := rows.PutCounter(ctx, q, k); err != nil {
			return err
		}
	}
	if c.amend == nil {
		return nil
	}
	// First of all by the subscriber's version: of two changes at once one happens, and the other looks again.
	if err := rows.Amend(ctx, q, *c.amend); err != nil {
		return err
	}
	subject := c.amend.ID
	for _, k := range c.contacts {
		if err := rows.PutContact(ctx, q, k, now); err != nil {
			return err
		}
	}
	if err := c.writeCredentials(ctx, rows, q); err != nil {
		return err
	}
	if c.reset {
		for _, end := range []func(context.Context, tx.Q, string, time.Time) error{rows.EndSessionsOf, rows.RevokeGrantsOf, rows.VoidTickets} {
			if err := end(ctx, q, subject, now); err != nil {
				return err
			}
		}
	}
	for _, ch := range c.cancel {
		if err := rows.CancelChange(ctx, q, ch.ID, now); err != nil {
			return err
		}
	}
	if c.change != nil {
		return rows.InsertChange(ctx, q, *c.change)
	}
	return nil
}

func (c *lifeChange) writeCredentials(ctx context.Context, rows LifeRows, q tx.Q) error {
	for _, row := range c.drop {
		if err := rows.DeleteCredential(ctx, q, row.ID, row.Subject, row.Revision); err != nil {
			return err
		}
	}
	for _, row := range c.restore {
		if err := rows.InsertCredential(ctx, q, row); err != nil {
			return err
		}
	}
	for _, row := range c.rewrite {
		if err := rows.UpdateCredential(ctx, q, row); err != nil {
			return err
		}
	}
	return nil
}

// cooling is the time that begins with a change. One that is under way is never cut short.
func (l *Life) cooling(s *subscriber.Subscriber, reason subscriber.CoolingReason, now time.Time) subscriber.Cooling {
	c := subscriber.Cooling{Until: grain(now.Add(l.CoolingOff)), Reason: reason}
	if s.Cooling.Until.After(c.Until) {
		c.Until = s.Cooling.Until
	}
	return c
}

// grain is a time as storage keeps it, so that one that was written equals the one that is read.
func grain(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// before notes what the account has, sealed, for the day somebody says that a change was not theirs.
func (l *Life) before(change string, s *subscriber.Subscriber, creds []subscriber.Credential, replaced []string) ([]byte, error) {
	c := claimsOf(s)
	b := subscriber.Before{Credentials: creds, Replaced: replaced, EmailVerified: c["email_verified"], PhoneVerified: c["phone_number_verified"]}
	b.Email, b.Phone = c.text("email"), c.text("phone_number")
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode what was before a change: %w", err)
	}
	return l.Box.Seal(sealing.ClassContact, raw, "account_change", change, s.ID)
}

// known lists every address that is known of somebody: those in use, and those given up so lately that a thief may have done it.
func (l *Life) known(ctx context.Context, s *subscriber.Subscriber, now time.Time) ([]address, error) {
	rows, err := l.Rows.ContactsOf(ctx, l.DB, s.ID, now.Add(-l.CoolingOff))
	if err != nil {
		return nil, err
	}
	c := claimsOf(s)
	all := []address{{subscriber.Email, c.text("email")}, {subscriber.Mobile, c.text("phone_number")}}
	for _, row := range rows {
		to, err := l.open(row)
		if err != nil {
			return nil, err
		}
		all = append(all, address{row.Channel, to})
	}
	var out []address
	for _, a := range all {
		same := func(o address) bool {
			return o.channel == a.channel && subscriber.FoldAddress(o.to) == subscriber.FoldAddress(a.to)
		}
		if a.to != "" && !slices.ContainsFunc(out, same) {
			out = append(out, a)
		}
	}
	return out, nil
}

type address struct {
	channel subscriber.Channel
	to      string
}

// alerts tell everybody who may be concerned, each with a link of its own.
func (l *Life) alerts(kind delivery.NoticeKind, s *subscriber.Subscriber, to []address, d delivery.AlertDetails, change string) []delivery.Message {
	d.Brand = l.Brand
	var out []delivery.Message
	for _, a := range to {
		if change != "" {
			d.Link = l.Issuer + "/cancel/" + l.cancelToken(change, a.channel)
		}
		out = append(out, delivery.Alert(kind, s.ID, string(a.channel), a.to, recipientLocale(s), d))
	}
	return out
}

func recipientLocale(s *subscriber.Subscriber) string {
	if s.Locale != "" {
		return s.Locale
	}
	return claimsOf(s).text("locale")
}

// contact makes the row of an address.
func (l *Life) contact(subject string, channel subscriber.Channel, to string, verified, now time.Time) (subscriber.Contact, error) {
	c := subscriber.Contact{ID: id.New(), Subject: subject, Channel: channel, Lookup: l.lookup(to), VerifiedAt: verified, CreatedAt: grain(now)}
	var err error
	c.Sealed, err = l.Box.Seal(sealing.ClassContact, []byte(to), "contact", c.ID)
	return c, err
}

func (l *Life) open(c subscriber.Contact) (string, error) {
	raw, err := l.Box.Open(sealing.ClassContact, c.Sealed, "contact", c.ID)
	return string(raw), err
}

// lookup is by what an address is found: nobody who copies the table learns more than whether an address they know is in it.
func (l *Life) lookup(to string) []byte {
	m := l.Box.MAC(sealing.PurposeContact, subscriber.FoldAddress(to))
	return m[:]
}

// claims are a subscriber's, by name.
type claims map[string]json.RawMessage

func claimsOf(s *subscriber.Subscriber) claims {
	c := claims{}
	_ = json.Unmarshal(s.Claims, &c) // what is no object counts as absent, as everywhere
	return c
}

func (c claims) text(name string) string {
	var s string
	_ = json.Unmarshal(c[name], &s)
	return s
}

// put writes a claim; a value of nil or "" removes it.
func (c claims) put(name string, value any) {
	if raw, ok := value.(json.RawMessage); value == nil || value == "" || (ok && len(raw) == 0) {
		delete(c, name)
		return
	}
	c[name], _ = json.Marshal(value) // a text, a boolean or JSON
}

func (c claims) raw() (json.RawMessage, error) {
	raw, err := json.Marshal(c)
	if err == nil && len(raw) > subscriber.MaxClaims {
		err = fault.New(fault.Invalid, "the claims are too large")
	}
	return raw, err
}

// claimNames are the claims that hold an address of a channel.
func claimNames(c subscriber.Channel) (address, verified string) {
	if c == subscriber.Email {
		return "email", "email_verified"
	}
	return "phone_number", "phone_number_verified"
}

// bound counts what is sent to an address, or on behalf of one; ok is false when it was enough for this hour. The counter is written
// with what is sent, by compare-and-set, so that a hundred requests at once are counted one by one.
func (l *Life) bound(ctx context.Context, what string, limit int, now time.Time) (c throttle.Counter, ok bool, err error) {
	m := l.Box.MAC(sealing.PurposeContact, "bound", what)
	key := "m:" + base64.RawURLEncoding.EncodeToString(m[:16])
	rows, err := l.Rows.Counters(ctx, l.DB, key)
	if err != nil {
		return throttle.Counter{}, false, err
	}
	c = throttle.Counter{Key: key}
	if len(rows) > 0 {
		c = rows[0]
	}
	if now.Sub(c.FailedAt) >= time.Hour {
		c.Failures, c.FailedAt = 0, now // the hour begins
	}
	c.Failures++
	return c, c.Failures <= limit, nil
}

// withDefaults fills in what an operator left open.
func withDefaults(r policy.Recovery) policy.Recovery {
	d := policy.RecoveryDefaults()
	r.CoolingOff, r.TicketLifetime = cmp.Or(r.CoolingOff, d.CoolingOff), cmp.Or(r.TicketLifetime, d.TicketLifetime)
	r.TicketApprovals, r.MessagesPerHour = cmp.Or(r.TicketApprovals, d.TicketApprovals), cmp.Or(r.MessagesPerHour, d.MessagesPerHour)
	return r
}

// title names a method in a language.
func (d *Dispatcher) title(method, locale string) string {
	m, ok := d.method(method)
	if !ok || m.Instance == "" || d.MethodTitle == nil {
		return method
	}
	return d.MethodTitle(m.Instance, d.locale([]string{locale}), sdk.Text{Key: m.Method.Title})
}

// title names a method for a message.
func (l *Life) title(method, locale string) string {
	if l.Title == nil {
		return method
	}
	if s := l.Title(method, locale); s != "" {
		return s
	}
	return method
}

// issuer is the address that links begin with.
func issuer(configured string, origins []string) string {
	if configured == "" && len(origins) > 0 {
		configured = origins[0]
	}
	return strings.TrimSuffix(configured, "/")
}
