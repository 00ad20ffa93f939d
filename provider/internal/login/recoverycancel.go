package login

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// The link of an alert takes a change back without a sign-in: the owner of a stolen account may have no way left to sign in. It is the
// change's id and a MAC over it and the channel it went to, so the database holds nothing to follow, and the log says whose link it was.
//
// Following it is the safe side of every doubt: the account gets back what it had, everybody is signed out, and sign-in is blocked until
// somebody proves by recovery, which asks for more than a thief of one thing has, or at the bank, who the owner is. Whoever holds an old
// mailbox can so block its owner, once: what lifts the block cannot be taken back by a link.

const (
	idLength  = 22
	macLength = 22 // 16 bytes in base64
)

func (l *Life) cancelToken(change string, channel subscriber.Channel) string {
	m := l.Box.MAC(sealing.PurposeCancel, change, string(channel))
	return change + base64.RawURLEncoding.EncodeToString(m[:16])
}

// parseCancel finds what a link is about and where it was sent, without asking the database.
func (l *Life) parseCancel(token string) (change string, channel subscriber.Channel, ok bool) {
	if len(token) != idLength+macLength {
		return "", "", false
	}
	for _, c := range subscriber.Channels {
		if subtle.ConstantTimeCompare([]byte(token), []byte(l.cancelToken(token[:idLength], c))) == 1 {
			return token[:idLength], c, true
		}
	}
	return "", "", false
}

// Cancellable is a change that a link takes back.
type Cancellable struct {
	Kind   subscriber.ChangeKind
	Method string // what was replaced
	At     time.Time
	Until  time.Time
	Locale string
}

var errCancelUnknown = fault.New(fault.NotFound, "no change has this link")

// Cancellable says what a link would take back. It changes nothing, so programs that open links of a mail do no harm. fault.NotFound for
// a link of ours that never was, fault.Expired for one that was used or whose time is over.
func (d *Dispatcher) Cancellable(ctx context.Context, token string) (*Cancellable, error) {
	ch, _, err := d.life.cancellable(ctx, token)
	if err != nil {
		return nil, err
	}
	s, err := d.Rows.SubscriberByID(ctx, d.DB, ch.Subject)
	if err != nil {
		return nil, err
	}
	return &Cancellable{Kind: ch.Kind, Method: d.life.title(ch.Method, recipientLocale(s)), At: ch.CreatedAt, Until: ch.CoolsUntil, Locale: recipientLocale(s)}, nil
}

func (l *Life) cancellable(ctx context.Context, token string) (*subscriber.Change, subscriber.Channel, error) {
	id, channel, ok := l.parseCancel(token)
	if !ok {
		return nil, "", errCancelUnknown
	}
	ch, err := l.Rows.Change(ctx, l.DB, id)
	if err != nil {
		return nil, "", err
	}
	if !ch.CancelledAt.IsZero() || !l.Now().Before(ch.CoolsUntil) || len(ch.Sealed) == 0 {
		return nil, "", fault.New(fault.Expired, "the change was taken back before, or the time for it is over")
	}
	return ch, channel, nil
}

// Cancel takes a change back, with everything that was changed after it. Errors as Cancellable.
func (d *Dispatcher) Cancel(ctx context.Context, token string, b Browser) error {
	for range reruns {
		dropped, err := d.life.cancel(ctx, token, b)
		if fault.Is(err, fault.Conflict) {
			continue // somebody else changed the account, or followed the link: look again
		}
		if err == nil {
			d.forgetCredentials(ctx, dropped)
		}
		return err
	}
	return fault.New(fault.Unavailable, "an account kept changing while a change was taken back")
}

