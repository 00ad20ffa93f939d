package totp

import (
	"context"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// noon is the start of a step of 30 and of 60 seconds.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type bench struct {
	*Plugin
	t    testing.TB
	desc *sdk.Description
}

func newBench(t testing.TB, config string) *bench {
	t.Helper()
	b := &bench{Plugin: New(), t: t}
	b.configure(config)
	desc, err := b.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b.desc = desc
	return b
}

func (b *bench) configure(config string) {
	b.t.Helper()
	if err := b.Configure(context.Background(), sdk.Configuration{InstanceID: "i", Revision: "1", JSON: []byte(config)}); err != nil {
		b.t.Fatal(err)
	}
}

func request(now time.Time, credentials []sdk.Credential, inputs map[string]string) *sdk.StepRequest {
	return &sdk.StepRequest{
		Context: sdk.StepContext{
			InstanceID: "i", MethodID: MethodID, Intent: sdk.IntentLogin, MaxStateVersion: 1, Locale: "it-IT", Now: now,
			Subject: &sdk.Subject{ID: "sub-1", Name: "mario.rossi"},
			RPID:    "login.bancaesempio.test",
		},
		Credentials: credentials, Inputs: inputs,
	}
}

// step runs one method of the plugin and holds its answer to the contract.
func (b *bench) step(do func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error), r *sdk.StepRequest) *sdk.StepResponse {
	b.t.Helper()
	answer, err := do(context.Background(), r)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := answer.Validate(b.desc, r); err != nil {
		b.t.Fatalf("%v\n%+v", err, answer)
	}
	return answer
}

func (b *bench) login(now time.Time, cs []sdk.Credential, code string) *sdk.StepResponse {
	b.t.Helper()
	return b.step(b.Continue, request(now, cs, map[string]string{inputCode: code}))
}

// stored is a credential with a new seed of the instance.
func (b *bench) stored(id string) (sdk.Credential, oathcode.Clock) {
	b.t.Helper()
	config, err := b.config("i")
	if err != nil {
		b.t.Fatal(err)
	}
	s := newApp(config)
	return sdk.Credential{ID: id, Type: "totp", Label: "App " + id, Data: encode(s), Revision: 7, Version: 1}, s
}

func codeAt(t testing.TB, s oathcode.Clock, at time.Time) string {
	t.Helper()
	code, err := s.Code(s.StepAt(at))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// apply commits the change of a success as the host would: only on the revision it expects.
func apply(t testing.TB, c sdk.Credential, answer *sdk.StepResponse) sdk.Credential {
	t.Helper()
	if answer.Success == nil || len(answer.CredentialChanges) != 1 {
		t.Fatalf("%+v", answer.Failure)
	}
	ch := answer.CredentialChanges[0]
	if ch.Kind != sdk.ChangeUpdate || ch.CredentialID != c.ID || ch.ExpectedRevision != c.Revision || ch.Label != c.Label || ch.Handle != c.Handle {
		t.Fatalf("the change does not fit the credential: %+v", ch)
	}
	c.Data, c.Version = ch.Data, ch.Version
	c.Revision++
	return c
}
