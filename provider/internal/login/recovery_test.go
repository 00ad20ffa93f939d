package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"context"
	"encoding/json"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/text/language"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// mailed plays a method whose code travels in a message: the code is always the same.
type mailed struct{ channel string }

const mailedCode = "246810"

func (m *mailed) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{Name: m.channel, CredentialType: m.channel, Methods: []sdk.Method{{ID: m.channel, Title: "title", CanEnrol: true,
		Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"otp"}}}}, nil
}
func (*mailed) ValidateConfig(context.Context, sdk.Configuration) ([]sdk.Problem, error) {
	return nil, nil
}
func (*mailed) Configure(context.Context, sdk.Configuration) error { return nil }
func (*mailed) Remove(context.Context, string) error               { return nil }
func (*mailed) Check(context.Context, string) (sdk.Health, error)  { return sdk.Health{OK: true}, nil }

func (m *mailed) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	res := sdk.Ask(sdk.Screen(sdk.T("enter"), sdk.Field(sdk.TextField{Name: "code", Kind: sdk.FieldOneTimeCode, Label: sdk.T("code")})))
	if len(r.Credentials) == 1 {
		res.Effects = []sdk.Effect{{IdempotencyKey: r.Context.IdempotencyKey, Channel: m.channel, Template: "code"}}
	}
	return res, nil
}

func (m *mailed) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if len(r.Credentials) == 1 && r.Context.Subject != nil && r.Inputs["code"] == mailedCode {
		return &sdk.StepResponse{Success: &sdk.Success{Subject: r.Context.Subject.ID, AMR: []string{"otp"}, CredentialID: r.Credentials[0].ID}}, nil
	}
	return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}, State: r.State}, nil
}
func (*mailed) Cancel(context.Context, *sdk.StepRequest) error { return nil }
func (m *mailed) BeginEnroll(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return sdk.Ask(sdk.Screen(sdk.T("enter"), sdk.Submit("bind", sdk.T("code")))), nil
}
func (m *mailed) ContinueEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"otp"}}, CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Data: []byte("x"), Version: 1}}}, nil
}
func (*mailed) Revoke(context.Context, string, sdk.Credential) error { return nil }
func (*mailed) ImportCredentials(_ context.Context, _ string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	out := make([]sdk.ImportResult, len(in))
	for i := range out {
		out[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Data: []byte("x"), Version: 1}
	}
	return out, nil
}

var _ interface {
	sdk.Plugin
	sdk.Authenticator
	sdk.Enrollment
} = (*mailed)(nil)

