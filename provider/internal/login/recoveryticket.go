package login

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// The assisted path: the bank makes sure, in its own way, who somebody is, and hands them a code. It stands for one proof of an account
// recovery and is used once. It is good for one person, so somebody else's name beside it is nobody's code.

// usedTicket is what a Flow keeps of the ticket it used.
type usedTicket struct {
	ID    string   `json:"id"`
	Lost  []string `json:"lost,omitempty"`
	Alone bool     `json:"alone,omitempty"`
}

// ticketStep judges a ticket's code. The same statement runs for a name that is nobody's.
func (d *Dispatcher) ticketStep(ctx context.Context, x *run, in map[string]string) (*sdk.StepResponse, error) {
	code := foldTicket(in["ticket"])
	if code == "" {
		v := ticketView("ticket.required")
		return refuseStep(struct{}{}, v), nil
	}
	t, err := d.life.Rows.TicketByCode(ctx, d.DB, x.who.id(), d.life.ticketHash(x.who.id(), code), x.now)
	if fault.Is(err, fault.NotFound) || (err == nil && x.who.sub == nil) {
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}}, nil
	}
	if err != nil {
		return nil, err
	}
	return &sdk.StepResponse{Success: &sdk.Success{Subject: t.Subject, Evidence: encodeStep(usedTicket{ID: t.ID, Lost: t.Lost, Alone: t.Alone})}}, nil
}

// useTicket uses the ticket up with the step that accepted it.
func (d *Dispatcher) useTicket(x *run, evidence []byte, c *change) error {
	t := new(usedTicket)
	if err := json.Unmarshal(evidence, t); err != nil {
		return fmt.Errorf("decode a used ticket: %w", err)
	}
	x.state.Ticket = t
	c.life.ticket = t.ID
	c.event(x, audit.TicketUsed, "ticket", t.ID)
	return nil
}

func ticketView(problem string) sdk.View {
	return sdk.Screen(sdk.T("ticket.title"), sdk.Say(sdk.T("ticket.help")),
		sdk.Field(sdk.TextField{Name: "ticket", Kind: sdk.FieldText, Label: sdk.T("ticket.label"), Hint: sdk.T("ticket.hint"), Error: sdk.T(problem)}))
}

// ticketAlphabet has nothing that is read or heard as something else: Crockford's base32.
var ticketAlphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const ticketBytes = 10 // 80 bits, 16 characters

// newTicketCode is read out or handed over: four groups of four.
func newTicketCode() string {
	b := make([]byte, ticketBytes)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	s := ticketAlphabet.EncodeToString(b)
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

// foldTicket reads a code as people write it; empty for what cannot be one.
func foldTicket(s string) string {
	if len(s) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case r <= ' ' || r == '-' || r > '~':
			return -1
		}
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, s)
}

func (l *Life) ticketHash(subject, code string) []byte {
	m := l.Box.MAC(sealing.PurposeTicket, subject, code)
	return m[:]
}

// Issued is a ticket with its code, which is shown once and stored nowhere.
type Issued struct {
	subscriber.Ticket
	Code string // empty while a second operator has to approve
}

// IssueTicket lets a person recover with the bank's word. lost are the methods to bind anew; none leaves it to the person to name one. alone
// says that they have nothing left to prove beside it.
func (l *Life) IssueTicket(ctx context.Context, actor, subject string, lost []string, alone bool, reason string) (*Issued, error) {
	switch {
	case strings.TrimSpace(reason) == "":
		return nil, fault.New(fault.Invalid, "a reason is needed: how the bank made sure who it is")
	case alone && len(lost) == 0:
		return nil, fault.New(fault.Invalid, "somebody who has nothing left needs to be told what to bind anew: name the methods")
	}
	now := l.Now()
	t := subscriber.Ticket{ID: id.New(), Subject: subject, Lost: lost, Alone: alone, Reason: reason, RequestedBy: actor,
		CreatedAt: grain(now), ExpiresAt: grain(now.Add(l.TicketLifetime))}
	out, kind := &Issued{}, audit.TicketRequested
	if l.TicketApprovals < 2 {
		out.Code, kind = newTicketCode(), audit.TicketIssued
		t.ApprovedBy, t.CodeHash = actor, l.ticketHash(subject, foldTicket(out.Code))
	}
	out.Ticket = t
	return out, l.DB.InTx(ctx, func(q tx.Q) error {
		// One ticket at a time: an older one that got lost must open nothing.
		if err := l.Rows.VoidTickets(ctx, q, subject, now); err != nil {
			return err
		}
		if err := l.Rows.InsertTicket(ctx, q, t); err != nil {
			return err
		}
		return l.tell(ctx, q, ticketEvent(kind, actor, t, now))
	})
}

