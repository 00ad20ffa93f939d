package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		sub := b.customer("Anna", "password", "totp", "email-otp")
		thief := b.browser()
		thief.signIn("Anna")
		halfway := b.browser()
		open := halfway.password(halfway.open(sca), "Anna", annaPassword)
		b.pass(time.Second)

		w := b.browser()
		p := w.recover("password")
		if p.Step == nil || p.Step.Method != "totp" || !p.Step.AskName {
			t.Fatalf("begins with %+v", p.Step)
		}
		p = w.give(p, "Anna", "code", b.totp())
		if p.Step == nil || p.Step.Method != "email-otp" || p.Step.AskName {
			t.Fatalf("after the app: %+v", p)
		}
		p = w.give(p, "", "code", mailedCode)
		if p.Step == nil || !p.Step.Binding || p.Step.Method != "password" {
			t.Fatalf("after the mail: %+v", p)
		}
		if slices.ContainsFunc(p.Step.View.Nodes, func(n sdk.Node) bool { return n.TextField != nil && n.TextField.Name == "current" }) {
			t.Fatal("whoever forgot the password is asked for it")
		}
		p = w.give(p, "", "new_password", newPassword)
		if p.Answer == nil || p.Answer.Session != "" || p.Answer.Code != "" {
			t.Fatalf("recovered: %+v", p)
		}

		if _, err := b.d.Overview(t.Context(), thief.Browser); !fault.Is(err, fault.Denied) {
			t.Errorf("the old session lives: %v", err)
		}
		b.pass(31 * time.Second)
		if q := halfway.code(open, b.totp()); q.Answer != nil {
			t.Error("a login that had begun with the old password was completed")
		}
		if q := b.browser(); q.password(q.open(), "Anna", annaPassword).Answer != nil {
			t.Error("the old password signs in")
		}
		again := b.browser()
		if q := again.password(again.open(), "Anna", newPassword); q.Answer == nil {
			t.Errorf("the new password: %+v", q.Step)
		}
		for _, to := range []string{"Anna@old.example", "+39333000000"} {
			if b.link(to) == "" {
				t.Errorf("%s is not told", to)
			}
		}
		s, err := b.store.SubscriberByID(t.Context(), b.store, sub)
		must(t, err)
		if c := s.Cooling.At(b.clock()); c.Reason != subscriber.CoolingRecovery || !c.Until.After(b.clock().Add(23*time.Hour)) {
			t.Errorf("cooling off: %+v", s.Cooling)
		}
		if c := s.Cooling.At(b.clock().Add(24 * time.Hour)); c != (subscriber.Cooling{}) {
			t.Errorf("a day later: %+v", c)
		}
	})
}

// Whoever wants an account without its password must have more than one thing of it.
func TestOneThingIsNotEnough(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password", "totp", "email-otp", "sms-otp")
	b.customer("Bruno", "password", "email-otp", "sms-otp")
	methods := func(p *Page) (out []string) {
		for _, o := range p.Step.Others {
			out = append(out, o.Method)
		}
		return append(out, p.Step.Method)
	}
	w := b.browser()
	p := w.recover("password")
	for _, m := range []string{"email-otp", "sms-otp"} {
		if slices.Contains(methods(p), m) {
			t.Errorf("%s is offered to somebody who only gave a name", m)
		}
		if q := w.choose(p, m); q.Step != nil && q.Step.Method == m {
			t.Errorf("%s can be chosen by somebody who only gave a name", m)
		}
	}
	if len(b.outbox.messages) != 0 {
		t.Errorf("messages went out: %+v", b.outbox.messages)
	}
	// An app alone leads on to something else, and never to the new password.
	p = w.give(w.recover("password"), "Anna", "code", b.totp())
	if p.Step == nil || p.Step.Binding {
		t.Fatalf("after the app alone: %+v", p)
	}
	// The app is lost: password, mail and mobile together; each is asked.
	w = b.browser()
	p = w.recover("totp")
	if p.Step.Method != "password" {
		t.Fatalf("a lost app begins with %s", p.Step.Method)
	}
	p = w.password(p, "Bruno", annaPassword)
	for range 2 {
		if p.Step == nil || p.Step.Binding {
			t.Fatalf("before both codes: %+v", p)
		}
		p = w.give(p, "", "code", mailedCode)
	}
	if p.Step == nil || !p.Step.Binding || p.Step.Method != "totp" {
		t.Fatalf("after all three: %+v", p)
	}
}

// A session is no proof: whoever holds a stolen one must not turn it into the account.
func TestASessionProvesNothingInARecovery(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password", "totp", "email-otp")
	w := b.browser()
	w.code(w.password(w.open(sca), "Anna", annaPassword), b.totp())
	b.pass(31 * time.Second)
	p := w.recover("password")
	if p.Step == nil || !p.Step.AskName || p.Step.Identified {
		t.Fatalf("with a session: %+v", p.Step)
	}
}

