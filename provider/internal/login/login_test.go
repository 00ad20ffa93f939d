package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"errors"
	"slices"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

func TestPasswordLogin(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	anna := b.person("anna.rossi", false)
	w := b.browser()
	p := w.open()
	if p.Step == nil || !p.Step.AskName || p.Step.Method != "password" || b.plugins.calls["begin"] != 0 {
		t.Fatalf("the first page is %+v after %v plugin calls", p.Step, b.plugins.calls)
	}
	done := w.password(p, "ANNA.Rossi", annaPassword)
	a := done.Answer
	if a == nil || a.Outcome.Subject != anna || a.Outcome.ACR != "urn:varco:1fa" || !slices.Equal(a.Outcome.AMR, []string{"pwd"}) ||
		!a.Outcome.AuthTime.Equal(b.now) || a.Outcome.Nonce != "n" || a.Session == "" || a.Code == "" {
		t.Fatalf("answer: %+v", a)
	}

	t.Run("a repeated answer changes nothing and gets the same code", func(t *testing.T) {
		again, err := b.d.Submit(t.Context(), p.Flow, w.Browser, Submission{Version: p.Version, Name: "anna.rossi", Inputs: map[string]string{"password": "something else"}})
		must(t, err)
		if again.Answer == nil || again.Answer.Code != a.Code || again.Answer.Session != a.Session {
			t.Fatalf("got %+v", again)
		}
		shown, err := b.d.Page(t.Context(), p.Flow, w.Browser)
		must(t, err)
		if shown.Answer == nil || shown.Answer.Code != a.Code || b.plugins.calls["continue"] != 1 {
			t.Fatalf("got %+v after %v", shown, b.plugins.calls)
		}
	})
	t.Run("another browser sees nothing of it", func(t *testing.T) {
		thief := b.browser()
		if _, err := b.d.Page(t.Context(), p.Flow, thief.Browser); !fault.Is(err, fault.NotFound) {
			t.Fatalf("page: %v", err)
		}
		if _, err := b.d.Submit(t.Context(), p.Flow, thief.Browser, Submission{Version: p.Version}); !fault.Is(err, fault.NotFound) {
			t.Fatalf("submit: %v", err)
		}
	})
	t.Run("once redeemed, the code is not shown again", func(t *testing.T) {
		must(t, b.store.InTx(t.Context(), func(q tx.Q) error {
			_, err := b.store.Redeem(t.Context(), q, grant.Redemption{Flow: p.Flow, CodeHash: CodeHash(a.Code), Client: "bank",
				RedirectURI: "https://bank.example/cb", Challenge: a.Request.Challenge, Now: b.now,
				Grant: grant.Grant{ID: "g", CreatedAt: b.now, ExpiresAt: b.now.Add(time.Hour)}})
			return err
		}))
		shown, err := b.d.Page(t.Context(), p.Flow, w.Browser)
		must(t, err)
		if shown.Answer != nil || shown.Refusal == nil || shown.Refusal.Code != RefusalRedeemed {
			t.Fatalf("got %+v", shown)
		}
	})
	t.Run("a flow ends", func(t *testing.T) {
		b.pass(7 * time.Hour)
		if _, err := b.d.Page(t.Context(), p.Flow, w.Browser); !fault.Is(err, fault.Expired) {
			t.Fatalf("page: %v", err)
		}
	})
}

// Unknown names, wrong passwords, names that cannot be names and blocked people get the same page.
func TestNobodyLearnsWhoExists(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", true)
	blocked := b.person("carla.verdi", false)
	must(t, b.store.SetStatus(t.Context(), b.store, blocked, subscriber.Blocked, "operator", b.now, 1))
	pages := map[string]*Page{}
	for who, name := range map[string]string{"known": "anna.rossi", "unknown": "nobody", "blocked": "carla.verdi", "not a name": "a b\x00c", "empty": ""} {
		w := b.browser()
		w.Address = "198.51.100." + who[:1]
		before := b.plugins.calls["continue"]
		p := w.password(w.open(sca), name, "wrong wrong wrong")
		if b.plugins.calls["continue"] != before+1 {
			t.Errorf("%s: the plugin, and so the password hash, was not asked", who)
		}
		p.Step.Name, p.Flow = "", ""
		pages[who] = p
	}
	for who, p := range pages {
		want := pages["known"]
		if p.Step == nil || p.Step.Notice.Code != NoticeWrong || !p.Step.AskName || p.Version != want.Version ||
			len(p.Step.Others) != len(want.Step.Others) || p.Step.Identified || p.Step.Method != want.Step.Method {
			t.Errorf("%s sees %+v, known sees %+v", who, p.Step, want.Step)
		}
	}
}

