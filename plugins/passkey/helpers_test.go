package passkey

import (
	"context"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/passkey/passkeytest"
	"github.com/varco-id/varco/plugins/sdk"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	rpID   = "login.bancaesempio.test"
	origin = "https://login.bancaesempio.test"
)

// bench plays the host for one plugin: it keeps flow state and credentials, and holds every answer to the contract.
type bench struct {
	*Plugin
	t     testing.TB
	desc  *sdk.Description
	now   time.Time
	state []byte
	creds map[string][]sdk.Credential // by subject
	edit  func(*sdk.StepContext)
}

func newBench(t testing.TB, p *Plugin, config string) *bench {
	t.Helper()
	b := &bench{Plugin: p, t: t, now: noon, creds: map[string][]sdk.Credential{}}
	if err := b.Configure(context.Background(), sdk.Configuration{InstanceID: "i", Revision: "1", JSON: []byte(config)}); err != nil {
		t.Fatal(err)
	}
	desc, err := b.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b.desc = desc
	return b
}

func honest() *passkeytest.Authenticator {
	return &passkeytest.Authenticator{Origin: origin, Flags: passkeytest.UserPresent | passkeytest.UserVerified}
}

type call func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error)

// step makes a call about the subject ("" for nobody) as the host does, looking up the handle that the plugin asks for, and commits.
func (b *bench) step(do call, subject string, inputs map[string]string) *sdk.StepResponse {
	b.t.Helper()
	r := &sdk.StepRequest{
		Context: sdk.StepContext{InstanceID: "i", MethodID: b.name, Intent: sdk.IntentLogin, MaxStateVersion: 1, Locale: "it-IT", Now: b.now,
			ExpiresAt: noon.Add(time.Hour), RPID: rpID, Origins: []string{origin}, Browser: sdk.BrowserInfo{UserAgent: "Mozilla/5.0 (Windows NT 10.0)"}},
		State: b.state, StateVersion: 1, Inputs: inputs,
	}
	if subject != "" {
		r.Context.Subject, r.Context.Identified, r.Credentials = &sdk.Subject{ID: subject, Name: subject + ".rossi"}, true, b.creds[subject]
	}
	if b.edit != nil {
		b.edit(&r.Context)
	}
	answer := b.call(do, r)
	if answer.Identify != nil {
		r.Context.Sought = answer.Identify.Handle
		for who, creds := range b.creds {
			for _, c := range creds {
				if c.Handle == answer.Identify.Handle {
					subject, r.Context.Subject, r.Credentials = who, &sdk.Subject{ID: who}, []sdk.Credential{c}
				}
			}
		}
		answer = b.call(do, r)
	}
	b.state = answer.State
	for _, ch := range answer.CredentialChanges {
		if ch.Kind == sdk.ChangeCreate {
			b.creds[subject] = append(b.creds[subject], sdk.Credential{ID: "c" + ch.Handle[:8], Type: b.desc.CredentialType, Handle: ch.Handle,
				Label: ch.Label, Data: ch.Data, Version: ch.Version, Revision: 1})
			continue
		}
		for n, c := range b.creds[subject] {
			if c.ID == ch.CredentialID && c.Revision == ch.ExpectedRevision {
				c.Data, c.Handle, c.Label, c.Version = ch.Data, ch.Handle, ch.Label, ch.Version
				c.Revision++
				b.creds[subject][n] = c
			}
		}
	}
	return answer
}

func (b *bench) call(do call, r *sdk.StepRequest) *sdk.StepResponse {
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

func view(r *sdk.StepResponse) *sdk.View {
	switch {
	case r.Challenge != nil:
		return &r.Challenge.View
	case r.Failure != nil:
		return r.Failure.View
	}
	return nil
}

// ceremony returns what the page's script is given.
func (b *bench) ceremony(r *sdk.StepResponse) []byte {
	b.t.Helper()
	if v := view(r); v != nil {
		for _, n := range v.Nodes {
			if n.WebAuthn != nil {
				return n.WebAuthn.Options
			}
		}
	}
	b.t.Fatalf("no ceremony in %+v", r)
	return nil
}

// problem is the text that says why.
func problem(r *sdk.StepResponse) string {
	if v := view(r); v != nil {
		for _, n := range v.Nodes {
			switch {
			case n.Paragraph != nil && n.Paragraph.Style == sdk.StyleError:
				return n.Paragraph.Text.Key
			case n.TextField != nil && n.TextField.Error.Key != "":
				return n.TextField.Error.Key
			}
		}
	}
	return ""
}

// bind adds a key of a to the subject's credentials.
func (b *bench) bind(subject string, a *passkeytest.Authenticator) *passkeytest.Key {
	b.t.Helper()
	k, answer, err := a.Create(b.ceremony(b.step(b.BeginEnroll, subject, nil)))
	must(b.t, err)
	done := b.step(b.ContinueEnroll, subject, map[string]string{inputAnswer: answer})
	if done.Success == nil {
		b.t.Fatalf("not bound: %s", problem(done))
	}
	return k
}

// signIn answers a fresh ceremony with k; subject is who is known already, or "".
func (b *bench) signIn(subject string, a *passkeytest.Authenticator, k *passkeytest.Key) *sdk.StepResponse {
	b.t.Helper()
	answer, err := a.Get(b.ceremony(b.step(b.Begin, subject, nil)), k)
	must(b.t, err)
	return b.step(b.Continue, subject, map[string]string{inputAnswer: answer})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
