package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

var lifeRules = []rule{
	{"a subscriber is amended by compare-and-set", lifeAmend},
	{"a contact replaces the one in use", lifeContacts},
	{"a proven address leads to names, and no other does", lifeNames},
	{"a change is taken back once, and in time", lifeChanges},
	{"a recovery ticket is used once, by its subscriber, in time", lifeTickets},
	{"whoever requested a ticket does not approve it", lifeApproval},
	{"everything a subscriber granted can be revoked", lifeGrants},
	{"security events page backwards", lifeEvents},
	{"what can be taken back no more is forgotten", lifePruned},
}

func lifeAmend(t *testing.T, s store.Store) {
	ctx := t.Context()
	p := enrol(t, s, "anna")
	p.Status, p.BlockedReason, p.Claims = subscriber.Blocked, subscriber.ReasonContested, json.RawMessage(`{"email":"new@example.org"}`)
	p.Cooling = subscriber.Cooling{Until: noon.Add(time.Hour), Reason: subscriber.CoolingRecovery}
	p.ResetAt, p.UpdatedAt = noon.Add(time.Minute), noon.Add(2*time.Minute)
	check(t, s.Amend(ctx, s, p))
	wantKind(t, s.Amend(ctx, s, p), fault.Conflict, "an old version")
	p.Version++
	same(t, must(s.SubscriberByID(ctx, s, "anna"))(t), &p)
}

func contact(id, subject string, c subscriber.Channel, lookup string) subscriber.Contact {
	return subscriber.Contact{ID: id, Subject: subject, Channel: c, Lookup: []byte(lookup), Sealed: []byte("sealed " + id), VerifiedAt: noon, CreatedAt: noon}
}

func lifeContacts(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	old, mobile, next := contact("1", "anna", subscriber.Email, "old"), contact("2", "anna", subscriber.Mobile, "tel"), contact("3", "anna", subscriber.Email, "next")
	next.CreatedAt, next.VerifiedAt = noon.Add(time.Hour), time.Time{}
	check(t, s.PutContact(ctx, s, old, noon))
	check(t, s.PutContact(ctx, s, mobile, noon))
	at := noon.Add(time.Hour)
	check(t, s.PutContact(ctx, s, next, at))
	old.EndedAt = at
	same(t, must(s.ContactsOf(ctx, s, "anna", noon))(t), []subscriber.Contact{old, mobile, next})
	same(t, must(s.ContactsOf(ctx, s, "anna", at))(t), []subscriber.Contact{mobile, next})
	check(t, s.PutContact(ctx, s, subscriber.Contact{Subject: "anna", Channel: subscriber.Email}, at.Add(time.Hour)))
	same(t, must(s.ContactsOf(ctx, s, "anna", at.Add(2*time.Hour)))(t), []subscriber.Contact{mobile})
	check(t, s.RemoveSubscriber(ctx, s, "anna"))
	same(t, len(must(s.ContactsOf(ctx, s, "anna", time.Time{}))(t)), 0)
}

func lifeNames(t *testing.T, s store.Store) {
	ctx := t.Context()
	for _, name := range []string{"anna", "mario", "blocked"} {
		p := enrol(t, s, name)
		check(t, s.PutContact(ctx, s, contact(name, name, subscriber.Email, "shared"), noon))
		if name == "blocked" {
			check(t, s.SetStatus(ctx, s, p.ID, subscriber.Blocked, "x", noon, p.Version))
		}
	}
	unproven := enrol(t, s, "unproven")
	c := contact("c", unproven.ID, subscriber.Email, "shared")
	c.VerifiedAt = time.Time{}
	check(t, s.PutContact(ctx, s, c, noon))
	named := func(subject string) subscriber.Named {
		return subscriber.Named{Subject: subject, Locale: "it-IT", Name: "Shown name-" + subject, Channel: subscriber.Email}
	}
	same(t, must(s.NamesByContact(ctx, s, []byte("shared")))(t), []subscriber.Named{named("anna"), named("mario")})
	check(t, s.PutContact(ctx, s, contact("later", "anna", subscriber.Email, "other"), noon))
	same(t, must(s.NamesByContact(ctx, s, []byte("shared")))(t), []subscriber.Named{named("mario")})
	same(t, len(must(s.NamesByContact(ctx, s, []byte("nobody")))(t)), 0)
}

