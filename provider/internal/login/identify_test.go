package login_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/varco-id/varco/provider/internal/login"

	"golang.org/x/time/rate"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/passkey"
	"github.com/varco-id/varco/plugins/passkey/passkeytest"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// passkeys gives the bank a method that names the person, and lets everybody bind one at a login.
func passkeys(t *testing.T, b *bank) {
	t.Helper()
	p := passkey.New()
	must(t, p.Configure(t.Context(), sdk.Configuration{InstanceID: "passkey", Revision: "1"}))
	about, err := p.Describe(t.Context())
	must(t, err)
	b.plugins.plugins["passkey"] = p
	b.plugins.methods = append(b.plugins.methods, host.MethodRef{Ref: "passkey", Instance: "passkey", Method: about.Methods[0], Available: true})
	b.d.Policy.Levels[1].AnyOf = append(b.d.Policy.Levels[1].AnyOf, []string{"passkey"})
	b.d.Policy.BindAtLogin = append(b.d.Policy.BindAtLogin, "passkey")
}

func device() *passkeytest.Authenticator {
	return &passkeytest.Authenticator{Origin: "http://localhost", Flags: passkeytest.UserPresent | passkeytest.UserVerified}
}

func ceremony(t *testing.T, v sdk.View) []byte {
	t.Helper()
	i := slices.IndexFunc(v.Nodes, func(n sdk.Node) bool { return n.WebAuthn != nil })
	if i < 0 {
		t.Fatalf("no ceremony in %+v", v)
	}
	return v.Nodes[i].WebAuthn.Options
}

// key binds a passkey on the person's own page.
func (b *bank) key(name string) *passkeytest.Key {
	b.t.Helper()
	w := b.browser()
	w.signIn(name)
	p := w.account(func(r *Request) { r.Bind = "passkey" })
	if p.Step == nil || !p.Step.Binding {
		b.t.Fatalf("nothing is being bound: %+v", p)
	}
	k, answer, err := device().Create(ceremony(b.t, p.Step.View))
	must(b.t, err)
	if p = w.send(p, Submission{Inputs: map[string]string{"webauthn": answer}}); p.Answer == nil {
		b.t.Fatalf("not bound: %+v", p.Step)
	}
	return k
}

// present answers the page with a passkey: that of the step, or the one beside it.
func (w *browser) present(p *Page, a *passkeytest.Authenticator, k *passkeytest.Key) *Page {
	w.b.t.Helper()
	view, method := p.Step.View, ""
	if p.Step.Beside != nil {
		view, method = p.Step.Beside.View, p.Step.Beside.Method
	}
	answer, err := a.Get(ceremony(w.b.t, view), k)
	must(w.b.t, err)
	return w.send(p, Submission{Method: method, Inputs: map[string]string{"webauthn": answer}})
}

func TestPasskeyNamesThePerson(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bank) {
		passkeys(t, b)
		anna, mario := b.person("anna.rossi", false), b.person("mario.bianchi", true)
		keys := map[string]*passkeytest.Key{anna: b.key("anna.rossi")}
		for _, at := range []func(*Request){func(*Request) {}, sca} {
			w := b.browser()
			p := w.open(at)
			if p.Step.Method != "password" || !p.Step.AskName || p.Step.Beside == nil || p.Step.Beside.Method != "passkey" {
				t.Fatalf("shown %+v", p.Step)
			}
			if slices.ContainsFunc(p.Step.Others, func(o MethodOption) bool { return o.Method == "passkey" }) {
				t.Error("the passkey is there twice")
			}
			p = w.present(p, device(), keys[anna])
			if p.Answer == nil || p.Answer.Outcome.Subject != anna || p.Answer.Outcome.ACR != "urn:varco:sca" || !slices.Equal(p.Answer.Outcome.AMR, []string{"hwk", "user", "mfa"}) {
				t.Fatalf("after the passkey: %+v", p)
			}
		}
		// Somebody without one, on the page of its own.
		w := b.browser()
		p := w.send(w.open(sca), Submission{Action: ActionChoose, Method: "passkey"})
		if p.Step == nil || p.Step.AskName || p.Step.Name != "" {
			t.Fatalf("chosen: %+v", p)
		}
		stranger := *keys[anna]
		stranger.ID = []byte("nobody ever bound this credential")
		p = w.present(p, device(), &stranger)
		if p.Step == nil || p.Step.Notice.Code != NoticeWrong || p.Step.Identified {
			t.Fatalf("an unknown one: %+v", p)
		}
		// From there with the password, as somebody else.
		p = w.send(p, Submission{Action: ActionChoose, Method: "password"})
		if p = w.password(p, "mario.bianchi", annaPassword); p.Step == nil || p.Step.Method != "totp" {
			t.Fatalf("the password instead: %+v", p)
		}
		if p = w.code(p, b.totp()); p.Answer == nil || p.Answer.Outcome.Subject != mario {
			t.Fatalf("the code: %+v", p)
		}
	})
}