// lifeBank is a bank with codes by mail and by SMS beside passwords and apps.
func lifeBank(t *testing.T, b *bank, rules ...func(*policy.Recovery)) *bank {
	t.Helper()
	for instance, channel := range map[string]string{"email-otp": delivery.Email, "sms-otp": delivery.SMS} {
		p := &mailed{channel: channel}
		b.plugins.plugins[instance] = p
		about, err := p.Describe(t.Context())
		must(t, err)
		b.plugins.methods = append(b.plugins.methods, host.MethodRef{Ref: instance, Instance: instance, Method: about.Methods[0], Available: true})
	}
	slices.SortFunc(b.plugins.methods[2:], func(a, c host.MethodRef) int { return strings.Compare(a.Ref, c.Ref) })
	p := BankPolicy()
	p.Levels[1].AnyOf = append(p.Levels[1].AnyOf, []string{"password", "sms-otp"})
	p.BindAtLogin = nil
	r := policy.Recovery{Carried: []string{"email-otp", "sms-otp"}}
	for _, f := range rules {
		f(&r)
	}
	d, err := New(Options{
		DB: b.store, Rows: b.store, Clients: b, Plugins: b.plugins, Outbox: b.outbox, Box: b.box, Policy: p, Recovery: r,
		Throttle: throttle.Defaults(), Session: session.Limits{Inactivity: 5 * time.Minute, Absolute: 12 * time.Hour},
		Locales: []language.Tag{language.English, language.Italian}, RPID: "localhost", Origins: []string{"https://login.bank.example"},
		MethodTitle: func(instance, _ string, _ sdk.Text) string { return instance }, Brand: "Banca",
		Now: b.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	must(t, err)
	b.d = d
	return b
}

// customer adds somebody with a proven mail and mobile, a password and the instances given.
func (b *bank) customer(name string, instances ...string) string {
	b.t.Helper()
	s := subscriber.Subscriber{ID: strings.ToLower(name) + "-" + strings.Repeat("a", 8), Status: subscriber.Active, Version: 1, CreatedAt: b.now, UpdatedAt: b.now,
		Claims: json.RawMessage(`{"name":"` + name + `","email":"` + name + `@old.example","email_verified":true,"phone_number":"+39333000000","phone_number_verified":true}`)}
	forms := map[string]string{"password": `{"password":"` + annaPassword + `"}`, "totp": `{"secret":"` + totpSecret + `"}`, "email-otp": `{}`, "sms-otp": `{}`}
	var creds []subscriber.Credential
	for _, i := range instances {
		creds = append(creds, b.imported(s.ID, i, forms[i]))
	}
	folded, err := subscriber.Fold(name)
	must(b.t, err)
	must(b.t, b.store.InTx(b.t.Context(), func(q tx.Q) error {
		if err := b.store.InsertSubscriber(b.t.Context(), q, s, []subscriber.Name{{Folded: folded, Shown: name, Subject: s.ID, Kind: subscriber.NameUsername}}, creds); err != nil {
			return err
		}
		return b.d.Life().Register(b.t.Context(), q, &s)
	}))
	return s.ID
}

// recover begins a recovery.
func (w *browser) recover(lost string) *Page {
	w.b.t.Helper()
	return w.open(func(r *Request) { *r = Request{Client: AccountClient, Recover: lost, ReturnTo: "/recovered"} })
}

// give answers a step by name and value of its one field.
func (w *browser) give(p *Page, name, field, value string) *Page {
	w.b.t.Helper()
	return w.send(p, Submission{Name: name, Inputs: map[string]string{field: value}})
}

func (w *browser) choose(p *Page, method string) *Page {
	w.b.t.Helper()
	return w.send(p, Submission{Action: ActionChoose, Method: method})
}

const newPassword = "a new and much better passphrase"

// link finds the link of the alert that went to an address last.
func (b *bank) link(to string) string {
	b.t.Helper()
	for _, m := range slices.Backward(b.outbox.messages) {
		if m.To == to && m.Params["link"] != "" {
			return strings.TrimPrefix(m.Params["link"], "https://login.bank.example/cancel/")
		}
	}
	b.t.Fatalf("no link for %s among %+v", to, b.outbox.messages)
	return ""
}

// forgotPassword recovers a password with an app and a code by mail.
func (w *browser) forgotPassword(name string) *Page {
	w.b.t.Helper()
	p := w.give(w.recover("password"), name, "code", w.b.totp())
	p = w.give(p, "", "code", mailedCode)
	return w.give(p, "", "new_password", newPassword)
}

func each(t *testing.T, test func(t *testing.T, b *bank)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, lifeBank(t, sqliteBank(t))) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); test(t, lifeBank(t, postgresBank(t))) })
}

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

func TestTicket(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bank) {
		sub := b.customer("Anna", "password", "totp")
		b.customer("Bruno", "password", "totp")
		l := b.d.Life()
		issued, err := l.IssueTicket(t.Context(), "operator:a", sub, nil, false, "identity card at the branch")
		must(t, err)
		if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(issued.Code) {
			t.Errorf("the code is %q", issued.Code)
		}
		w := b.browser()
		if p := w.give(w.choose(w.recover("totp"), policy.Ticket), "Bruno", "ticket", issued.Code); p.Step == nil || p.Step.Method != policy.Ticket {
			t.Errorf("with somebody else's code: %+v", p)
		}
		w = b.browser()
		p := w.give(w.choose(w.recover("totp"), policy.Ticket), "Anna", "ticket", strings.ToLower(strings.ReplaceAll(issued.Code, "-", " ")))
		if p.Step == nil || p.Step.Method != "password" || p.Step.Binding {
			t.Fatalf("the code alone: %+v", p)
		}
		p = w.password(p, "", annaPassword)
		if p.Step == nil || !p.Step.Binding || p.Step.Method != "totp" {
			t.Fatalf("code and password: %+v", p)
		}
		// The code was used, in whichever flow.
		again := b.browser()
		if q := again.give(again.choose(again.recover("totp"), policy.Ticket), "Anna", "ticket", issued.Code); q.Step.Method != policy.Ticket {
			t.Errorf("a used code: %+v", q.Step)
		}
		secret := shownSecret(t, p)
		p = w.code(p, codeOf(t, secret, b.clock()))
		if p.Answer == nil {
			t.Fatalf("bound: %+v", p.Step)
		}
		creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
		must(t, err)
		if len(creds) != 2 || b.plugins.calls["revoke"] != 1 {
			t.Errorf("%d credentials, %d revoked", len(creds), b.plugins.calls["revoke"])
		}
	})
}