func (l *Life) cancel(ctx context.Context, token string, b Browser) (dropped []subscriber.Credential, err error) {
	ch, channel, err := l.cancellable(ctx, token)
	if err != nil {
		return nil, err
	}
	now := l.Now()
	s, err := l.Rows.SubscriberByID(ctx, l.DB, ch.Subject)
	if err != nil {
		return nil, err
	}
	creds, err := l.Rows.CredentialsOf(ctx, l.DB, s.ID)
	if err != nil {
		return nil, err
	}
	open, err := l.Rows.OpenChanges(ctx, l.DB, s.ID, now)
	if err != nil {
		return nil, err
	}
	// Whoever made this change made what came after it.
	open = slices.DeleteFunc(open, func(o subscriber.Change) bool { return o.CreatedAt.Before(ch.CreatedAt) })
	if !slices.ContainsFunc(open, func(o subscriber.Change) bool { return o.ID == ch.ID }) {
		// Somebody else took it back since it was read: the account that was read after that has nothing to take back.
		return nil, fault.New(fault.Conflict, "the change was taken back at the same moment")
	}
	was, err := l.openBefore(*ch)
	if err != nil {
		return nil, err
	}
	for _, later := range open {
		b, err := l.openBefore(later)
		if err != nil {
			return nil, err
		}
		was.Replaced = append(was.Replaced, b.Replaced...)
	}
	to, err := l.known(ctx, s, now) // before it is undone: the owner may be at either side
	if err != nil {
		return nil, err
	}
	done := lifeChange{reset: true, cancel: open}
	done.revertCredentials(creds, was)
	if err := l.revertContacts(ctx, s, was, now, &done); err != nil {
		return nil, err
	}
	next := done.amend
	if s.Status == subscriber.Active { // a block of the bank's own stays what it is
		next.Status, next.BlockedReason = subscriber.Blocked, subscriber.ReasonContested
	}
	next.Cooling, next.ResetAt, next.UpdatedAt = l.cooling(s, subscriber.CoolingCancelled, now), grain(now), now
	messages := l.alerts(delivery.AlertCancelled, s, to, delivery.AlertDetails{Key: ch.ID, At: now, Until: now}, "")
	events := []audit.Event{
		{At: now, Kind: audit.ChangeCancelled, Subject: s.ID, Address: b.Address, Data: map[string]string{
			"change": ch.ID, "kind": string(ch.Kind), "channel": string(channel), "changes": strconv.Itoa(len(open))}},
		{At: now, Kind: audit.SubscriberBlocked, Subject: s.ID, Address: b.Address, Data: map[string]string{"reason": subscriber.ReasonContested}},
	}
	return done.drop, l.commit(ctx, done, messages, now, events...)
}

func (l *Life) openBefore(ch subscriber.Change) (b subscriber.Before, err error) {
	raw, err := l.Box.Open(sealing.ClassContact, ch.Sealed, "account_change", ch.ID, ch.Subject)
	if err != nil {
		return b, fault.Wrap(fault.Internal, err, "open what was before a change")
	}
	if err = json.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("decode what was before a change: %w", err)
	}
	return b, nil
}

// revertCredentials brings the account's authenticators back to what they were: what came since goes, what went comes back, and what was
// replaced has its old secret. The others stay as they are now, or the codes they accepted since would be good again.
func (c *lifeChange) revertCredentials(now []subscriber.Credential, was subscriber.Before) {
	in := func(list []subscriber.Credential, id string) int {
		return slices.IndexFunc(list, func(o subscriber.Credential) bool { return o.ID == id })
	}
	for _, row := range now {
		i := in(was.Credentials, row.ID)
		switch {
		case i < 0:
			c.drop = append(c.drop, row)
		case slices.Contains(was.Replaced, row.ID):
			old := was.Credentials[i]
			old.Revision = row.Revision // of the row that is there
			c.rewrite = append(c.rewrite, old)
		}
	}
	for _, row := range was.Credentials {
		if in(now, row.ID) < 0 {
			c.restore = append(c.restore, row)
		}
	}
}

// revertContacts brings the account's addresses back.
func (l *Life) revertContacts(ctx context.Context, s *subscriber.Subscriber, was subscriber.Before, now time.Time, c *lifeChange) error {
	rows, err := l.Rows.ContactsOf(ctx, l.DB, s.ID, now.Add(-2*l.CoolingOff))
	if err != nil {
		return err
	}
	next, have := *s, claimsOf(s)
	for _, a := range []struct {
		channel  subscriber.Channel
		to       string
		verified json.RawMessage
	}{{subscriber.Email, was.Email, was.EmailVerified}, {subscriber.Mobile, was.Phone, was.PhoneVerified}} {
		name, flag := claimNames(a.channel)
		if have.text(name) == a.to {
			continue
		}
		have.put(name, a.to)
		have.put(flag, a.verified)
		row := subscriber.Contact{Subject: s.ID, Channel: a.channel} // ends what is in use
		if a.to != "" {
			verified := time.Time{}
			for _, old := range rows {
				if old.Channel == a.channel && slices.Equal(old.Lookup, l.lookup(a.to)) {
					verified = old.VerifiedAt
				}
			}
			if row, err = l.contact(s.ID, a.channel, a.to, verified, now); err != nil {
				return err
			}
		}
		c.contacts = append(c.contacts, row)
	}
	next.Claims, err = have.raw()
	c.amend = &next
	return err
}

// forgetCredentials tells the plugins, after the commit and at best once, that credentials are gone.
func (d *Dispatcher) forgetCredentials(ctx context.Context, gone []subscriber.Credential) {
	for _, u := range gone {
		data, err := d.Box.Open(sealing.ClassCredential, u.Sealed, credentialPlace(u.ID, u.Instance, u.Subject)...)
		if err == nil {
			err = d.Plugins.Revoke(ctx, u.Instance, sdk.Credential{ID: u.ID, Type: u.Type, Handle: u.Handle, Label: u.Label,
				Data: data, Revision: uint64(u.Revision), Version: u.Version})
		}
		if err != nil {
			d.Log.WarnContext(ctx, "plugin was not told of a removed credential", "instance", u.Instance, "credential", u.ID, "error", err)
		}
	}
}
