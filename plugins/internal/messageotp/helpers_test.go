package messageotp

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// pigeons is a book of addresses like dove-7: doves carry letters, hawks carry nothing.
type pigeons struct{}

func (pigeons) Parse(typed, channel string) (address, problem string) {
	if !strings.HasPrefix(typed, "dove-") && (channel != "" || !strings.HasPrefix(typed, "hawk-")) {
		return "", "error.address"
	}
	return typed, ""
}
func (pigeons) Mask(address string) string           { return "…" + address[len(address)-1:] }
func (pigeons) Reaches(address, channel string) bool { return strings.HasPrefix(address, "dove-") }

func definition() Definition {
	return Definition{
		Name:    "pigeon-otp",
		Methods: []Method{{ID: "pigeon", Channel: "pigeon", Factor: sdk.FactorPossession, AMR: "sms"}},
		Field:   sdk.FieldText, ImportKey: "dovecot", ConfigSchema: []byte(`{}`), Texts: os.DirFS("testdata/texts"),
		Configure: func(raw []byte) (Settings, []sdk.Problem) {
			c := Defaults(3)
			if problems := sdk.DecodeConfig(raw, &c); len(problems) > 0 {
				return Settings{}, problems
			}
			return Settings{Config: c, Book: pigeons{}}, c.Problems()
		},
	}
}

// loft is a plugin under test, with one person.
type loft struct {
	*Plugin
	t     testing.TB
	desc  *sdk.Description
	now   time.Time
	creds []sdk.Credential
	sent  []sdk.Effect
	flows int
}

func newLoft(t testing.TB, config string) *loft {
	t.Helper()
	l := &loft{Plugin: New(definition()), t: t, now: noon}
	if err := l.Configure(context.Background(), sdk.Configuration{InstanceID: "i", JSON: []byte(config)}); err != nil {
		t.Fatal(err)
	}
	desc, err := l.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := desc.Validate(); err != nil {
		t.Fatal(err)
	}
	l.desc = desc
	return l
}

// dove gives the person an address.
func (l *loft) dove(address string) *loft {
	l.creds = append(l.creds, sdk.Credential{ID: fmt.Sprint("c", len(l.creds)+1), Type: "pigeon-otp", Label: "…", Revision: 7, Version: 1,
		Data: encode(data{Address: address})})
	return l
}

// flow is one login or binding.
type flow struct {
	*loft
	ctx   sdk.StepContext
	state []byte
	enrol bool
}

func (l *loft) login() *flow { return l.flow(false) }

func (l *loft) flow(enrol bool) *flow {
	l.flows++
	f := &flow{loft: l, enrol: enrol, ctx: sdk.StepContext{
		InstanceID: "i", MethodID: "pigeon", FlowID: fmt.Sprint("flow-", l.flows), Intent: sdk.IntentLogin, MaxStateVersion: 1, Locale: "it",
		Subject: &sdk.Subject{ID: "sub-1", Name: "mario.rossi"}, Identified: true, Client: sdk.ClientInfo{ID: "rp", Name: "Banca Demo"},
		Origins: []string{"https://id.bank.example:8443"},
	}}
	if enrol {
		f.ctx.Intent = sdk.IntentEnrol
	}
	return f
}

func (f *flow) request(inputs map[string]string) *sdk.StepRequest {
	ctx := f.ctx
	ctx.Now, ctx.IdempotencyKey = f.now, fmt.Sprintf("%s/%d", ctx.FlowID, ctx.Step)
	r := &sdk.StepRequest{Context: ctx, State: f.state, StateVersion: 1, Inputs: inputs}
	if ctx.Subject != nil {
		r.Credentials = append(r.Credentials, f.creds...)
	}
	return r
}

// begin and next run a step, hold the answer to the contract, and commit it.
func (f *flow) begin() *sdk.StepResponse {
	f.t.Helper()
	f.state = nil
	if f.enrol {
		return f.run(f.BeginEnroll, nil)
	}
	return f.run(f.Begin, nil)
}

func (f *flow) next(inputs ...string) *sdk.StepResponse {
	f.t.Helper()
	in := map[string]string{}
	for i := 0; i < len(inputs); i += 2 {
		in[inputs[i]] = inputs[i+1]
	}
	if f.enrol {
		return f.run(f.ContinueEnroll, in)
	}
	return f.run(f.Continue, in)
}

func (f *flow) run(do func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error), inputs map[string]string) *sdk.StepResponse {
	f.t.Helper()
	r := f.request(inputs)
	f.ctx.Step++
	answer, err := do(context.Background(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := answer.Validate(f.desc, r); err != nil {
		f.t.Fatalf("%v\n%+v", err, answer)
	}
	f.state = answer.State
	f.commit(answer)
	f.sent = append(f.sent, answer.Effects...)
	return answer
}

func (l *loft) commit(answer *sdk.StepResponse) {
	l.t.Helper()
	for _, c := range answer.CredentialChanges {
		if c.Kind == sdk.ChangeCreate {
			l.creds = append(l.creds, sdk.Credential{ID: fmt.Sprint("c", len(l.creds)+1), Label: c.Label, Data: c.Data, Revision: 1, Version: c.Version})
			continue
		}
		for i := range l.creds {
			if l.creds[i].ID == c.CredentialID {
				l.creds[i].Data, l.creds[i].Label = c.Data, c.Label
				l.creds[i].Revision++
			}
		}
	}
}

// code is the one in the newest message.
func (l *loft) code() string {
	l.t.Helper()
	if len(l.sent) == 0 {
		l.t.Fatal("nothing was sent")
	}
	return l.sent[len(l.sent)-1].Params["code"]
}

// wrong is a code that is not the newest one.
func (l *loft) wrong() string {
	code := []byte(l.code())
	code[0] = '0' + (code[0]-'0'+1)%10
	return string(code)
}

func reason(t testing.TB, answer *sdk.StepResponse) sdk.Reason {
	t.Helper()
	if answer.Failure == nil {
		t.Fatalf("no failure: %+v", answer)
	}
	return answer.Failure.Reason
}

// says returns the text keys of a view, fields' errors included.
func says(v *sdk.View) string {
	var keys []string
	for _, n := range v.Nodes {
		switch {
		case n.Paragraph != nil:
			keys = append(keys, n.Paragraph.Text.Key)
		case n.TextField != nil:
			keys = append(keys, n.TextField.Name, n.TextField.Error.Key)
		case n.Choice != nil:
			keys = append(keys, n.Choice.Name, n.Choice.Error.Key)
		case n.Action != nil:
			keys = append(keys, n.Action.Name)
		}
	}
	return strings.Join(keys, " ")
}