// A name that is nobody's goes the same way as one that is somebody's, to the letter.
func TestRecoveryTellsNobodyWhichNamesExist(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password", "totp", "email-otp")
	b.customer("Bruno", "password")
	db := &countingDB{DB: b.store}
	b.d.DB = db
	for _, method := range []string{"totp", policy.Ticket} {
		seen := map[string]string{}
		for _, name := range []string{"Anna", "Bruno", "Nobody"} {
			w := b.browser()
			p := w.recover("password")
			if method != p.Step.Method {
				p = w.choose(p, method)
			}
			field := map[string]string{"totp": "code", policy.Ticket: "ticket"}[method]
			db.statements.Store(0)
			p = w.give(p, name, field, "123456")
			raw, err := json.Marshal(struct {
				Step       *StepPage
				Statements int64
			}{p.Step, db.statements.Load()})
			must(t, err)
			seen[strings.ReplaceAll(string(raw), name, "NAME")] += name
		}
		if len(seen) != 1 {
			t.Errorf("%s: names differ: %v", method, seen)
		}
	}
	if len(b.outbox.messages) != 0 {
		t.Errorf("messages: %+v", b.outbox.messages)
	}
}

// The failures of a recovery and of a login are one count.
func TestRecoverySharesTheThrottle(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password", "totp", "email-otp")
	for i := range 5 {
		w := b.browser()
		if i%2 == 0 {
			w.password(w.open(), "Anna", "wrong")
			continue
		}
		w.give(w.recover("password"), "Anna", "code", "000000")
	}
	w := b.browser()
	if p := w.give(w.recover("password"), "Anna", "code", b.totp()); p.Step == nil || p.Step.Notice.Code != NoticeBlocked {
		t.Errorf("after five failures over both: %+v", p.Step)
	}
	q := b.browser()
	if p := q.password(q.open(), "Anna", annaPassword); p.Step == nil || p.Step.Notice.Code != NoticeBlocked {
		t.Errorf("and signing in: %+v", p.Step)
	}
}

// Of two recoveries at once one replaces the password; the other must prove everything anew.
func TestParallelRecoveries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		b.customer("Anna", "password", "totp", "email-otp")
		ready := func() (*browser, *Page) {
			w := b.browser()
			p := w.give(w.recover("password"), "Anna", "code", b.totp())
			b.pass(31 * time.Second)
			return w, w.give(p, "", "code", mailedCode)
		}
		w1, p1 := ready()
		w2, p2 := ready()
		var mu sync.Mutex
		done := 0
		var wg sync.WaitGroup
		for i, w := range []*browser{w1, w2} {
			wg.Go(func() {
				p := []*Page{p1, p2}[i]
				next, err := b.d.Submit(t.Context(), p.Flow, w.Browser, Submission{Version: p.Version, Inputs: map[string]string{"new_password": newPassword + string(rune('a'+i))}})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if next.Answer != nil {
					done++
				}
			})
		}
		wg.Wait()
		if done != 1 {
			t.Errorf("%d recoveries were completed", done)
		}
	})
}

func TestRecoveryOfWhatCannotBeBound(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	for _, method := range []string{policy.Ticket, policy.Contact, "nothing"} {
		_, err := b.d.Start(t.Context(), Request{Client: AccountClient, Recover: method}, b.browser().Browser)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// A block of the bank's own is not lifted by recovering.
func TestBlockedPeopleDoNotRecover(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp", "email-otp")
	must(t, b.store.SetStatus(t.Context(), b.store, sub, subscriber.Blocked, "phone stolen", b.now, 1))
	w := b.browser()
	if p := w.give(w.recover("password"), "Anna", "code", b.totp()); p.Refusal == nil || p.Refusal.Code != RefusalBlocked {
		t.Errorf("got %+v", p)
	}
}

func (b *bank) shown(sub string) (kinds []string) {
	b.t.Helper()
	list, err := b.store.EventsOf(b.t.Context(), b.store, sub, "", 100)
	must(b.t, err)
	for _, e := range list {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestHistory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		sub := b.customer("Anna", "password", "totp", "email-otp")
		w := b.browser()
		w.signIn("Anna")
		w.password(w.open(func(r *Request) { r.Prompt = []string{"login"} }), "Anna", "wrong")
		b.pass(time.Second)
		b.browser().forgotPassword("Anna")
		want := []string{string(audit.LoginCompleted), string(audit.LoginStepFailed), EventMessage, string(audit.CredentialChanged), string(audit.AccountRecovered), EventMessage, EventMessage}
		if got := b.shown(sub); !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("events %v, want %v", got, want)
		}
		w = b.browser()
		w.password(w.open(), "Anna", newPassword)
		o, err := b.d.Overview(t.Context(), w.Browser)
		must(t, err)
		if len(o.Events) != 5 || o.Events[0].Kind != string(audit.LoginCompleted) || o.Cooling.Reason != subscriber.CoolingRecovery || len(o.Contacts) != 2 || o.Contacts[0].Masked != "A•••@old.example" {
			t.Errorf("overview: %+v", o)
		}
		page, more, err := b.d.Events(t.Context(), w.Browser, "")
		must(t, err)
		if more || len(page) != 8 {
			t.Errorf("%d events, more %v", len(page), more)
		}
		if _, _, err := b.d.Events(t.Context(), b.browser().Browser, ""); !fault.Is(err, fault.Denied) {
			t.Errorf("somebody not signed in: %v", err)
		}
	})
}
