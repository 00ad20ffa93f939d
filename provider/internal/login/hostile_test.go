package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/time/rate"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/throttle"
)

// Somebody begins to bind an app to their own account, lets their session end, and answers the page under another's name.
func TestBindingPageOfAnEndedSessionBindsNothing(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mallory", false)
	victim := b.person("anna.rossi", false)
	w := b.browser()
	first := w.signIn("mallory")
	p := w.account(bindTOTP)
	code, err := totp.GenerateCode(shownSecret(t, p), b.now)
	must(t, err)
	must(t, b.store.EndSession(t.Context(), b.store, first.Answer.Outcome.Session, b.now))

	p = w.send(p, Submission{Name: "anna.rossi", Inputs: map[string]string{"code": code}})
	if p.Step == nil || p.Step.Binding || p.Step.Identified {
		t.Errorf("shown %+v", p.Step)
	}
	creds, err := b.store.CredentialsOf(t.Context(), b.store, victim)
	must(t, err)
	if len(creds) != 1 {
		t.Fatalf("the victim has %d authenticators: somebody else's app was bound", len(creds))
	}
}

// A session that ended takes its part of the proof along, also where the flow has some of its own.
func TestBindingNeedsTheSessionItBuiltOn(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	sub := b.person("mario.bianchi", true)
	w := b.browser()
	first := w.signIn("mario.bianchi")
	p := w.code(w.account(bindTOTP), b.totp())
	code, err := totp.GenerateCode(shownSecret(t, p), b.now)
	must(t, err)
	must(t, b.store.EndSession(t.Context(), b.store, first.Answer.Outcome.Session, b.now))
	if p = w.code(p, code); p.Step == nil || p.Step.Binding || p.Step.Method != "password" {
		t.Errorf("shown %+v", p.Step)
	}
	creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
	must(t, err)
	if len(creds) != 2 {
		t.Fatalf("%d credentials", len(creds))
	}
}

func TestConsentOfAnEndedSessionIsNoConsent(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	first := w.signIn("anna.rossi")
	p := w.open(func(r *Request) { r.Client = "third" })
	if p.Consent == nil {
		t.Fatalf("shown %+v", p)
	}
	must(t, b.store.EndSession(t.Context(), b.store, first.Answer.Outcome.Session, b.now))
	if p = w.send(p, Submission{Action: ActionAllow}); p.Step == nil || p.Step.Identified {
		t.Fatalf("shown %+v", p)
	}
	if p = w.password(p, "anna.rossi", annaPassword); p.Consent == nil {
		t.Fatalf("the consent of before counts: %+v", p)
	}
}

// What a plugin remembers of one person must not be handed to it for another: a code sent to the one's own phone would open the
// other's account.
func TestStateOfOneNameIsNotUsedForAnother(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mallory", false)
	b.person("anna.rossi", false)
	b.plugins.lie = func(r *sdk.StepResponse) {
		*r = sdk.StepResponse{State: []byte("sent to the phone of mallory"), StateVersion: 1,
			Challenge: &sdk.Challenge{View: sdk.Screen(sdk.T("login.title"), sdk.Submit("go", sdk.T("enrol.save")))}}
	}
	w := b.browser()
	p := w.send(w.open(), Submission{Name: "mallory"})
	var seen []string
	b.plugins.before = func(_ host.Op, r *sdk.StepRequest) { seen = append(seen, r.Context.Subject.Name+": "+string(r.State)) }
	p = w.send(p, Submission{})
	w.send(p, Submission{Name: "anna.rossi"})
	if want := []string{"mallory: sent to the phone of mallory", "anna.rossi: "}; !slices.Equal(seen, want) {
		t.Fatalf("the plugin saw %q, want %q", seen, want)
	}
}

// Who has the password and guesses the second factor must not get their guesses back by logging in with the password alone where
// that is enough.
func TestPasswordAloneDoesNotBuyMoreGuesses(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	guesses := b.plugins.calls["continue"]
	for range 6 {
		w := b.browser()
		w.Address = "198.51.100.7"
		p := w.password(w.open(), "mario.bianchi", annaPassword)
		if p.Answer == nil {
			break // blocked
		}
		p = w.open(sca)
		for range 4 {
			if p.Step == nil || p.Step.Notice.Code == NoticeBlocked {
				break
			}
			p = w.code(p, "000000")
		}
	}
	if n := b.plugins.calls["continue"] - guesses; n > 7 { // five guesses, and the passwords before them
		t.Fatalf("the plugins were asked %d times", n)
	}
}

