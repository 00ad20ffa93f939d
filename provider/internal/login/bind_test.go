package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
)

// account begins a flow of the person's own page.
func (w *browser) account(change func(*Request)) *Page {
	w.b.t.Helper()
	return w.open(func(r *Request) {
		*r = Request{Client: AccountClient, ReturnTo: "/account"}
		change(r)
	})
}

func bindTOTP(r *Request) { r.Bind = "totp" }

// shownSecret reads the seed from a page that binds an authenticator app.
func shownSecret(t *testing.T, p *Page) string {
	t.Helper()
	if p.Step == nil || !p.Step.Binding {
		t.Fatalf("nothing is being bound: %+v", p)
	}
	i := slices.IndexFunc(p.Step.View.Nodes, func(n sdk.Node) bool { return n.QR != nil })
	u, err := url.Parse(p.Step.View.Nodes[i].QR.Content)
	must(t, err)
	return u.Query().Get("secret")
}

func TestBindAtLoginThenUse(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	sub := b.person("anna.rossi", false)
	w := b.browser()
	p := w.password(w.open(sca), "anna.rossi", annaPassword)
	secret := shownSecret(t, p)
	if wrong := w.code(p, "000000"); wrong.Answer != nil || !wrong.Step.Binding {
		t.Fatalf("a wrong code: %+v", wrong)
	} else {
		p = wrong
	}
	code, err := totp.GenerateCode(secret, b.now)
	must(t, err)
	done := w.code(p, code)
	if done.Answer == nil || done.Answer.Outcome.ACR != "urn:varco:sca" {
		t.Fatalf("bound: %+v", done)
	}
	creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
	must(t, err)
	if len(creds) != 2 {
		t.Fatalf("%d credentials", len(creds))
	}
	if !slices.ContainsFunc(b.outbox.messages, func(m delivery.Message) bool {
		return m.Template == string(delivery.NoticeBound) && m.To == "anna@example.org"
	}) {
		t.Fatalf("the person is not told: %+v", b.outbox.messages)
	}

	t.Run("the code that bound it does not sign in too", func(t *testing.T) {
		other := b.browser()
		q := other.password(other.open(sca), "anna.rossi", annaPassword)
		if q = other.code(q, code); q.Answer != nil {
			t.Fatal("replayed")
		}
		b.pass(time.Minute)
		code, err := totp.GenerateCode(secret, b.now)
		must(t, err)
		if q = other.code(q, code); q.Answer == nil {
			t.Fatalf("a fresh code: %+v", q.Step)
		}
	})
}

// Whoever has a second authenticator must use it to add another: a stolen password is not enough.
func TestBindingNeedsAllTheStrengthThereIs(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	w := b.browser()
	w.signIn("mario.bianchi")
	p := w.account(bindTOTP)
	if p.Step == nil || p.Step.Binding || p.Step.Method != "totp" {
		t.Fatalf("asked for %+v", p.Step)
	}
	p = w.code(p, b.totp())
	code, err := totp.GenerateCode(shownSecret(t, p), b.now)
	must(t, err)
	if p = w.code(p, code); p.Answer == nil || p.Answer.Code != "" || p.Answer.Request.ReturnTo != "/account" {
		t.Fatalf("bound: %+v", p)
	}
	b.pass(6 * time.Minute / 2)
	w2 := b.browser()
	w2.signIn("mario.bianchi")
	if q := w2.account(bindTOTP); q.Step == nil || q.Step.Binding {
		t.Fatalf("with two apps: %+v", q.Step)
	}
}

func TestBindingNeedsFreshProof(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	w.signIn("anna.rossi")
	for range 2 {
		b.pass(4 * time.Minute)
		_, err := b.d.Overview(t.Context(), w.Browser) // activity keeps the session
		must(t, err)
	}
	if p := w.account(bindTOTP); p.Step == nil || p.Step.Binding || p.Step.Method != "password" || p.Step.Notice.Code != NoticeReauth {
		t.Fatalf("got %+v", p.Step)
	}
}

func TestOverviewAndUnbind(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	w := b.browser()
	if _, err := b.d.Overview(t.Context(), w.Browser); !fault.Is(err, fault.Denied) {
		t.Fatalf("nobody signed in: %v", err)
	}
	p := w.password(w.open(sca), "mario.bianchi", annaPassword)
	w.code(p, b.totp())
	elsewhere := b.browser()
	elsewhere.signIn("mario.bianchi")

	o, err := b.d.Overview(t.Context(), w.Browser)
	must(t, err)
	if len(o.Credentials) != 2 || len(o.Sessions) != 2 || o.DisplayName != "Anna Rossi" || !slices.ContainsFunc(o.Bindable, func(m MethodOption) bool { return m.Method == "totp" }) {
		t.Fatalf("overview %+v", o)
	}
	var app, pwd CredentialInfo
	for _, c := range o.Credentials {
		if c.Instance == "totp" {
			app = c
		} else {
			pwd = c
		}
	}
	if app.Changeable || !pwd.Changeable {
		t.Fatalf("changeable: app %v, password %v", app.Changeable, pwd.Changeable)
	}
	if !app.Removable || pwd.Removable {
		t.Fatalf("removable: app %v, password %v", app.Removable, pwd.Removable)
	}
	if p := w.account(func(r *Request) { r.Unbind = pwd.ID }); p.Refusal == nil || p.Refusal.Code != RefusalLastMethod {
		t.Fatalf("the last way in: %+v", p)
	}
	if p := w.account(func(r *Request) { r.Unbind = app.ID }); p.Answer == nil {
		t.Fatalf("unbind: %+v", p)
	}
	if b.plugins.calls["revoke"] != 1 {
		t.Fatal("the plugin was not told")
	}
	if p := elsewhere.open(sca); p.Step == nil || !p.Step.Binding {
		t.Fatalf("without the app: %+v", p)
	}
	for _, s := range o.Sessions {
		if !s.Current {
			must(t, b.d.EndSession(t.Context(), w.Browser, s.ID))
		}
	}
	if _, err := b.d.Overview(t.Context(), elsewhere.Browser); !fault.Is(err, fault.Denied) {
		t.Fatalf("the ended session: %v", err)
	}
}

func TestNobodyEndsOthersSessions(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	b.person("mario.bianchi", false)
	anna, mario := b.browser(), b.browser()
	mine := anna.signIn("anna.rossi")
	mario.signIn("mario.bianchi")
	if err := b.d.EndSession(t.Context(), mario.Browser, mine.Answer.Outcome.Session); !fault.Is(err, fault.NotFound) {
		t.Fatalf("got %v", err)
	}
}

func FuzzCookies(f *testing.F) {
	box := fuzzBox(f)
	now := time.Unix(1_800_000_000, 0)
	own := AddKnownBrowser(box, "", "AAAAAAAAAAAAAAAAAAAAAA", "anna", now)
	f.Add(own, "anna")
	f.Add(own+"~x.y.z", "mario")
	f.Add("", "")
	valid := regexp.MustCompile(`^A{22}$`)
	f.Fuzz(func(t *testing.T, cookie, subject string) {
		if bid, ok := KnownBrowser(box, cookie, subject, now); ok && (subject != "anna" || !valid.MatchString(bid)) {
			t.Fatalf("%q is taken for a browser known to %q", cookie, subject)
		}
		if len(AddKnownBrowser(box, cookie, "AAAAAAAAAAAAAAAAAAAAAA", subject, now)) > 512+100 {
			t.Fatal("the cookie grows without bound")
		}
	})
}
