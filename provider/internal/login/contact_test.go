package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

func change(channel subscriber.Channel) func(*Request) {
	return func(r *Request) { r.Contact = channel }
}

// strong signs in with everything somebody has.
func (w *browser) strong(name string) {
	w.b.t.Helper()
	if p := w.code(w.password(w.open(sca), name, annaPassword), w.b.totp()); p.Answer == nil {
		w.b.t.Fatalf("no answer: %+v", p.Step)
	}
	w.b.pass(31 * time.Second)
}

// sent is the code that went to an address last.
func (b *bank) sent(to string) string {
	b.t.Helper()
	for _, m := range slices.Backward(b.outbox.messages) {
		if m.To == to && m.Template == delivery.CodeContact {
			return m.Params["code"]
		}
	}
	b.t.Fatalf("no code went to %s: %+v", to, b.outbox.messages)
	return ""
}

// moves replaces an address.
func (w *browser) moves(channel subscriber.Channel, to string) *Page {
	w.b.t.Helper()
	p := w.account(change(channel))
	if p.Step == nil || p.Step.Method != "contact" {
		w.b.t.Fatalf("asked for %+v", p.Step)
	}
	p = w.give(p, "", "address", to)
	parsed, err := subscriber.ParseAddress(channel, to)
	must(w.b.t, err)
	return w.give(p, "", "code", w.b.sent(parsed))
}