func change(id string, at time.Time) subscriber.Change {
	return subscriber.Change{ID: id, Subject: "anna", Kind: subscriber.ChangedRecovered, Method: "password", Sealed: []byte("before"), CreatedAt: at, CoolsUntil: at.Add(time.Hour)}
}

func lifeChanges(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	first, second := change("1", noon), change("2", noon.Add(time.Minute))
	check(t, s.InsertChange(ctx, s, first))
	check(t, s.InsertChange(ctx, s, second))
	at := noon.Add(30 * time.Minute)
	same(t, must(s.OpenChanges(ctx, s, "anna", at))(t), []subscriber.Change{second, first})
	same(t, len(must(s.OpenChanges(ctx, s, "anna", first.CoolsUntil))(t)), 1)
	wantKind(t, s.CancelChange(ctx, s, "1", first.CoolsUntil), fault.Conflict, "too late")
	check(t, s.CancelChange(ctx, s, "1", at))
	wantKind(t, s.CancelChange(ctx, s, "1", at), fault.Conflict, "a second time")
	first.CancelledAt, first.Sealed = at, nil
	same(t, must(s.Change(ctx, s, "1"))(t), &first)
	_, err := s.Change(ctx, s, "nothing")
	wantKind(t, err, fault.NotFound, "no such change")
}

