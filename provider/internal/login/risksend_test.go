package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"context"
	"slices"
	"testing"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// texting is a method that sends a code to a number: the least that one can do.
type texting struct{ sdk.Stateless }

const textedCode = "314159"

func (texting) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "sms", Version: "1.0.0", CredentialType: "phone", StateVersion: 1, Services: []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment},
		Methods: []sdk.Method{{ID: "sms", Title: "t", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"sms"}, CanEnrol: true}},
		Texts:   map[string]map[string]string{"en": {"t": "Text message", "code": "Your code is {code}."}},
	}, nil
}

func sent(r *sdk.StepRequest) []sdk.Effect {
	return []sdk.Effect{{IdempotencyKey: r.Context.IdempotencyKey, Channel: "sms", To: "+39333000111", Template: "code", Params: map[string]string{"code": textedCode}}}
}

func (texting) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if len(r.Credentials) == 0 {
		return sdk.Ask(sdk.Screen(sdk.T("t"))), nil // the same page for nobody
	}
	res := sdk.Ask(sdk.Screen(sdk.T("t")))
	res.Effects = sent(r)
	return res, nil
}

// Continue takes the code, and sends another one after a wrong one.
func (p texting) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if len(r.Credentials) == 1 && r.Inputs["code"] == textedCode {
		return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"sms"}, CredentialID: r.Credentials[0].ID}}, nil
	}
	return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true, Retryable: true}, Effects: sent(r)}, nil
}

func (texting) Cancel(context.Context, *sdk.StepRequest) error { return nil }

func (p texting) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	res := sdk.Ask(sdk.Screen(sdk.T("t")))
	res.Effects = sent(r)
	return res, nil
}

func (p texting) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"sms"}},
		CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Data: []byte("x"), Version: 1}}}, nil
}

func (texting) Revoke(context.Context, string, sdk.Credential) error { return nil }

func (texting) ImportCredentials(context.Context, string, []sdk.ImportInput) ([]sdk.ImportResult, error) {
	return nil, nil
}

// withTexting adds the method, which people who have it prefer.
func (b *bank) withTexting() {
	b.t.Helper()
	about, err := texting{}.Describe(b.t.Context())
	must(b.t, err)
	b.plugins.plugins["sms"] = texting{}
	b.plugins.methods = append(b.plugins.methods, host.MethodRef{Ref: "sms", Instance: "sms", Method: about.Methods[0], Available: true})
	b.d.Policy = &policy.Policy{Levels: []policy.Level{
		{ACR: "urn:varco:1fa", AnyOf: [][]string{{"password"}}},
		{ACR: "urn:varco:sca", AnyOf: [][]string{{"password", "sms"}, {"password", "totp"}}, Factors: 2},
	}, Default: "urn:varco:1fa"}
}

// phone gives a person a number.
func (b *bank) phone(sub string) {
	b.t.Helper()
	c := subscriber.Credential{ID: id.New(), Subject: sub, Instance: "sms", Type: "phone", Version: 1, Revision: 1, CreatedAt: b.now}
	var err error
	c.Sealed, err = b.box.Seal(sealing.ClassCredential, []byte("{}"), CredentialPlace(c.ID, "sms", sub)...)
	must(b.t, err)
	must(b.t, b.store.InTx(b.t.Context(), func(q tx.Q) error { return b.store.InsertCredential(b.t.Context(), q, c) }))
}

func TestRiskOfSending(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		say  func(*sdk.RiskRequest) (*sdk.RiskAssessment, error)
		totp bool
		want string // method asked next, or refusal
	}{
		"allowed":                       {verdict(sdk.RiskAllow), true, "sms"},
		"denied: another way":           {verdict(sdk.RiskDeny, "swapped"), true, "totp"},
		"in doubt: another way":         {verdict(sdk.RiskStepUp), true, "totp"},
		"nobody vouches: another way":   {silent(host.Unavailable), true, "totp"},
		"denied, and there is no other": {verdict(sdk.RiskDeny, "swapped"), false, RefusalDeclined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, b *bank) {
				b.withTexting()
				e := b.watched(c.say, sdk.OperationSend)
				sub := b.person("anna.rossi", c.totp)
				b.phone(sub)
				w := b.browser()
				p := w.password(w.open(sca), "anna.rossi", annaPassword)
				got := ""
				if p.Refusal != nil {
					got = p.Refusal.Code
				} else if p.Step != nil {
					got = p.Step.Method
				}
				if got != c.want || e.operations() != "send" {
					t.Fatalf("got %q (%+v), want %q; asked about %s", got, p, c.want, e.operations())
				}
				if r := e.asked[0]; r.To != "+39333000111" || r.Channel != "sms" || r.Context.MethodID != "sms" || r.Context.Subject.ID != sub || !slices.Equal(r.AMR, []string{"pwd"}) {
					t.Errorf("asked %+v", r)
				}
				if n := len(b.outbox.messages); (n > 0) != (c.want == "sms") {
					t.Errorf("%d messages went out", n)
				}
				if c.want != "totp" {
					return
				}
				// The way that is not offered cannot be chosen either, nor guessed at.
				if len(p.Step.Others) > 0 || p.Step.Notice.Code != NoticeUnavailable {
					t.Errorf("offered %+v", p.Step)
				}
				p = w.send(p, Submission{Action: ActionChoose, Method: "sms"})
				if p.Step == nil || p.Step.Method != "totp" {
					t.Fatalf("chosen all the same: %+v", p)
				}
				if p = w.code(p, b.totp()); p.Answer == nil || p.Answer.Outcome.ACR != "urn:varco:sca" {
					t.Fatalf("the other way: %+v", p)
				}
			})
		})
	}
}