// ApproveTicket is the second pair of eyes: another operator than the one who asked, who gets the code to hand over.
func (l *Life) ApproveTicket(ctx context.Context, actor, ticket string) (*Issued, error) {
	now := l.Now()
	t, err := l.Rows.Ticket(ctx, l.DB, ticket)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, fault.New(fault.NotFound, "no ticket has that id, or its time is over")
	case err != nil:
		return nil, err
	case t.RequestedBy == actor:
		return nil, fault.New(fault.Denied, "whoever asked for a ticket cannot approve it: another operator must")
	}
	out := &Issued{Ticket: *t, Code: newTicketCode()}
	out.ApprovedBy, out.CodeHash, out.ExpiresAt = actor, l.ticketHash(t.Subject, foldTicket(out.Code)), grain(now.Add(l.TicketLifetime))
	err = l.DB.InTx(ctx, func(q tx.Q) error {
		if err := l.Rows.ApproveTicket(ctx, q, out.Ticket, now); err != nil {
			return err
		}
		return l.tell(ctx, q, ticketEvent(audit.TicketIssued, actor, out.Ticket, now))
	})
	if fault.Is(err, fault.Conflict) {
		return nil, fault.New(fault.Conflict, "the ticket was approved or used before, or its time is over")
	}
	return out, err
}

func ticketEvent(kind audit.Kind, actor string, t subscriber.Ticket, now time.Time) audit.Event {
	e := audit.Event{At: now, Kind: kind, Subject: t.Subject, Actor: actor, Data: map[string]string{
		"ticket": t.ID, "lost": strings.Join(t.Lost, " "), "alone": strconv.FormatBool(t.Alone), "reason": t.Reason}}
	if kind == audit.TicketIssued {
		e.Data["requested_by"] = t.RequestedBy
	}
	return e
}

// operate is an operator's change of an account: read, prepared and written until nobody else was faster.
func (l *Life) operate(ctx context.Context, subject string, prepare func(s *subscriber.Subscriber, creds []subscriber.Credential, now time.Time) (lifeChange, []delivery.Message, audit.Event, error)) error {
	for range reruns {
		now := l.Now()
		s, err := l.Rows.SubscriberByID(ctx, l.DB, subject)
		if err != nil {
			return err
		}
		creds, err := l.Rows.CredentialsOf(ctx, l.DB, subject)
		if err != nil {
			return err
		}
		done, messages, event, err := prepare(s, creds, now)
		if err != nil {
			return err
		}
		if err = l.commit(ctx, done, messages, now, event); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fault.New(fault.Unavailable, "an account kept changing under a change of it")
}

// commit writes all of it or nothing, and wakes who sends.
func (l *Life) commit(ctx context.Context, done lifeChange, messages []delivery.Message, now time.Time, events ...audit.Event) error {
	err := l.DB.InTx(ctx, func(q tx.Q) error {
		if err := done.write(ctx, l.Rows, q, now); err != nil {
			return err
		}
		if len(messages) > 0 {
			if err := l.Outbox.Queue(ctx, q, messages...); err != nil {
				return err
			}
		}
		if err := l.Rows.InsertEvents(ctx, q, slices.Concat(toldEvents(events, ""), toldMessages(messages, now))...); err != nil {
			return err
		}
		return audit.Write(ctx, q, l.Rows, events...)
	})
	if err == nil && len(messages) > 0 {
		l.Outbox.Wake()
	}
	return err
}

// tell writes events to the record and to what the person's own page shows.
func (l *Life) tell(ctx context.Context, q tx.Q, events ...audit.Event) error {
	if err := l.Rows.InsertEvents(ctx, q, toldEvents(events, "")...); err != nil {
		return err
	}
	return audit.Write(ctx, q, l.Rows, events...)
}