func ticket(id string) subscriber.Ticket {
	return subscriber.Ticket{ID: id, Subject: "anna", Lost: []string{"password", "totp"}, Alone: true, Reason: "branch", CodeHash: []byte("hash " + id),
		RequestedBy: "a", ApprovedBy: "a", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
}

func lifeTickets(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	want := ticket("1")
	check(t, s.InsertTicket(ctx, s, want))
	same(t, must(s.TicketByCode(ctx, s, "anna", want.CodeHash, noon))(t), &want)
	for what, find := range map[string]func() (*subscriber.Ticket, error){
		"another code": func() (*subscriber.Ticket, error) { return s.TicketByCode(ctx, s, "anna", []byte("no"), noon) },
		"no code":      func() (*subscriber.Ticket, error) { return s.TicketByCode(ctx, s, "anna", nil, noon) },
		"nobody":       func() (*subscriber.Ticket, error) { return s.TicketByCode(ctx, s, "", want.CodeHash, noon) },
		"too late": func() (*subscriber.Ticket, error) {
			return s.TicketByCode(ctx, s, "anna", want.CodeHash, want.ExpiresAt)
		},
	} {
		_, err := find()
		wantKind(t, err, fault.NotFound, what)
	}
	wantKind(t, s.SpendTicket(ctx, s, "1", "other", noon), fault.Conflict, "somebody else")
	wantKind(t, s.SpendTicket(ctx, s, "1", "anna", want.ExpiresAt), fault.Conflict, "too late")
	check(t, s.SpendTicket(ctx, s, "1", "anna", noon))
	wantKind(t, s.SpendTicket(ctx, s, "1", "anna", noon), fault.Conflict, "a second time")
	_, err := s.TicketByCode(ctx, s, "anna", want.CodeHash, noon)
	wantKind(t, err, fault.NotFound, "a used ticket")
	check(t, s.InsertTicket(ctx, s, ticket("2")))
	check(t, s.VoidTickets(ctx, s, "anna", noon))
	wantKind(t, s.SpendTicket(ctx, s, "2", "anna", noon), fault.Conflict, "a void ticket")
}

func lifeApproval(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	p := ticket("1")
	p.CodeHash, p.ApprovedBy = nil, ""
	check(t, s.InsertTicket(ctx, s, p))
	wantKind(t, s.SpendTicket(ctx, s, "1", "anna", noon), fault.Conflict, "not approved")
	p.CodeHash, p.ApprovedBy, p.ExpiresAt = []byte("hash"), "a", noon.Add(2*time.Hour)
	wantKind(t, s.ApproveTicket(ctx, s, p, noon), fault.Conflict, "the same hand")
	p.ApprovedBy = "b"
	wantKind(t, s.ApproveTicket(ctx, s, p, noon.Add(time.Hour)), fault.Conflict, "too late")
	check(t, s.ApproveTicket(ctx, s, p, noon))
	wantKind(t, s.ApproveTicket(ctx, s, p, noon), fault.Conflict, "approved before")
	same(t, must(s.Ticket(ctx, s, "1"))(t), &p)
	check(t, s.SpendTicket(ctx, s, "1", "anna", noon))
}

func lifeGrants(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	enrol(t, s, "mario")
	for id, who := range map[string]string{"g1": "anna", "g2": "anna", "g3": "mario"} {
		g := grantOf(id, who, "")
		check(t, s.InTx(ctx, func(q tx.Q) error { return s.InsertGrant(ctx, q, g) }))
	}
	check(t, s.RevokeGrantsOf(ctx, s, "anna", noon))
	for id, live := range map[string]bool{"g1": false, "g2": false, "g3": true} {
		_, got, err := s.Live(ctx, s, id, "", noon)
		check(t, err)
		same(t, got, live)
	}
}

func lifeEvents(t *testing.T, s store.Store) {
	ctx := t.Context()
	var all []subscriber.Event
	for i := range 5 {
		e := subscriber.Event{ID: fmt.Sprintf("%026d", i), Subject: "anna", At: noon.Add(time.Duration(i) * time.Second), Kind: "login.completed", Address: "192.0.2.1", Browser: "Firefox"}
		if i%2 == 0 {
			e.Data = map[string]string{"method": "password"}
		}
		all = append([]subscriber.Event{e}, all...)
		check(t, s.InsertEvents(ctx, s, e))
	}
	check(t, s.InsertEvents(ctx, s, subscriber.Event{ID: "z", Subject: "mario", At: noon, Kind: "login.completed"}))
	page := must(s.EventsOf(ctx, s, "anna", "", 3))(t)
	same(t, page, all[:3])
	same(t, must(s.EventsOf(ctx, s, "anna", page[2].ID, 3))(t), all[3:])
	enrol(t, s, "anna")
	check(t, s.RemoveSubscriber(ctx, s, "anna"))
	same(t, len(must(s.EventsOf(ctx, s, "anna", "", 3))(t)), 0)
	same(t, len(must(s.EventsOf(ctx, s, "mario", "", 3))(t)), 1)
}

func lifePruned(t *testing.T, s store.Store) {
	ctx := t.Context()
	enrol(t, s, "anna")
	c := change("1", noon)
	check(t, s.InsertChange(ctx, s, c))
	check(t, s.InsertChange(ctx, s, change("2", noon.Add(time.Hour))))
	_, err := s.(interface {
		Prune(ctx context.Context, before time.Time) (int64, error)
	}).Prune(ctx, c.CoolsUntil.Add(time.Second))
	check(t, err)
	same(t, len(must(s.Change(ctx, s, "1"))(t).Sealed), 0)
	same(t, len(must(s.Change(ctx, s, "2"))(t).Sealed), 6)
}

// raceTickets: of many steps with one ticket on several replicas, one has it.
func raceTickets(t *testing.T, pools []store.Store) {
	enrol(t, pools[0], "anna")
	for round := range raceRounds {
		check(t, pools[0].InsertTicket(t.Context(), pools[0], ticket(fmt.Sprint(round))))
	}
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		return s.SpendTicket(ctx, q, fmt.Sprint(round), "anna", noon)
	})
}

// raceCancel: a link that is followed twice at once takes the change back once.
func raceCancel(t *testing.T, pools []store.Store) {
	enrol(t, pools[0], "anna")
	for round := range raceRounds {
		check(t, pools[0].InsertChange(t.Context(), pools[0], change(fmt.Sprint(round), noon)))
	}
	rounds(t, pools, func(ctx context.Context, s store.Store, q tx.Q, round, _ int) error {
		return s.CancelChange(ctx, q, fmt.Sprint(round), noon)
	})
}
