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

func TestRemindNames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		b.customer("Anna", "password")
		b.customer("Bruno", "password") // the same mobile
		ask := func(to string) {
			t.Helper()
			must(t, b.d.RemindNames(t.Context(), to, b.browser().Browser))
		}
		ask("anna@OLD.example")
		m := b.outbox.messages
		if len(m) != 1 || m[0].To != "anna@OLD.example" || m[0].Params["names"] != "Anna" {
			t.Fatalf("messages: %+v", m)
		}
		ask("+39 333 000000")
		if m = b.outbox.messages; len(m) != 2 || m[1].Params["names"] != "Anna\nBruno" || m[1].Channel != delivery.SMS {
			t.Fatalf("messages: %+v", m)
		}
		ask("nobody@example.org")
		if m = b.outbox.messages; len(m) != 3 || m[2].To != "" || m[2].Subject != "" {
			t.Fatalf("for nobody: %+v", m)
		}
		for range 10 {
			ask("anna@old.example")
		}
		if n := len(b.outbox.messages); n != 5 {
			t.Errorf("%d messages: an address gets three an hour", n)
		}
		if err := b.d.RemindNames(t.Context(), "not an address", b.browser().Browser); !fault.Is(err, fault.Invalid) {
			t.Errorf("no address: %v", err)
		}
	})
}

// An address that nobody proved leads to no name, and neither does one that was given up.
func TestOnlyProvenAddressesLeadToNames(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp")
	must(t, b.d.Life().SetContact(t.Context(), "a", sub, subscriber.Email, "typo@example.org", false, "told by telephone"))
	b.outbox.messages = nil
	for _, to := range []string{"anna@old.example", "typo@example.org"} {
		must(t, b.d.RemindNames(t.Context(), to, b.browser().Browser))
	}
	for _, m := range b.outbox.messages {
		if m.To != "" {
			t.Errorf("a message to %s", m.To)
		}
	}
}

func TestRemindNamesTakesTheSameStatements(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	b.customer("Anna", "password")
	db := &countingDB{DB: b.store}
	b.d.Life().DB = db
	seen := map[int64][]string{}
	for _, to := range []string{"anna@old.example", "nobody@example.org"} {
		db.statements.Store(0)
		must(t, b.d.RemindNames(t.Context(), to, b.browser().Browser))
		seen[db.statements.Load()] = append(seen[db.statements.Load()], to)
	}
	if len(seen) != 1 {
		t.Errorf("statements differ: %v", seen)
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