// Without leave of policy nobody adds a second factor with the first alone, on their own page either.
func TestBindingDoesNotRaiseWhatAPasswordReaches(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.d.Policy.BindAtLogin = nil
	b.person("anna.rossi", false)
	w := b.browser()
	w.signIn("anna.rossi")
	if p := w.account(bindTOTP); p.Refusal == nil || p.Refusal.Code != RefusalNoMethod {
		t.Fatalf("shown %+v", p)
	}
	o, err := b.d.Overview(t.Context(), w.Browser)
	must(t, err)
	if slices.ContainsFunc(o.Bindable, func(m MethodOption) bool { return m.Method == "totp" }) {
		t.Fatalf("offered: %+v", o.Bindable)
	}
}

// Of two pages that would bind a first second factor, the one answered later needs the factor that the other bound.
func TestBindingIsDecidedAnewWhenAnswered(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	sub := b.person("anna.rossi", false)
	thief, owner := b.browser(), b.browser()
	stolen := thief.password(thief.open(sca), "anna.rossi", annaPassword)
	own := owner.password(owner.open(sca), "anna.rossi", annaPassword)
	for w, p := range map[*browser]*Page{owner: own} {
		code, err := totp.GenerateCode(shownSecret(t, p), b.now)
		must(t, err)
		if p = w.code(p, code); p.Answer == nil {
			t.Fatalf("bound: %+v", p)
		}
	}
	code, err := totp.GenerateCode(shownSecret(t, stolen), b.now)
	must(t, err)
	if p := thief.code(stolen, code); p.Step == nil || p.Step.Binding || p.Step.Method != "totp" {
		t.Errorf("shown %+v", p)
	}
	creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
	must(t, err)
	if len(creds) != 2 {
		t.Fatalf("%d credentials", len(creds))
	}
}

// A page shows the same when it is loaded again.
func TestPageShowsWhatTheStepShowed(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.d.Policy.Levels[1].AnyOf = append(b.d.Policy.Levels[1].AnyOf, []string{"totp"})
	b.person("mario.bianchi", true)
	w := b.browser()
	w.signIn("mario.bianchi")
	p := w.send(w.open(sca), Submission{Action: ActionChoose})
	again, err := b.d.Page(t.Context(), p.Flow, w.Browser)
	must(t, err)
	if p.Choose == nil || len(p.Choose.Options) == 0 || len(again.Choose.Options) != len(p.Choose.Options) {
		t.Errorf("options %+v, then %+v", p.Choose, again.Choose)
	}
	c := w.open(func(r *Request) { r.Client = "third"; r.Scopes = []string{"openid", "email"} })
	again, err = b.d.Page(t.Context(), c.Flow, w.Browser)
	must(t, err)
	if c.Consent == nil || again.Consent == nil || again.Consent.Name != c.Consent.Name || again.Consent.Name == "" {
		t.Errorf("consent %+v, then %+v", c.Consent, again.Consent)
	}
}

// The current password, asked before it is changed, is as good a thing to guess as at a login.
func TestGuessesWhileBindingCount(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	w.signIn("anna.rossi")
	p := w.account(func(r *Request) { r.Bind = "password" })
	for range 5 {
		p = w.send(p, Submission{Inputs: map[string]string{"current": "wrong wrong wrong", "new_password": strings.Repeat("new horse ", 3)}})
	}
	if p.Step == nil || p.Step.Notice.Code != NoticeBlocked {
		t.Fatalf("after five wrong passwords: %+v", p.Step)
	}
	b.pass(time.Minute)
}