// A passkey that is unknown and one whose answer is wrong cannot be told apart: the same statements, calls and pages.
func TestUnknownPasskeysLookLikeWrongOnes(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	b.person("anna.rossi", false)
	known := b.key("anna.rossi")
	db := &countingDB{DB: b.store}
	b.d.DB = db
	seen := map[string]string{}
	for who, id := range map[string][]byte{"wrong": known.ID, "unknown": []byte("nobody ever bound this credential")} {
		k := *known
		k.ID = id
		a := device()
		a.Origin = "https://evil.example"
		w := b.browser()
		p := w.open(sca)
		calls := b.plugins.calls["continue"]
		db.statements.Store(0)
		p = w.present(p, a, &k)
		if n := db.statements.Load(); n != 2 {
			t.Errorf("%s: %d statements outside the transaction, want 2", who, n)
		}
		if n := b.plugins.calls["continue"] - calls; n != 2 {
			t.Errorf("%s: %d calls", who, n)
		}
		seen[who] = string(p.Step.Notice.Code) + " " + p.Step.Method + " " + p.Step.View.Nodes[0].Paragraph.Text.Key
	}
	if seen["wrong"] != seen["unknown"] || !strings.HasPrefix(seen["wrong"], NoticeWrong) {
		t.Errorf("%v", seen)
	}
}

// Failures with a passkey are those of the person who holds it, and keep nobody else out.
func TestPasskeyFailuresCountForTheirHolder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bank) {
		passkeys(t, b)
		b.person("anna.rossi", false)
		b.person("mario.bianchi", false)
		anna, mario := b.key("anna.rossi"), b.key("mario.bianchi")
		mine := b.browser()
		mine.present(mine.open(sca), device(), anna) // known to anna from now on
		wrong := device()
		wrong.Origin = "https://evil.example"
		for name, k := range map[string]*passkeytest.Key{"known": anna, "unknown": {ID: []byte("nobody ever bound this credential"), UserHandle: anna.UserHandle, Private: anna.Private}} {
			w := b.browser()
			var p *Page
			for range 5 {
				p = w.present(w.open(sca), wrong, k)
			}
			if p.Step == nil || p.Step.Notice.Code != NoticeBlocked {
				t.Fatalf("%s: after five failures: %+v", name, p.Step)
			}
			calls := b.plugins.calls["continue"]
			if p = w.present(w.open(sca), device(), k); p.Answer != nil || p.Step.Notice.Code != NoticeBlocked || b.plugins.calls["continue"] != calls+1 {
				t.Fatalf("%s: while blocked: %+v after %d calls", name, p, b.plugins.calls["continue"]-calls)
			}
		}
		w := b.browser()
		if p := w.password(w.open(), "anna.rossi", annaPassword); p.Answer != nil || p.Step.Notice.Code != NoticeBlocked {
			t.Errorf("her password while her passkey is blocked: %+v", p.Step)
		}
		if p := mine.present(mine.open(sca, func(r *Request) { r.Prompt = []string{"select_account"} }), device(), anna); p.Answer == nil {
			t.Errorf("in a browser she used before: %+v", p.Step)
		}
		if p := w.present(w.open(sca), device(), mario); p.Answer == nil {
			t.Errorf("somebody else: %+v", p.Step)
		}
	})
}

// The limit for strangers does not hold those who are known here, though who they are shows only in the passkey.
func TestStrangersLimitAndPasskeys(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	b.person("anna.rossi", false)
	k := b.key("anna.rossi")
	w := b.browser()
	w.present(w.open(sca), device(), k)
	b.d.Attempts = rate.NewLimiter(0, 0)
	again := func(r *Request) { r.Prompt = []string{"select_account"} }
	if p := w.present(w.open(sca, again), device(), k); p.Answer == nil {
		t.Errorf("known here: %+v", p.Step)
	}
	stranger := b.browser()
	p := stranger.open(sca)
	answer, err := device().Get(ceremony(t, p.Step.Beside.View), k)
	must(t, err)
	if _, err = b.d.Submit(t.Context(), p.Flow, stranger.Browser, Submission{Version: p.Version, Method: "passkey", Inputs: map[string]string{"webauthn": answer}}); !fault.Is(err, fault.Throttled) {
		t.Errorf("a stranger: %v", err)
	}
}

