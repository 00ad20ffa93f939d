package provider

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// Operations on the life of an account: the assisted path of recovery, addresses, and what happened.
var (
	SubscriberRecover  = operation("subscriber.recover", (*Admin).subscriberRecover)
	SubscriberApprove  = operation("subscriber.approve", (*Admin).subscriberApprove)
	SubscriberContacts = operation("subscriber.contacts", (*Admin).subscriberContacts)
	SubscriberMove     = operation("subscriber.move", (*Admin).subscriberMove)
	SubscriberHistory  = operation("subscriber.history", (*Admin).subscriberHistory)
)

// RecoveryOrder lets a person recover with the bank's word.
type RecoveryOrder struct {
	ID     string   `json:"id"`              // name or id
	Lost   []string `json:"lost,omitempty"`  // methods to bind anew; none: the person names one
	Alone  bool     `json:"alone,omitempty"` // the person has nothing left to prove beside it
	Reason string   `json:"reason"`
}

// TicketInfo is a recovery ticket as an operator sees it.
type TicketInfo struct {
	ID          string    `json:"id"`
	Subject     string    `json:"subject"`
	Code        string    `json:"code,omitempty"` // once; empty while another operator has to approve
	Lost        []string  `json:"lost,omitempty"`
	Alone       bool      `json:"alone,omitempty"`
	RequestedBy string    `json:"requested_by"`
	ApprovedBy  string    `json:"approved_by,omitempty"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// ContactInfo is an address of a subscriber as an operator sees it.
type ContactInfo struct {
	Channel    string    `json:"channel"` // email or sms
	Address    string    `json:"address"`
	VerifiedAt time.Time `json:"verified_at,omitzero"`
	Since      time.Time `json:"since,omitzero"`
	EndedAt    time.Time `json:"ended_at,omitzero"` // zero: in use
}

// ContactInfos are the addresses of a subscriber, and what relying parties are told.
type ContactInfos struct {
	ID            string        `json:"id"`
	Contacts      []ContactInfo `json:"contacts"`
	CoolingUntil  time.Time     `json:"cooling_off_until,omitzero"`
	CoolingReason string        `json:"cooling_off_reason,omitempty"`
}

// Move replaces an address.
type Move struct {
	ID       string `json:"id"`
	Channel  string `json:"channel"` // email or sms
	Address  string `json:"address"`
	Verified bool   `json:"verified,omitempty"` // the bank has made sure that it is the person's
	Reason   string `json:"reason"`
}

// HistoryPage asks for what happened to an account.
type HistoryPage struct {
	ID     string `json:"id"`
	Before string `json:"before,omitempty"` // id of the last event seen
	Limit  int    `json:"limit"`            // 1 to 1000
}

// HistoryEvent is something that happened to an account.
type HistoryEvent struct {
	ID      string            `json:"id"`
	At      time.Time         `json:"at"`
	Kind    string            `json:"kind"`
	Address string            `json:"address,omitempty"`
	Browser string            `json:"browser,omitempty"`
	Data    map[string]string `json:"data,omitempty"`
}

// found opens the domains and finds a subscriber by id or name.
func (a *Admin) found(ctx context.Context, idOrName string) (*domains, *subscriber.Subscriber, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := d.subscribers.Find(ctx, idOrName)
	return d, s, err
}

func (a *Admin) subscriberRecover(ctx context.Context, in RecoveryOrder) (TicketInfo, error) {
	d, s, err := a.found(ctx, in.ID)
	if err != nil {
		return TicketInfo{}, err
	}
	for _, method := range in.Lost {
		if _, ok := a.config.Plugins[instanceOf(method)]; !ok {
			return TicketInfo{}, fault.New(fault.Invalid, "there is no method "+method+": `varco plugin list` says which plugins there are")
		}
	}
	issued, err := d.life.IssueTicket(ctx, actorOf(ctx), s.ID, in.Lost, in.Alone, in.Reason)
	if err != nil {
		return TicketInfo{}, err
	}
	return ticketInfo(issued), nil
}

func (a *Admin) subscriberApprove(ctx context.Context, in ByID) (TicketInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return TicketInfo{}, err
	}
	issued, err := d.life.ApproveTicket(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return TicketInfo{}, err
	}
	return ticketInfo(issued), nil
}

func ticketInfo(t *login.Issued) TicketInfo {
	return TicketInfo{ID: t.ID, Subject: t.Subject, Code: t.Code, Lost: t.Lost, Alone: t.Alone, RequestedBy: t.RequestedBy,
		ApprovedBy: t.ApprovedBy, ExpiresAt: t.ExpiresAt}
}

func (a *Admin) subscriberContacts(ctx context.Context, in ByID) (ContactInfos, error) {
	d, s, err := a.found(ctx, in.ID)
	if err != nil {
		return ContactInfos{}, err
	}
	list, err := d.life.Contacts(ctx, s)
	if err != nil {
		return ContactInfos{}, err
	}
	cooling := s.Cooling.At(time.Now())
	out := ContactInfos{ID: s.ID, Contacts: []ContactInfo{}, CoolingUntil: cooling.Until, CoolingReason: string(cooling.Reason)}
	for _, c := range list {
		out.Contacts = append(out.Contacts, ContactInfo{Channel: string(c.Channel), Address: c.Address, VerifiedAt: c.VerifiedAt, Since: c.CreatedAt, EndedAt: c.EndedAt})
	}
	return out, nil
}

func (a *Admin) subscriberMove(ctx context.Context, in Move) (ContactInfos, error) {
	d, s, err := a.found(ctx, in.ID)
	if err != nil {
		return ContactInfos{}, err
	}
	channel := subscriber.Channel(in.Channel)
	if !slices.Contains(subscriber.Channels, channel) {
		return ContactInfos{}, fault.New(fault.Invalid, "there is no such kind of address")
	}
	if strings.TrimSpace(in.Reason) == "" {
		return ContactInfos{}, fault.New(fault.Invalid, "a reason is needed: how the bank made sure who asked")
	}
	if err := d.life.SetContact(ctx, actorOf(ctx), s.ID, channel, in.Address, in.Verified, in.Reason); err != nil {
		return ContactInfos{}, err
	}
	return a.subscriberContacts(ctx, ByID{s.ID})
}

func (a *Admin) subscriberHistory(ctx context.Context, in HistoryPage) ([]HistoryEvent, error) {
	d, s, err := a.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Limit < 1 || in.Limit > subscriber.MaxPage {
		return nil, fault.New(fault.Invalid, "a page has between 1 and 1000 events")
	}
	list, err := d.life.Rows.EventsOf(ctx, d.life.DB, s.ID, in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := make([]HistoryEvent, len(list))
	for i, e := range list {
		out[i] = HistoryEvent{ID: e.ID, At: e.At, Kind: e.Kind, Address: e.Address, Browser: e.Browser, Data: e.Data}
	}
	return out, nil
}
