package login

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/telemetry"
	"github.com/varco-id/varco/provider/internal/tx"
)

// EventMessage is a message that was sent, among the events of the person's own page. Data: channel, template, instance.
const EventMessage = "message.sent"

// told are the decisions that the person's own page tells of, with what it shows of each.
var told = map[audit.Kind][]string{
	audit.LoginCompleted:      {"acr"},
	audit.LoginStepFailed:     {"method", "instance"},
	audit.LoginRefused:        {"reason"},
	audit.CredentialBound:     {"method", "instance"},
	audit.CredentialChanged:   {"method", "instance"},
	audit.CredentialRevoked:   {"instance"},
	audit.SessionEnded:        {"reason"},
	audit.SubscriberBlocked:   {"reason"},
	audit.SubscriberUnblocked: nil,
	audit.ThrottleBlocked:     {"until"},
	audit.ConsentRevoked:      nil,
	audit.ContactChanged:      {"channel"},
	audit.AccountRecovered:    {"method"},
	audit.ChangeCancelled:     {"kind"},
	audit.NamesReminded:       {"channel"},
	audit.TicketIssued:        nil,
	audit.TicketUsed:          nil,
}

// toldEvents picks what the person is to see of decisions that are about them.
func toldEvents(events []audit.Event, browser string) []subscriber.Event {
	var out []subscriber.Event
	for _, e := range events {
		fields, ok := told[e.Kind]
		switch {
		case !ok || e.Subject == "":
			continue
		case e.Kind == audit.LoginCompleted && e.Data["reused"] != "": // single sign-on: nobody did anything
			continue
		case e.Kind == audit.LoginStepFailed && e.Data["counted"] != "true": // a slip
			continue
		}
		t := subscriber.Event{ID: telemetry.NewID(), Subject: e.Subject, At: e.At, Kind: string(e.Kind), Address: e.Address, Browser: browser}
		for _, f := range fields {
			if v := e.Data[f]; v != "" {
				if t.Data == nil {
					t.Data = map[string]string{}
				}
				t.Data[f] = v
			}
		}
		if e.Actor != "" {
			if t.Data == nil {
				t.Data = map[string]string{}
			}
			t.Data["by"] = "operator" // who at the bank it was is the bank's affair
		}
		out = append(out, t)
	}
	return out
}

// History notes what the person's own page tells of decisions that were made elsewhere.
func (l *Life) History(ctx context.Context, q tx.Q, events ...audit.Event) error {
	return l.Rows.InsertEvents(ctx, q, toldEvents(events, "")...)
}

// toldMessages notes that a message went out, never what it says or to which address.
func toldMessages(messages []delivery.Message, at time.Time) []subscriber.Event {
	var out []subscriber.Event
	for _, m := range messages {
		if m.Subject == "" || m.To == "" {
			continue
		}
		out = append(out, subscriber.Event{ID: telemetry.NewID(), Subject: m.Subject, At: at, Kind: EventMessage,
			Data: map[string]string{"channel": m.Channel, "template": m.Template, "instance": m.Instance}})
	}
	return out
}

// eventsPage is how many events the person's own page shows at once.
const eventsPage = 25

// Events returns a page of what happened to the signed-in person's account, newest first; before is the id of the last one seen, empty at
// the start. more says that there are older ones.
func (d *Dispatcher) Events(ctx context.Context, b Browser, before string) (events []subscriber.Event, more bool, err error) {
	s, err := d.owner(ctx, b)
	if err != nil {
		return nil, false, err
	}
	if events, err = d.life.Rows.EventsOf(ctx, d.DB, s.Subject, before, eventsPage+1); err != nil {
		return nil, false, err
	}
	if more = len(events) > eventsPage; more {
		events = events[:eventsPage]
	}
	return events, more, nil
}

// latestEvents is how many events the first look shows.
const latestEvents = 5

// describeLife fills in where the person is reached, what relying parties are told, and what happened last.
func (d *Dispatcher) describeLife(ctx context.Context, o *Overview, s *subscriber.Subscriber) error {
	now := d.Now()
	rows, err := d.life.Rows.ContactsOf(ctx, d.DB, s.ID, now)
	if err != nil {
		return err
	}
	have := claimsOf(s)
	for _, channel := range subscriber.Channels {
		name, flag := claimNames(channel)
		info := ContactInfo{Channel: channel, Masked: subscriber.MaskAddress(channel, have.text(name)), Verified: string(have[flag]) == "true"}
		for _, row := range rows {
			if row.Channel == channel && row.EndedAt.IsZero() {
				info.VerifiedAt = row.VerifiedAt
			}
		}
		o.Contacts = append(o.Contacts, info)
	}
	o.Cooling = s.Cooling.At(now)
	o.Events, err = d.life.Rows.EventsOf(ctx, d.DB, s.ID, "", latestEvents)
	return err
}