func TestFiveFailuresBlock(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"anna.rossi", "nobody"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sqliteBank(t)
			b.person("anna.rossi", false)
			known := b.browser()
			known.signIn("anna.rossi")

			w := b.browser()
			p := w.open()
			var notices []string
			for range 6 {
				p = w.password(p, name, "wrong wrong wrong")
				notices = append(notices, p.Step.Notice.Code)
			}
			want := []string{NoticeWrong, NoticeWrong, NoticeWrong, NoticeLastTry, NoticeBlocked, NoticeBlocked}
			if !slices.Equal(notices, want) {
				t.Fatalf("notices %v, want %v", notices, want)
			}
			calls := b.plugins.calls["continue"]
			if p = w.password(p, name, annaPassword); p.Answer != nil || p.Step.Notice.Params["minutes"] == "" || b.plugins.calls["continue"] != calls {
				t.Fatalf("the right password while blocked: %+v", p)
			}
			if again := known.password(known.open(func(r *Request) { r.Prompt = []string{"login"} }), "", annaPassword); again.Answer == nil {
				t.Fatalf("a stranger's failures keep a known browser out: %+v", again.Step)
			}
			b.pass(16 * time.Minute)
			w = b.browser()
			if p = w.password(w.open(), "anna.rossi", annaPassword); p.Answer == nil {
				t.Fatalf("the block does not end: %+v", p.Step)
			}
		})
	}
}

// Somebody who knows the password and guesses the second factor is no stranger: in the end the block lasts, after a
// warning, and the way back is an operator.
func TestGuessingTheSecondFactorBlocksForGood(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	sub := b.person("mario.bianchi", true)
	warned := false
	for range 3 {
		w := b.browser()
		p := w.password(w.open(sca), "mario.bianchi", annaPassword)
		for range 5 {
			warned = warned || (p.Step != nil && p.Step.Notice.Code == NoticeLastingNext)
			if p = w.code(p, "000000"); p.Refusal != nil {
				break
			}
		}
		b.pass(25 * time.Hour)
	}
	s, err := b.store.SubscriberByID(t.Context(), b.store, sub)
	must(t, err)
	if s.Status != subscriber.Blocked || !warned {
		t.Fatalf("status %s, warned %v", s.Status, warned)
	}
	if !slices.ContainsFunc(b.outbox.messages, func(m delivery.Message) bool { return m.Template == string(delivery.NoticeBlocked) }) {
		t.Fatal("the person is not told")
	}
	w := b.browser()
	if p := w.password(w.open(), "mario.bianchi", annaPassword); p.Refusal == nil || p.Refusal.Code != RefusalBlocked {
		t.Fatalf("the right password while blocked for good: %+v", p)
	}
	must(t, b.store.SetStatus(t.Context(), b.store, sub, subscriber.Active, "", b.now, s.Version))
	w = b.browser()
	if p := w.password(w.open(), "mario.bianchi", annaPassword); p.Answer == nil {
		t.Fatalf("after unblocking: %+v", p)
	}
}

func TestStepUp(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	w := b.browser()
	first := w.signIn("mario.bianchi")
	b.pass(time.Minute)
	p := w.open(sca)
	if p.Step == nil || p.Step.Method != "totp" || p.Step.AskName || p.Step.Notice.Code != NoticeStepUp {
		t.Fatalf("step-up asks %+v", p.Step)
	}
	done := w.code(p, b.totp())
	o := done.Answer.Outcome
	if o.ACR != "urn:varco:sca" || !slices.Equal(o.AMR, []string{"pwd", "otp", "mfa"}) || o.Session != first.Answer.Outcome.Session || !o.AuthTime.Equal(b.now) {
		t.Fatalf("outcome %+v", o)
	}
	if sso := w.open(func(r *Request) { r.ACRValues = []string{"urn:varco:1fa"} }); sso.Answer == nil || sso.Answer.Outcome.ACR != "urn:varco:1fa" {
		t.Fatalf("the acr asked for is not the one answered: %+v", sso.Answer)
	}
	if sso := w.open(func(r *Request) { r.Client = "vault" }); sso.Answer == nil || sso.Answer.Outcome.ACR != "urn:varco:sca" {
		t.Fatalf("a relying party's minimum: %+v", sso)
	}
}