// A plugin that would let somebody in as whom it likes does not.
func TestPluginsThatLieAboutWhoItIs(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	victim := b.person("anna.rossi", false)
	b.person("mallory", false)
	b.key("anna.rossi")
	own := b.key("mallory")
	creds, err := b.store.CredentialsOf(t.Context(), b.store, victim)
	must(t, err)
	hers := creds[slices.IndexFunc(creds, func(c subscriber.Credential) bool { return c.Instance == "passkey" })]
	change := []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Handle: "made-up", Data: []byte("x")}}
	for name, lie := range map[string]func(*sdk.StepResponse){
		"says who it is, and asks nobody": func(r *sdk.StepResponse) {
			*r = sdk.StepResponse{Success: &sdk.Success{Subject: victim}, CredentialChanges: change}
		},
		"shows another's credential": func(r *sdk.StepResponse) {
			if r.Success != nil {
				r.Success.CredentialID, r.CredentialChanges = hers.ID, change
			}
		},
		"shows none": func(r *sdk.StepResponse) {
			if r.Success != nil {
				r.Success.CredentialID, r.CredentialChanges = "", change
			}
		},
		"asks again": func(r *sdk.StepResponse) { *r = sdk.StepResponse{Identify: &sdk.Identify{Handle: hers.Handle}} },
	} {
		b.plugins.lie = nil
		w := b.browser()
		p := w.open(sca)
		before := len(b.told("plugin.lied"))
		b.plugins.lie = lie
		if p = w.present(p, device(), own); p.Answer != nil || p.Step == nil || p.Step.Notice.Code != NoticeWrong {
			t.Errorf("%s: %+v", name, p)
		}
		if told := b.told("plugin.lied", "instance"); len(told) != before+1 || told[before] != "plugin.lied instance=passkey" {
			t.Errorf("%s: audited %q", name, told)
		}
	}
	now, err := b.store.CredentialsOf(t.Context(), b.store, victim)
	must(t, err)
	if len(now) != len(creds) {
		t.Error("a lie left a credential behind")
	}
}

// In a flow that knows its subject, another one's passkey opens nothing, whatever the relying party asked anew.
func TestAnothersPasskeyInAKnownFlow(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	anna := b.person("anna.rossi", false)
	b.person("mario.bianchi", false)
	hers, his := b.key("anna.rossi"), b.key("mario.bianchi")
	for name, again := range map[string]func(*Request){
		"prompt=login": func(r *Request) { r.Prompt = []string{"login"} },
		"max_age":      func(r *Request) { r.MaxAge = new(int64) },
		"step-up":      func(*Request) {},
	} {
		b.pass(24 * time.Hour)
		w := b.browser()
		w.signIn("anna.rossi")
		p := w.open(sca, again)
		if p.Step.Method != "passkey" {
			p = w.send(p, Submission{Action: ActionChoose, Method: "passkey"})
		}
		if p = w.present(p, device(), his); p.Answer != nil || p.Step.Notice.Code != NoticeWrong {
			t.Errorf("%s: his passkey: %+v", name, p)
		}
		if p = w.present(p, device(), hers); p.Answer == nil || p.Answer.Outcome.Subject != anna {
			t.Errorf("%s: hers: %+v", name, p.Step)
		}
	}
	// Nobody is signed in, but the relying party says whom it means (id_token_hint).
	w := b.browser()
	p := w.open(sca, func(r *Request) { r.SubjectHint = anna })
	if p = w.present(p, device(), his); p.Answer != nil {
		t.Errorf("somebody else than was meant: %+v", p.Answer)
	}
	if p = w.present(p, device(), hers); p.Answer == nil {
		t.Errorf("who was meant: %+v", p.Step)
	}
}

func TestBlockedHolderOfAPasskey(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	sub := b.person("anna.rossi", false)
	k := b.key("anna.rossi")
	s, err := b.store.SubscriberByID(t.Context(), b.store, sub)
	must(t, err)
	must(t, b.store.SetStatus(t.Context(), b.store, sub, subscriber.Blocked, "operator", b.now, s.Version))
	w := b.browser()
	if p := w.present(w.open(sca), device(), k); p.Refusal == nil || p.Refusal.Code != RefusalBlocked {
		t.Errorf("%+v", p)
	}
}

