package login

import (
	"context"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// contactChange prepares the replacement of an address: the account as it is to be, what it was, and the alerts to every address known
// before. It changes nothing.
func (l *Life) contactChange(ctx context.Context, s *subscriber.Subscriber, creds []subscriber.Credential, channel subscriber.Channel, to string, verified bool, now time.Time) (lifeChange, []delivery.Message, error) {
	kind, reason, alert := subscriber.ChangedEmail, subscriber.CoolingEmail, delivery.AlertEmail
	if channel == subscriber.Mobile {
		kind, reason, alert = subscriber.ChangedMobile, subscriber.CoolingMobile, delivery.AlertMobile
	}
	old, err := l.known(ctx, s, now)
	if err != nil {
		return lifeChange{}, nil, err
	}
	proven := time.Time{}
	if verified {
		proven = grain(now)
	}
	row, err := l.contact(s.ID, channel, to, proven, now)
	if err != nil {
		return lifeChange{}, nil, err
	}
	ch := subscriber.Change{ID: id.New(), Subject: s.ID, Kind: kind, CreatedAt: grain(now), CoolsUntil: grain(now.Add(l.CoolingOff))}
	if ch.Sealed, err = l.before(ch.ID, s, creds, nil); err != nil {
		return lifeChange{}, nil, err
	}
	next := *s
	c := claimsOf(s)
	name, flag := claimNames(channel)
	c.put(name, to)
	c.put(flag, verified)
	if next.Claims, err = c.raw(); err != nil {
		return lifeChange{}, nil, err
	}
	next.Cooling, next.UpdatedAt = l.cooling(s, reason, now), now
	messages := l.alerts(alert, s, old, delivery.AlertDetails{Key: ch.ID, At: now, Until: ch.CoolsUntil}, ch.ID)
	return lifeChange{amend: &next, contacts: []subscriber.Contact{row}, change: &ch}, messages, nil
}

// contactProven replaces the address, now that its owner has shown that they read what is sent there.
func (d *Dispatcher) contactProven(ctx context.Context, x *run, to string, c *change) error {
	channel := x.flow.Request.Contact
	done, messages, err := d.life.contactChange(ctx, x.who.sub, x.who.creds, channel, to, true, x.now)
	if err != nil {
		return err
	}
	done.counters = c.life.counters
	c.life, c.messages = done, append(c.messages, messages...)
	c.event(x, audit.ContactChanged, "channel", string(channel), "change", done.change.ID, "cools_until", done.change.CoolsUntil.Format(time.RFC3339))
	x.state.Contacted = true
	x.state.leaveStep()
	return d.advance(ctx, x, c)
}

// rerouted is what follows when somebody who signs in with codes in messages has them sent elsewhere: it is a change of address like the
// one above, told and cooling off, and can be taken back.
func (d *Dispatcher) rerouted(ctx context.Context, x *run, m host.MethodRef, c *change) error {
	l, s := d.life, x.who.sub
	kind, reason, alert := subscriber.ChangedEmail, subscriber.CoolingEmail, delivery.AlertEmail
	if toMobile(m) {
		kind, reason, alert = subscriber.ChangedMobile, subscriber.CoolingMobile, delivery.AlertMobile
	}
	to, err := l.known(ctx, s, x.now)
	if err != nil {
		return err
	}
	ch := subscriber.Change{ID: id.New(), Subject: s.ID, Kind: kind, Method: m.Ref, CreatedAt: grain(x.now), CoolsUntil: grain(x.now.Add(l.CoolingOff))}
	if ch.Sealed, err = l.before(ch.ID, s, x.who.creds, c.replaced()); err != nil {
		return err
	}
	next := *s
	next.Cooling, next.UpdatedAt = l.cooling(s, reason, x.now), x.now
	c.life.amend, c.life.change = &next, &ch
	c.messages = append(c.messages, l.alerts(alert, s, to, delivery.AlertDetails{Key: ch.ID, At: x.now, Until: ch.CoolsUntil}, ch.ID)...)
	return nil
}

// SetContact is an operator's change of an address, after the bank has made sure who asked for it. It is told, cools off and can be taken
// back like the person's own.
func (l *Life) SetContact(ctx context.Context, actor, subject string, channel subscriber.Channel, to string, verified bool, reason string) error {
	to, err := subscriber.ParseAddress(channel, to)
	if err != nil {
		return err
	}
	return l.operate(ctx, subject, func(s *subscriber.Subscriber, creds []subscriber.Credential, now time.Time) (lifeChange, []delivery.Message, audit.Event, error) {
		done, messages, err := l.contactChange(ctx, s, creds, channel, to, verified, now)
		if err != nil {
			return done, nil, audit.Event{}, err
		}
		return done, messages, audit.Event{At: now, Kind: audit.ContactChanged, Subject: s.ID, Actor: actor, Data: map[string]string{
			"channel": string(channel), "change": done.change.ID, "cools_until": done.change.CoolsUntil.Format(time.RFC3339), "reason": reason}}, nil
	})
}

// Register notes the addresses that a new subscriber comes with, in the transaction that adds them. Those the claims say are verified count as
// proven: the bank vouches for what it imports.
func (l *Life) Register(ctx context.Context, q tx.Q, s *subscriber.Subscriber) error {
	have, now := claimsOf(s), l.Now()
	for _, channel := range subscriber.Channels {
		name, flag := claimNames(channel)
		to := have.text(name)
		if to == "" {
			continue
		}
		verified := time.Time{}
		if string(have[flag]) == "true" {
			verified = grain(now)
		}
		row, err := l.contact(s.ID, channel, to, verified, now)
		if err != nil {
			return err
		}
		if err := l.Rows.PutContact(ctx, q, row, now); err != nil {
			return err
		}
	}
	return nil
}

// OpenContact is an address with what is known of it.
type OpenContact struct {
	subscriber.Contact
	Address string
}

// Contacts lists the addresses of a subscriber, those given up too, oldest first.
func (l *Life) Contacts(ctx context.Context, s *subscriber.Subscriber) ([]OpenContact, error) {
	rows, err := l.Rows.ContactsOf(ctx, l.DB, s.ID, time.Time{})
	if err != nil {
		return nil, err
	}
	out := make([]OpenContact, len(rows))
	for i, row := range rows {
		to, err := l.open(row)
		if err != nil {
			return nil, err
		}
		out[i] = OpenContact{row, to}
	}
	return out, nil
}
