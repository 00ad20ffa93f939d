package sdktest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Person is a subscriber and what the plugin stored for them.
type Person struct {
	Subject     sdk.Subject
	Credentials []sdk.Credential

	plugin *Plugin
	made   int
}

// Login starts a login with a method.
func (p *Person) Login(method string) *Flow { return p.plugin.flow(p, method, sdk.IntentLogin) }

// Enrol starts the binding of a credential.
func (p *Person) Enrol(method string) *Flow { return p.plugin.flow(p, method, sdk.IntentEnrol) }

// Flow is one login or binding. Context may be changed before a step; the host's own fields of it are set by the step.
type Flow struct {
	Context sdk.StepContext

	plugin  *Plugin
	person  *Person
	state   []byte
	version uint32
	last    *sdk.StepRequest
	begun   bool
}

// Begin runs the first step.
func (f *Flow) Begin() *sdk.StepResponse {
	f.plugin.t.Helper()
	f.begun = false
	return f.run(nil)
}

// Continue runs the next step with what the person entered.
func (f *Flow) Continue(inputs map[string]string) *sdk.StepResponse {
	f.plugin.t.Helper()
	f.begun = true
	return f.run(inputs)
}

// Repeat makes the last call again, as the host does when it does not know what became of it: same key, same
// credentials, same state. Nothing is committed.
func (f *Flow) Repeat() *sdk.StepResponse {
	f.plugin.t.Helper()
	return f.call(f.last)
}

func (f *Flow) run(inputs map[string]string) *sdk.StepResponse {
	f.plugin.t.Helper()
	f.last = f.request(inputs)
	f.Context.Step++
	r := f.call(f.last)
	f.state, f.version = bytes.Clone(r.State), r.StateVersion
	if f.person != nil {
		f.person.commit(f.plugin.t, r.CredentialChanges)
	}
	for _, e := range r.Effects {
		if !slices.ContainsFunc(f.plugin.Effects, func(old sdk.Effect) bool { return old.IdempotencyKey == e.IdempotencyKey }) {
			f.plugin.Effects = append(f.plugin.Effects, e)
		}
	}
	return r
}

func (f *Flow) request(inputs map[string]string) *sdk.StepRequest {
	r := &sdk.StepRequest{Context: f.Context, State: bytes.Clone(f.state), StateVersion: f.version, Inputs: inputs}
	r.Context.IdempotencyKey = fmt.Sprintf("%s/%d", f.Context.FlowID, f.Context.Step)
	r.Context.Now = f.plugin.Now
	if r.Context.ExpiresAt.IsZero() {
		r.Context.ExpiresAt = f.plugin.Now.Add(10 * time.Minute)
	}
	if f.person != nil {
		subject := f.person.Subject
		r.Context.Subject = &subject
		r.Credentials = slices.Clone(f.person.Credentials)
	}
	return r
}

// call runs a step and checks the answer as the host would.
func (f *Flow) call(r *sdk.StepRequest) *sdk.StepResponse {
	t := f.plugin.t
	t.Helper()
	call := f.plugin.Client.Begin
	switch enrol := f.Context.Intent == sdk.IntentEnrol; {
	case enrol && f.begun:
		call = f.plugin.ContinueEnroll
	case enrol:
		call = f.plugin.BeginEnroll
	case f.begun:
		call = f.plugin.Client.Continue
	}
	answer, err := call(t.Context(), r)
	if err != nil {
		t.Fatalf("step %d: %v", r.Context.Step, err)
	}
	if err := answer.Validate(f.plugin.Description, r); err != nil {
		t.Fatalf("step %d: %v", r.Context.Step, err)
	}
	return answer
}

// commit does what the host's transaction does. Validate has checked the revisions.
func (p *Person) commit(t testing.TB, changes []sdk.CredentialChange) {
	t.Helper()
	for _, c := range changes {
		if c.Kind == sdk.ChangeCreate {
			p.made++
			p.Credentials = append(p.Credentials, sdk.Credential{
				ID: fmt.Sprintf("%s-%d", p.Subject.ID, p.made), Type: p.plugin.Description.CredentialType,
				Handle: c.Handle, Label: c.Label, Data: c.Data, Version: c.Version, Revision: 1})
			continue
		}
		i := slices.IndexFunc(p.Credentials, func(old sdk.Credential) bool { return old.ID == c.CredentialID })
		if i < 0 {
			t.Fatalf("%s of %q, which the same step removed", c.Kind, c.CredentialID)
		}
		if c.Kind == sdk.ChangeRevoke {
			p.Credentials = slices.Delete(p.Credentials, i, i+1)
			continue
		}
		old := &p.Credentials[i]
		old.Data, old.Version, old.Revision = c.Data, c.Version, old.Revision+1
		if c.Handle != "" {
			old.Handle = c.Handle
		}
		if c.Label != "" {
			old.Label = c.Label
		}
	}
}

// testKeys makes the instance keys a plugin asks for.
func testKeys(d *sdk.Description) map[string][]byte {
	keys := make(map[string][]byte)
	for _, k := range d.InstanceKeys {
		switch k.Kind {
		case "ES256":
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				panic(err)
			}
			if keys[k.Name], err = x509.MarshalPKCS8PrivateKey(key); err != nil {
				panic(err)
			}
		default:
			keys[k.Name] = make([]byte, 32)
			rand.Read(keys[k.Name])
		}
	}
	return keys
}