// The answer counts in the page it was asked on, once, and the page that asks for a name goes on meanwhile.
func TestBesideIsOfOnePage(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	b.person("anna.rossi", false)
	k := b.key("anna.rossi")
	w := b.browser()
	p := w.open()
	first := ceremony(t, p.Step.Beside.View)
	answer, err := device().Get(first, k)
	must(t, err)
	if p = w.password(p, "anna.rossi", "wrong wrong wrong"); p.Step == nil || p.Step.Beside == nil || string(ceremony(t, p.Step.Beside.View)) != string(first) {
		t.Fatalf("after a wrong password: %+v", p.Step)
	}
	other := b.browser()
	q := other.open()
	if q = other.send(q, Submission{Method: "passkey", Inputs: map[string]string{"webauthn": answer}}); q.Answer != nil {
		t.Fatal("an answer of another page")
	}
	if q = other.send(q, Submission{Inputs: map[string]string{"webauthn": answer}}); q.Answer != nil {
		t.Fatal("an answer of another page, again")
	}
	if p = w.send(p, Submission{Method: "passkey", Inputs: map[string]string{"webauthn": answer}}); p.Answer == nil {
		t.Fatalf("shown %+v", p.Step)
	}
	b.plugins.setAvailable("passkey", false)
	if p = b.browser().open(); p.Step == nil || p.Step.Beside != nil {
		t.Errorf("offered while the plugin is down: %+v", p.Step)
	}
}

// What names the person fails or misbehaves: the page with the name is there all the same, and nothing of it is taken over.
func TestWhatStandsBesideTakesNothingAway(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	b.person("anna.rossi", false)
	for name, lie := range map[string]func(*sdk.StepResponse){
		"not here": func(r *sdk.StepResponse) { *r = sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}} },
		"a form": func(r *sdk.StepResponse) {
			r.Challenge = &sdk.Challenge{View: sdk.Screen(sdk.T("passkey.login.title"))}
		},
		"an effect": func(r *sdk.StepResponse) { r.Effects = []sdk.Effect{{IdempotencyKey: "k", Channel: "sms"}} },
	} {
		b.plugins.lie = func(r *sdk.StepResponse) { lie(r); b.plugins.lie = nil }
		w := b.browser()
		p := w.open()
		if p.Step == nil || p.Step.Beside != nil || !p.Step.AskName || len(b.outbox.messages) > 0 {
			t.Fatalf("%s: %+v", name, p.Step)
		}
		if p = w.password(p, "anna.rossi", annaPassword); p.Answer == nil {
			t.Errorf("%s: %+v", name, p.Step)
		}
	}
}

// A credential id belongs to one person (WebAuthn section 7.1).
func TestHandleOfAnother(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	passkeys(t, b)
	b.person("anna.rossi", false)
	mallory := b.person("mallory", false)
	hers := b.key("anna.rossi")
	w := b.browser()
	w.signIn("mallory")
	p := w.account(func(r *Request) { r.Bind = "passkey" })
	mine, _, err := device().Create(ceremony(t, p.Step.View))
	must(t, err)
	mine.ID = hers.ID
	answer, err := device().Register(ceremony(t, p.Step.View), mine)
	must(t, err)
	if p = w.send(p, Submission{Inputs: map[string]string{"webauthn": answer}}); p.Answer != nil {
		t.Fatalf("bound: %+v", p.Answer)
	}
	creds, err := b.store.CredentialsOf(t.Context(), b.store, mallory)
	must(t, err)
	if len(creds) != 1 {
		t.Errorf("%d credentials", len(creds))
	}
}

// A handle that no credential can have ends the step; it does not reach the database.
func TestHandlesThatCannotBe(t *testing.T) {
	t.Parallel()
	b := postgresBank(t)
	passkeys(t, b)
	for _, handle := range []string{"nul\x00", "\xff"} {
		b.plugins.lie = nil
		w := b.browser()
		p := w.open(sca)
		b.plugins.lie = func(r *sdk.StepResponse) { *r = sdk.StepResponse{Identify: &sdk.Identify{Handle: handle}} }
		if _, err := b.d.Submit(context.Background(), p.Flow, w.Browser, Submission{Version: p.Version, Method: "passkey"}); !fault.Is(err, fault.Denied) {
			t.Errorf("%q: %v", handle, err)
		}
	}
}
