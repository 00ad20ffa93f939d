package password

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

const good = "cavallo graffetta batteria giusto"

// bench is a plugin with one instance, the real argon2id, and a count of the hashes it computed.
type bench struct {
	*Plugin
	t      testing.TB
	desc   *sdk.Description
	hashes atomic.Int64
}

func newBench(t testing.TB, config string) *bench {
	t.Helper()
	b := &bench{Plugin: New(), t: t}
	real := b.hasher.derive
	b.hasher.derive = func(password, salt []byte, p Params, length int) []byte {
		b.hashes.Add(1)
		return real(password, salt, p, length)
	}
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

func request(intent sdk.Intent, credentials []sdk.Credential, inputs map[string]string) *sdk.StepRequest {
	return &sdk.StepRequest{
		Context: sdk.StepContext{
			InstanceID: "i", MethodID: MethodID, Intent: intent, MaxStateVersion: 1, Locale: "it",
			Now:     time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
			Subject: &sdk.Subject{ID: "sub-1", Name: "mario.rossi", Attributes: map[string]string{"email": "mario.rossi@example.test"}},
			Client:  sdk.ClientInfo{ID: "app", Name: "Banca Demo"},
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

// enrolled returns the credential of a subject who chose password.
func (b *bench) enrolled(password string) []sdk.Credential {
	b.t.Helper()
	answer := b.step(b.ContinueEnroll, request(sdk.IntentEnrol, nil, map[string]string{inputNew: password}))
	if answer.Success == nil || len(answer.CredentialChanges) != 1 {
		b.t.Fatalf("%q was not accepted: %+v", password, answer.Failure)
	}
	c := answer.CredentialChanges[0]
	return []sdk.Credential{{ID: "c1", Type: "password", Data: c.Data, Revision: 1, Version: c.Version}}
}

// apply commits a change as the host would.
func apply(t testing.TB, cs []sdk.Credential, c sdk.CredentialChange) []sdk.Credential {
	t.Helper()
	if c.Kind != sdk.ChangeUpdate || c.CredentialID != cs[0].ID || c.ExpectedRevision != cs[0].Revision {
		t.Fatalf("the change does not fit the credential: %+v", c)
	}
	return []sdk.Credential{{ID: c.CredentialID, Type: "password", Data: c.Data, Revision: c.ExpectedRevision + 1, Version: c.Version}}
}