// A guess counts also where the message that would follow it is withheld, or guesses at the code would be free.
func TestRiskOfSendingAgain(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.withTexting()
	e := b.watched(verdict(sdk.RiskAllow), sdk.OperationSend)
	sub := b.person("anna.rossi", true)
	b.phone(sub)
	w := b.browser()
	p := w.password(w.open(sca), "anna.rossi", annaPassword)
	e.mu.Lock()
	e.say = verdict(sdk.RiskDeny)
	e.mu.Unlock()
	if p = w.code(p, "000000"); p.Step == nil || p.Step.Method != "totp" || len(b.outbox.messages) != 1 {
		t.Fatalf("got %+v and %d messages", p, len(b.outbox.messages))
	}
	rows, err := b.store.Counters(t.Context(), b.store, "s:"+sub)
	must(t, err)
	if len(rows) != 1 || rows[0].Failures != 1 {
		t.Fatalf("counted: %+v", rows)
	}
}

// A number is checked before a code goes to it for being bound.
func TestRiskOfBindingANumber(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.withTexting()
	b.watched(verdict(sdk.RiskDeny, "swapped"), sdk.OperationSend)
	b.person("mario.bianchi", true)
	w := b.browser()
	w.code(w.password(w.open(sca), "mario.bianchi", annaPassword), b.totp())
	p := w.account(func(r *Request) { r.Bind = "sms" })
	if p.Refusal == nil || p.Refusal.Code != RefusalDeclined || len(b.outbox.messages) != 0 {
		t.Fatalf("got %+v and %d messages", p, len(b.outbox.messages))
	}
}

// Before anything is proven nobody is asked, whatever the name: a call that only names that exist lead to could be heard.
func TestRiskTellsNobodyWhoExists(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.withTexting()
	b.d.Policy.Levels[0].AnyOf = [][]string{{"sms"}} // the code comes first
	b.d.Policy.Levels[1].AnyOf = [][]string{{"sms", "password"}}
	e := b.watched(verdict(sdk.RiskDeny), sdk.OperationSignIn, sdk.OperationSend, sdk.OperationBind, sdk.OperationRecover, sdk.OperationTransaction)
	b.phone(b.person("anna.rossi", false))
	db := &countingDB{DB: b.store}
	b.d.DB = db
	statements := map[string]int64{}
	for _, name := range []string{"anna.rossi", "nobody"} {
		w := b.browser()
		p := w.open()
		db.statements.Store(0)
		p = w.send(p, Submission{Name: name})
		if p.Step == nil || p.Step.Method != "sms" || !p.Step.AskName && p.Step.View.Nodes != nil {
			t.Fatalf("%s sees %+v", name, p)
		}
		p = w.code(p, "000000")
		if p.Step == nil || p.Step.Notice.Code != NoticeWrong {
			t.Fatalf("%s sees %+v", name, p)
		}
		statements[name] = db.statements.Load()
	}
	if e.operations() != "" || statements["nobody"] != statements["anna.rossi"] {
		t.Fatalf("asked about %q; statements %v", e.operations(), statements)
	}
	// Once the code is right, somebody is proven: then they are asked about, before anything comes of it.
	w := b.browser()
	p := w.send(w.open(), Submission{Name: "anna.rossi"})
	if p = w.code(p, textedCode); p.Refusal == nil || p.Refusal.Code != RefusalDeclined || e.operations() != "sign_in" {
		t.Fatalf("got %+v, asked about %q", p, e.operations())
	}
}
