package login_test

import (
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	. "github.com/varco-id/varco/provider/internal/login"
)

// A page that stood open longer than a session may is answered by whoever sits there now.
func TestPageLeftOpenEndsWithItsSession(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	w := b.browser()
	w.signIn("mario.bianchi")
	p := w.open(sca)
	if left := p.Expires.Sub(b.now); left > 5*time.Minute {
		t.Fatalf("the page promises %v", left)
	}
	b.pass(6 * time.Minute)
	if next := w.code(p, b.totp()); next.Answer != nil || next.Step == nil || !next.Step.AskName {
		t.Fatalf("answered after six minutes: %+v", next)
	}
}

// Who removed a lost authenticator must not go on, in another browser, as if it were there.
func TestProofEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	thief, owner := b.browser(), b.browser()
	thief.code(thief.password(thief.open(sca), "mario.bianchi", annaPassword), b.totp())
	b.pass(time.Minute)
	owner.code(owner.password(owner.open(sca), "mario.bianchi", annaPassword), b.totp())
	o, err := b.d.Overview(t.Context(), owner.Browser)
	must(t, err)
	for _, c := range o.Credentials {
		if c.Instance == "totp" {
			if p := owner.account(func(r *Request) { r.Unbind = c.ID }); p.Answer == nil {
				t.Fatalf("not removed: %+v", p)
			}
		}
	}
	if p := thief.open(sca); p.Answer != nil {
		t.Fatalf("signed on with what was removed: %+v", p.Answer.Outcome)
	}
}

// Naming somebody is not enough to make or remove their credentials, whatever a plugin says.
func TestPluginChangesNothingOfWhoeverIsNamed(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	sub := b.person("anna.rossi", false)
	b.plugins.lie = func(r *sdk.StepResponse) {
		r.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Data: []byte("{}")}}
	}
	w := b.browser()
	p := w.open()
	_, err := b.d.Submit(t.Context(), p.Flow, w.Browser, Submission{Version: p.Version, Name: "anna.rossi", Inputs: map[string]string{"password": "wrong"}})
	if !fault.Is(err, fault.Denied) {
		t.Fatalf("got %v", err)
	}
	creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
	must(t, err)
	if len(creds) != 1 {
		t.Fatalf("%d credentials", len(creds))
	}
}