func TestSessionRules(t *testing.T) {
	t.Parallel()
	maxAge := func(s int64) func(*Request) { return func(r *Request) { r.MaxAge = &s } }
	prompt := func(v ...string) func(*Request) { return func(r *Request) { r.Prompt = v } }
	for name, c := range map[string]struct {
		pass   time.Duration
		change func(*Request)
		want   string // "answer", "password", "name" or an OAuth error
	}{
		"single sign-on":                         {time.Minute, prompt(), "answer"},
		"prompt=none with a session":             {time.Minute, prompt("none"), "answer"},
		"prompt=login asks the same person":      {time.Minute, prompt("login"), "password"},
		"prompt=select_account asks who":         {time.Minute, prompt("select_account"), "name"},
		"max_age passed":                         {time.Minute, maxAge(30), "password"},
		"max_age=0 always asks":                  {0, maxAge(0), "password"},
		"max_age not passed":                     {time.Minute, maxAge(90), "answer"},
		"max_age passed and prompt=none":         {time.Minute, func(r *Request) { maxAge(30)(r); prompt("none")(r) }, CodeLoginRequired},
		"inactivity ends the session":            {6 * time.Minute, prompt(), "name"},
		"inactivity and prompt=none":             {6 * time.Minute, prompt("none"), CodeLoginRequired},
		"a hint at somebody else":                {time.Minute, func(r *Request) { r.SubjectHint = "somebody" }, "name"},
		"a hint at somebody else, prompt=none":   {time.Minute, func(r *Request) { r.SubjectHint = "somebody"; r.Prompt = []string{"none"} }, CodeLoginRequired},
		"essential acr that does not exist":      {time.Minute, func(r *Request) { r.ACRValues, r.ACREssential = []string{"x"}, true }, CodeUnmetAuthentication},
		"consent is missing and prompt=none":     {time.Minute, func(r *Request) { r.Client = "third"; r.Prompt = []string{"none"} }, CodeConsentRequired},
		"a second factor is needed, prompt=none": {time.Minute, func(r *Request) { sca(r); r.Prompt = []string{"none"} }, CodeLoginRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sqliteBank(t)
			b.person("mario.bianchi", true)
			w := b.browser()
			w.signIn("mario.bianchi")
			b.pass(c.pass)
			p, err := w.start(c.change)
			got := ""
			var oauth *OAuthError
			switch {
			case errors.As(err, &oauth):
				got = oauth.Code
			case err != nil:
				t.Fatal(err)
			case p.Answer != nil:
				got = "answer"
			case p.Step != nil && p.Step.AskName:
				got = "name"
			case p.Step != nil:
				got = p.Step.Method
			}
			if got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestReauthenticationMovesAuthTime(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	first := w.signIn("anna.rossi")
	b.pass(2 * time.Minute)
	again := w.password(w.open(func(r *Request) { r.Prompt = []string{"login"} }), "", annaPassword)
	if !again.Answer.Outcome.AuthTime.Equal(first.Answer.Outcome.AuthTime.Add(2 * time.Minute)) {
		t.Fatalf("auth_time %v", again.Answer.Outcome.AuthTime)
	}
	if again.Answer.Outcome.Session != first.Answer.Outcome.Session {
		t.Fatal("the same person's session was replaced")
	}
}

// A session that was ended while a page stood open counts for nothing when the page is answered.
func TestEndedSessionDoesNotComeBack(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	w := b.browser()
	first := w.signIn("mario.bianchi")
	p := w.open(sca)
	must(t, b.store.EndSession(t.Context(), b.store, first.Answer.Outcome.Session, b.now))
	if next := w.code(p, b.totp()); next.Answer != nil {
		t.Fatalf("a code alone completed a login: %+v", next.Answer.Outcome)
	}
}

func TestConsent(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	third := func(r *Request) { r.Client, r.Scopes = "third", []string{"openid", "email"} }
	w := b.browser()
	p := w.password(w.open(third), "anna.rossi", annaPassword)
	if p.Consent == nil || !slices.Equal(p.Consent.Scopes, []string{"openid", "email"}) {
		t.Fatalf("got %+v", p)
	}
	denied := w.send(p, Submission{Action: ActionDeny})
	if denied.Answer == nil || denied.Answer.Outcome.Error != CodeAccessDenied || denied.Answer.Code != "" {
		t.Fatalf("denied: %+v", denied.Answer)
	}
	p = w.password(w.open(third), "anna.rossi", annaPassword)
	if done := w.send(p, Submission{Action: ActionAllow}); done.Answer == nil || done.Answer.Code == "" {
		t.Fatalf("allowed: %+v", done)
	}
	if again := w.open(third); again.Answer == nil {
		t.Fatalf("consent is not remembered: %+v", again)
	}
	more := w.open(func(r *Request) { third(r); r.Scopes = append(r.Scopes, "phone") })
	if more.Consent == nil || !slices.Equal(more.Consent.Scopes, []string{"phone"}) {
		t.Fatalf("a further scope: %+v", more)
	}
	must(t, b.d.RevokeConsent(t.Context(), w.Browser, "third"))
	if again := w.open(third); again.Consent == nil {
		t.Fatalf("revoked consent still counts: %+v", again)
	}
}

// A page of consent cannot be skipped by sending its answer to another page.
func TestConsentCannotBeGivenEarly(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	p := w.send(w.open(func(r *Request) { r.Client = "third" }), Submission{Action: ActionAllow})
	if p = w.password(p, "anna.rossi", annaPassword); p.Consent == nil {
		t.Fatalf("got %+v", p)
	}
}

func TestCancelGoesBack(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	w := b.browser()
	p := w.send(w.open(), Submission{Action: ActionCancel})
	if p.Answer == nil || p.Answer.Outcome.Error != CodeAccessDenied || p.Answer.Code != "" || p.Answer.Session != "" {
		t.Fatalf("got %+v", p.Answer)
	}
}

func TestPluginFaultsNeitherCountNorOpen(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	sub := b.person("anna.rossi", false)
	w := b.browser()
	p := w.open()
	b.plugins.fail = &host.Error{Instance: "password", Kind: host.Unavailable}
	for range 7 {
		if p = w.password(p, "anna.rossi", annaPassword); p.Answer != nil || p.Step.Notice.Code != NoticeUnavailable {
			t.Fatalf("got %+v", p)
		}
	}
	rows, err := b.store.Counters(t.Context(), b.store, "s:"+sub)
	must(t, err)
	if len(rows) > 0 && rows[0].Failures > 0 {
		t.Fatalf("a technical fault was counted: %+v", rows)
	}
	b.plugins.fail = nil
	if p = w.password(p, "anna.rossi", annaPassword); p.Answer == nil {
		t.Fatalf("after the plugin came back: %+v", p)
	}
	b.plugins.setAvailable("password", false)
	w = b.browser()
	if p = w.open(); p.Refusal == nil || p.Refusal.Code != RefusalDown {
		t.Fatalf("with the plugin down: %+v", p)
	}
	b.plugins.setAvailable("password", true)
	if p = w.send(p, Submission{}); p.Step == nil || p.Step.Method != "password" {
		t.Fatalf("trying again: %+v", p)
	}
}

// A plugin that says yes when nobody was named is not believed.
func TestSuccessOfNobody(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	anna := b.person("anna.rossi", false)
	b.plugins.lie = func(r *sdk.StepResponse) {
		*r = sdk.StepResponse{Success: &sdk.Success{Subject: anna, AMR: []string{"pwd"}}}
	}
	w := b.browser()
	if p := w.password(w.open(), "nobody", "whatever it is"); p.Answer != nil || p.Step.Notice.Code != NoticeWrong {
		t.Fatalf("got %+v", p)
	}
}