func TestTicketForWhoHasNothingLeft(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t))
	sub := b.customer("Anna", "password", "totp")
	l := b.d.Life()
	for name, err := range map[string]error{
		"without a reason":  second(l.IssueTicket(t.Context(), "a", sub, nil, false, " ")),
		"alone for nothing": second(l.IssueTicket(t.Context(), "a", sub, nil, true, "branch")),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	first, err := l.IssueTicket(t.Context(), "a", sub, []string{"password", "totp"}, true, "branch")
	must(t, err)
	issued, err := l.IssueTicket(t.Context(), "a", sub, []string{"password", "totp"}, true, "branch")
	must(t, err)
	w := b.browser()
	if p := w.give(w.choose(w.recover("password"), policy.Ticket), "Anna", "ticket", first.Code); p.Step.Method != policy.Ticket {
		t.Error("an older code opens something beside the newer one")
	}
	w = b.browser()
	p := w.give(w.choose(w.recover("password"), policy.Ticket), "Anna", "ticket", issued.Code)
	if p.Step == nil || !p.Step.Binding || p.Step.Method != "password" {
		t.Fatalf("the code: %+v", p)
	}
	p = w.give(p, "", "new_password", newPassword)
	if p.Step == nil || !p.Step.Binding || p.Step.Method != "totp" {
		t.Fatalf("after the password: %+v", p)
	}
	if p = w.code(p, codeOf(t, shownSecret(t, p), b.clock())); p.Answer == nil {
		t.Fatalf("both bound: %+v", p)
	}
	b.pass(time.Hour)
	late, err := l.IssueTicket(t.Context(), "a", sub, nil, false, "branch")
	must(t, err)
	b.pass(time.Hour)
	w = b.browser()
	if p := w.give(w.choose(w.recover("password"), policy.Ticket), "Anna", "ticket", late.Code); p.Step.Method != policy.Ticket {
		t.Error("a code whose time is over opens something")
	}
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	b := lifeBank(t, sqliteBank(t), func(r *policy.Recovery) { r.TicketApprovals = 2 })
	sub := b.customer("Anna", "password", "totp")
	l := b.d.Life()
	asked, err := l.IssueTicket(t.Context(), "operator:a", sub, nil, false, "branch")
	must(t, err)
	if asked.Code != "" || asked.ApprovedBy != "" {
		t.Fatalf("one operator got a code: %+v", asked)
	}
	if _, err := l.ApproveTicket(t.Context(), "operator:a", asked.ID); !fault.Is(err, fault.Denied) {
		t.Errorf("the same operator approves: %v", err)
	}
	given, err := l.ApproveTicket(t.Context(), "operator:b", asked.ID)
	must(t, err)
	if _, err := l.ApproveTicket(t.Context(), "operator:c", asked.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("approved twice: %v", err)
	}
	w := b.browser()
	if p := w.give(w.choose(w.recover("totp"), policy.Ticket), "Anna", "ticket", given.Code); p.Step.Method != "password" {
		t.Errorf("the code: %+v", p.Step)
	}
}

func second[A, B any](_ A, b B) B { return b }

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

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func codeOf(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	must(t, err)
	return code
}