func (b *bank) claims(sub string) (c struct {
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`
	Phone    string `json:"phone_number"`
}) {
	b.t.Helper()
	s, err := b.store.SubscriberByID(b.t.Context(), b.store, sub)
	must(b.t, err)
	must(b.t, json.Unmarshal(s.Claims, &c))
	return c
}

func TestChangedAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		sub := b.customer("Anna", "password", "totp")
		w := b.browser()
		w.strong("Anna")
		if p := w.moves(subscriber.Email, "anna@new.example"); p.Answer == nil || p.Answer.Session == "" {
			t.Fatalf("changed: %+v", p.Step)
		}
		if c := b.claims(sub); c.Email != "anna@new.example" || !c.Verified || c.Phone != "+39333000000" {
			t.Errorf("claims: %+v", c)
		}
		if _, err := b.d.Overview(t.Context(), w.Browser); err != nil {
			t.Errorf("the session ended: %v", err)
		}
		s, err := b.store.SubscriberByID(t.Context(), b.store, sub)
		must(t, err)
		if s.Cooling.Reason != subscriber.CoolingEmail {
			t.Errorf("cooling off: %+v", s.Cooling)
		}
		b.link("Anna@old.example")
		b.link("+39333000000")
		if p := w.moves(subscriber.Mobile, "+39 333 1234567"); p.Answer == nil {
			t.Fatalf("and the mobile: %+v", p.Step)
		}
		// Whoever changed both must not have silenced the first address by changing it first.
		for _, to := range []string{"Anna@old.example", "anna@new.example", "+39333000000"} {
			if !slices.ContainsFunc(b.outbox.messages, func(m delivery.Message) bool {
				return m.To == to && strings.HasPrefix(m.Template, string(delivery.AlertMobile))
			}) {
				t.Errorf("%s is not told of the second change", to)
			}
		}
	})
}

func TestANewAddressNeedsAllTheStrengthThereIs(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password", "totp")
	w := b.browser()
	w.signIn("Anna") // with the password alone
	if p := w.account(change(subscriber.Email)); p.Step == nil || p.Step.Method != "totp" {
		t.Errorf("with the password alone: %+v", p.Step)
	}
	w = b.browser()
	w.strong("Anna")
	for range 2 {
		b.pass(4 * time.Minute)
		_, err := b.d.Overview(t.Context(), w.Browser)
		must(t, err)
	}
	if p := w.account(change(subscriber.Email)); p.Step == nil || p.Step.Method != "password" || p.Step.Notice.Code != NoticeReauth {
		t.Errorf("not freshly: %+v", p.Step)
	}
}

func TestACodeProvesOneAddress(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp")
	w := b.browser()
	w.strong("Anna")
	p := w.account(change(subscriber.Email))
	for _, bad := range []string{"", "anna", "anna@", "anna@localhost", "a b@c.example", "anna@example.org\r\nBcc: x@y.example", "<anna@example.org>"} {
		if p = w.give(p, "", "address", bad); p.Step == nil || p.Step.View.Nodes[1].TextField.Error.Key == "" {
			t.Errorf("%q is taken for an address: %+v", bad, p.Step)
		}
	}
	p = w.give(p, "", "address", "Anna@OLD.example")
	if p.Step.View.Nodes[1].TextField.Error.Key != "contact.same" {
		t.Errorf("the address in use: %+v", p.Step.View)
	}
	p = w.give(p, "", "address", "mine@thief.example")
	mine := b.sent("mine@thief.example")
	p = w.send(p, Submission{Inputs: map[string]string{"action": "other"}})
	p = w.give(p, "", "address", "anna@victim.example")
	if b.sent("anna@victim.example") != mine {
		if p = w.give(p, "", "code", mine); p.Answer != nil {
			t.Error("the code of one address proves another")
		}
	}
	// Five guesses use the code up.
	right := b.sent("anna@victim.example")
	for range 5 {
		wrong := "000000"
		if right == wrong {
			wrong = "111111"
		}
		p = w.give(p, "", "code", wrong)
	}
	if p = w.give(p, "", "code", right); p.Answer != nil {
		t.Error("the code is good after five guesses")
	}
	if c := b.claims(sub); c.Email != "Anna@old.example" {
		t.Errorf("the address is %s", c.Email)
	}
	o, err := b.d.Overview(t.Context(), w.Browser)
	must(t, err)
	if o.Cooling != (subscriber.Cooling{}) {
		t.Errorf("cooling off for nothing: %+v", o.Cooling)
	}
}

// Nobody is flooded with codes, however many flows are begun at once.
func TestCodesAreBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		b.customer("Anna", "password", "totp")
		w := b.browser()
		w.strong("Anna")
		var pages []*Page
		for range 8 {
			pages = append(pages, w.account(change(subscriber.Email)))
		}
		var wg sync.WaitGroup
		for _, p := range pages {
			wg.Go(func() {
				if _, err := b.d.Submit(t.Context(), p.Flow, w.Browser, Submission{Version: p.Version, Inputs: map[string]string{"address": "victim@example.org"}}); err != nil && !fault.Is(err, fault.Unavailable) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		committed := 0
		for _, p := range pages {
			now, err := b.d.Page(t.Context(), p.Flow, w.Browser)
			must(t, err)
			if now.Step != nil && now.Step.View.Title.Key == "contact.code.title" {
				committed++
			}
		}
		if committed != 3 {
			t.Errorf("%d codes in an hour", committed)
		}
		b.pass(time.Hour)
		w = b.browser()
		w.strong("Anna")
		if p := w.give(w.account(change(subscriber.Email)), "", "address", "victim@example.org"); p.Step.View.Title.Key != "contact.code.title" {
			t.Errorf("an hour later: %+v", p.Step.View)
		}
	})
}

func TestOperatorSetsAnAddress(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp")
	l := b.d.Life()
	if err := l.SetContact(t.Context(), "operator:a", sub, subscriber.Mobile, "333 1234567", true, "branch"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a number without its country: %v", err)
	}
	must(t, l.SetContact(t.Context(), "operator:a", sub, subscriber.Mobile, "0039 333 1234567", true, "branch"))
	if c := b.claims(sub); c.Phone != "+393331234567" {
		t.Errorf("claims: %+v", c)
	}
	must(t, b.d.Cancel(t.Context(), b.link("+39333000000"), b.browser().Browser))
	if c := b.claims(sub); c.Phone != "+39333000000" {
		t.Errorf("taken back: %+v", c)
	}
}

// Whoever has their codes sent elsewhere changed an address, whatever the page calls it.
func TestCodesThatGoElsewhereAreAChange(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp", "email-otp")
	b.customer("Bruno", "password", "totp")
	for _, name := range []string{"Anna", "Bruno"} {
		w := b.browser()
		w.strong(name)
		p := w.account(func(r *Request) { r.Bind = "email-otp" })
		if p = w.send(p, Submission{Inputs: map[string]string{"action": "bind"}}); p.Answer == nil {
			t.Fatalf("%s: bound: %+v", name, p.Step)
		}
		b.pass(time.Minute)
	}
	if n := len(b.links()); n != 2 { // Anna's two addresses; Bruno had none and added one
		t.Errorf("%d links", n)
	}
	s, err := b.store.SubscriberByID(t.Context(), b.store, sub)
	must(t, err)
	if s.Cooling.Reason != subscriber.CoolingEmail {
		t.Errorf("cooling off: %+v", s.Cooling)
	}
	must(t, b.d.Cancel(t.Context(), b.link("Anna@old.example"), b.browser().Browser))
	creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
	must(t, err)
	if len(creds) != 3 {
		t.Errorf("%d authenticators are left", len(creds))
	}
}
