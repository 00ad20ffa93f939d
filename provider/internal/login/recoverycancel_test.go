package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

func TestCancelledContactChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		sub := b.customer("Anna", "password", "totp", "email-otp")
		thief := b.browser() // who has the password and the app
		thief.strong("Anna")
		thief.moves(subscriber.Email, "thief@example.org")
		token := b.link("Anna@old.example")
		thief.moves(subscriber.Mobile, "+391112223334")
		// …and binds an app of their own.
		p := thief.account(bindTOTP)
		if p.Step.Binding {
			thief.code(p, codeOf(t, shownSecret(t, p), b.clock()))
		} else {
			t.Fatalf("binding: %+v", p.Step)
		}

		info, err := b.d.Cancellable(t.Context(), token)
		must(t, err)
		if info.Kind != subscriber.ChangedEmail {
			t.Errorf("the link is about %+v", info)
		}
		if c := b.claims(sub); c.Email != "thief@example.org" {
			t.Fatal("looking at the link did something")
		}
		must(t, b.d.Cancel(t.Context(), token, b.browser().Browser))
		if c := b.claims(sub); c.Email != "Anna@old.example" || !c.Verified || c.Phone != "+39333000000" {
			t.Errorf("after taking it back: %+v", c)
		}
		creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
		must(t, err)
		if len(creds) != 3 {
			t.Errorf("%d authenticators are left: %+v", len(creds), creds)
		}
		if _, err := b.d.Overview(t.Context(), thief.Browser); !fault.Is(err, fault.Denied) {
			t.Errorf("the thief is signed in: %v", err)
		}
		again := b.browser()
		if p := again.password(again.open(sca), "Anna", annaPassword); p.Refusal == nil || p.Refusal.Code != RefusalContested {
			t.Errorf("signing in: %+v", p)
		}
		for name, old := range map[string]string{"again": token, "the later change": b.link("thief@example.org")} {
			if err := b.d.Cancel(t.Context(), old, b.browser().Browser); !fault.Is(err, fault.Expired) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, to := range []string{"Anna@old.example", "+39333000000", "thief@example.org"} {
			if !slices.ContainsFunc(b.outbox.messages, func(m delivery.Message) bool {
				return m.To == to && strings.HasPrefix(m.Template, string(delivery.AlertCancelled))
			}) {
				t.Errorf("%s is not told", to)
			}
		}

		// The way back is recovery, with something the thief has not; and nobody can undo that by a link.
		b.pass(31 * time.Second)
		links := len(b.links())
		if p := b.browser().forgotPassword("Anna"); p.Answer == nil {
			t.Fatalf("recovering: %+v", p)
		}
		if len(b.links()) != links {
			t.Error("what lifted the block can be taken back")
		}
		fresh := b.browser()
		if p := fresh.password(fresh.open(), "Anna", newPassword); p.Answer == nil {
			t.Errorf("signing in after it: %+v", p)
		}
	})
}

func (b *bank) links() (out []string) {
	for _, m := range b.outbox.messages {
		if m.Params["link"] != "" {
			out = append(out, m.Params["link"])
		}
	}
	return out
}

func TestCancelledRecovery(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		sub := b.customer("Anna", "password", "totp", "email-otp", "sms-otp")
		thief := b.browser()
		p := thief.password(thief.recover("totp"), "Anna", annaPassword)
		p = thief.give(thief.give(p, "", "code", mailedCode), "", "code", mailedCode)
		if p = thief.code(p, codeOf(t, shownSecret(t, p), b.clock())); p.Answer == nil {
			t.Fatalf("recovered: %+v", p)
		}
		b.pass(time.Minute)
		if q := b.browser(); q.give(q.recover("password"), "Anna", "code", b.totp()).Step.Method != "totp" {
			t.Error("the app that was replaced still proves something")
		}
		must(t, b.d.Cancel(t.Context(), b.link("+39333000000"), b.browser().Browser))
		creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
		must(t, err)
		if len(creds) != 4 {
			t.Fatalf("%d authenticators", len(creds))
		}
		// The app that was replaced works again, for a recovery that lifts the block.
		if p := b.browser().forgotPassword("Anna"); p.Answer == nil {
			t.Errorf("with the old app: %+v", p)
		}
	})
}

// Of a password that was replaced the old one comes back.
func TestCancelBringsTheOldPasswordBack(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp", "email-otp")
	b.browser().forgotPassword("Anna")
	token := b.link("Anna@old.example")
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 6 {
		wg.Go(func() {
			if err := b.d.Cancel(t.Context(), token, b.browser().Browser); err == nil {
				mu.Lock()
				defer mu.Unlock()
				won++
			} else if !fault.Is(err, fault.Expired) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("taken back %d times", won)
	}
	s, err := b.store.SubscriberByID(t.Context(), b.store, sub)
	must(t, err)
	if s.Status != subscriber.Blocked || s.BlockedReason != subscriber.ReasonContested {
		t.Fatalf("status %s %s", s.Status, s.BlockedReason)
	}
	must(t, b.store.SetStatus(t.Context(), b.store, sub, subscriber.Active, "", b.clock(), s.Version))
	w := b.browser()
	if p := w.password(w.open(), "Anna", annaPassword); p.Answer == nil {
		t.Errorf("the old password: %+v", p.Step)
	}
	w = b.browser()
	if p := w.password(w.open(), "Anna", newPassword); p.Answer != nil {
		t.Error("the password that was taken back signs in")
	}
}

func TestCancelLinksThatAreNone(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password", "totp", "email-otp")
	b.browser().forgotPassword("Anna")
	token := b.link("Anna@old.example")
	flipped := token[:43] + map[bool]string{true: "B", false: "A"}[token[43] == 'A']
	altered := map[bool]string{true: "B", false: "A"}[token[0] == 'A'] + token[1:]
	for name, bad := range map[string]string{"empty": "", "short": token[:20], "altered": altered, "another MAC": flipped, "longer": token + "A"} {
		if _, err := b.d.Cancellable(t.Context(), bad); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if err := b.d.Cancel(t.Context(), bad, b.browser().Browser); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.pass(24 * time.Hour)
	if err := b.d.Cancel(t.Context(), token, b.browser().Browser); !fault.Is(err, fault.Expired) {
		t.Errorf("a day later: %v", err)
	}
}

// A block of the bank's own stays one: taking a change back must not turn it into one that recovery lifts.
func TestCancelKeepsTheBanksBlock(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp", "email-otp")
	b.browser().forgotPassword("Anna")
	s, err := b.store.SubscriberByID(t.Context(), b.store, sub)
	must(t, err)
	must(t, b.store.SetStatus(t.Context(), b.store, sub, subscriber.Blocked, "phone stolen", b.clock(), s.Version))
	must(t, b.d.Cancel(t.Context(), b.link("Anna@old.example"), b.browser().Browser))
	s, err = b.store.SubscriberByID(t.Context(), b.store, sub)
	must(t, err)
	if s.BlockedReason != "phone stolen" {
		t.Errorf("blocked because of %q", s.BlockedReason)
	}
}
