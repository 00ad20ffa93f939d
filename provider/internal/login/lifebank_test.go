package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"golang.org/x/text/language"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
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

func (*mailed) Remove(context.Context, string) error { return nil }

func (*mailed) Check(context.Context, string) (sdk.Health, error) { return sdk.Health{OK: true}, nil }

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

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func codeOf(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	must(t, err)
	return code
}