// A second factor whose plugin has not come up since the start is one all the same.
func TestPluginThatNeverCameUpIsNoWayAround(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	b.d.Policy.Levels[1].AnyOf = [][]string{{"password", "totp/code"}}
	b.d.Policy.BindAtLogin = []string{"password"}
	b.plugins.methods = b.plugins.methods[:1]
	w := b.browser()
	w.signIn("mario.bianchi")
	if p := w.account(func(r *Request) { r.Bind = "password" }); p.Refusal == nil || p.Refusal.Code != RefusalDown {
		t.Fatalf("shown %+v", p)
	}
}

// What a stranger can send as often as they like must not fill the log that is kept for ever.
func TestEmptyAnswersLeaveNoTrace(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	w := b.browser()
	p := w.open()
	before := b.events()
	for range 3 {
		p = w.password(p, "nobody", "")
	}
	if n := b.events() - before; n != 0 {
		t.Fatalf("%d events", n)
	}
	if w.password(p, "nobody", "wrong wrong wrong"); b.events()-before != 1 {
		t.Fatal("a guess is not recorded")
	}
}

func (b *bank) events() int {
	b.t.Helper()
	rows, err := b.store.UnsealedAudit(b.t.Context(), b.store, 1000)
	must(b.t, err)
	return len(rows)
}

// Strangers who use up what a replica takes must not keep out those who are known.
func TestStrangersDoNotUseUpTheLimitOfTheKnown(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	w.signIn("anna.rossi")
	b.d.Attempts = rate.NewLimiter(0, 0)
	if p := w.password(w.open(func(r *Request) { r.Prompt = []string{"select_account"} }), "anna.rossi", annaPassword); p.Answer == nil {
		t.Fatalf("a known browser: %+v", p)
	}
	s := b.browser()
	p := s.open()
	_, err := b.d.Submit(t.Context(), p.Flow, s.Browser, Submission{Version: p.Version, Name: "anna.rossi", Inputs: map[string]string{"password": annaPassword}})
	if !fault.Is(err, fault.Throttled) {
		t.Fatalf("a stranger: %v", err)
	}
}

// Names that a stranger makes up leave a row only where a guess was judged, which their address pays for.
func TestMadeUpNamesLeaveNoRows(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	w := b.browser()
	p := w.password(w.open(), "made.up", "")
	b.plugins.fail = &host.Error{Instance: "password", Kind: host.Unavailable}
	p = w.password(p, "made.up", annaPassword)
	b.plugins.fail = nil
	mac := b.box.MAC(sealing.PurposeName, "made.up")
	key := throttle.NameKey(hex.EncodeToString(mac[:16]))
	count := func() int {
		rows, err := b.store.Counters(t.Context(), b.store, key)
		must(t, err)
		return len(rows)
	}
	if n := count(); n != 0 {
		t.Fatalf("%d rows", n)
	}
	if w.password(p, "made.up", annaPassword); count() != 1 {
		t.Fatal("a guess is not counted")
	}
}

func TestChangingAPasswordEnds(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	w.signIn("anna.rossi")
	fresh := strings.Repeat("new horse ", 3)
	p := w.account(func(r *Request) { r.Bind = "password" })
	if p = w.send(p, Submission{Inputs: map[string]string{"current": annaPassword, "new_password": fresh}}); p.Answer == nil {
		t.Fatalf("changed: %+v", p.Step)
	}
	if !slices.ContainsFunc(b.outbox.messages, func(m delivery.Message) bool { return m.Template == string(delivery.NoticeChanged) }) {
		t.Errorf("the person is not told: %+v", b.outbox.messages)
	}
	again := b.browser()
	if p = again.password(again.open(), "anna.rossi", fresh); p.Answer == nil {
		t.Fatalf("the new password: %+v", p.Step)
	}
}

// A plugin that says it bound something, and did not, has proven nothing.
func TestBindingOfNothingIsNoProof(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	p := w.password(w.open(sca), "anna.rossi", annaPassword)
	b.plugins.lie = func(r *sdk.StepResponse) { *r = sdk.StepResponse{Success: &sdk.Success{}} }
	got, err := b.d.Submit(t.Context(), p.Flow, w.Browser, Submission{Version: p.Version, Inputs: map[string]string{"code": "000000"}})
	if !fault.Is(err, fault.Denied) {
		t.Fatalf("%+v, %v", got, err)
	}
}
