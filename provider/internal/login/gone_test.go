package login_test

import (
	"slices"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"

	. "github.com/varco-id/varco/provider/internal/login"
)

// A plugin may say that a credential is gone (a phone that its vendor removed), of somebody who is proven to be the one; the person is told.
// Of somebody who was merely named it may not: a stranger could then remove people's authenticators.
func TestPluginRemovesACredential(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.withTexting()
	sub := b.person("anna.rossi", true)
	b.phone(sub)
	var gone sdk.Credential
	b.plugins.lie = func(r *sdk.StepResponse) {
		if len(r.Effects) > 0 {
			*r = sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonDeviceUnreachable},
				CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeRevoke, CredentialID: gone.ID, ExpectedRevision: 1}}}
		}
	}
	creds, err := b.store.CredentialsOf(t.Context(), b.store, sub)
	must(t, err)
	for _, c := range creds {
		if c.Instance == "sms" {
			gone.ID = c.ID
		}
	}
	w := b.browser()
	p := w.password(w.open(sca), "anna.rossi", annaPassword)
	if p.Choose == nil || slices.ContainsFunc(p.Choose.Options, func(o MethodOption) bool { return o.Method == "sms" }) || len(p.Choose.Options) != 1 {
		t.Fatalf("got %+v", p)
	}
	if creds, err = b.store.CredentialsOf(t.Context(), b.store, sub); err != nil || len(creds) != 2 {
		t.Fatalf("%d credentials, %v", len(creds), err)
	}
	if got := b.told("credential.revoked", "instance", "reason"); !slices.Equal(got, []string{"credential.revoked instance=sms reason=plugin"}) {
		t.Errorf("audited: %q", got)
	}
	if len(b.outbox.messages) != 1 || b.outbox.messages[0].Template != string(delivery.NoticeRemoved) {
		t.Errorf("told: %+v", b.outbox.messages)
	}
	p = w.send(p, Submission{Action: ActionChoose, Method: "totp"})
	if p = w.code(p, b.totp()); p.Answer == nil {
		t.Fatalf("the other way: %+v", p)
	}

	// The code comes first: nobody is proven.
	b.phone(sub)
	b.d.Policy.Levels[0].AnyOf = [][]string{{"sms"}}
	stranger := b.browser()
	p = stranger.open()
	if creds, err = b.store.CredentialsOf(t.Context(), b.store, sub); err != nil {
		t.Fatal(err)
	}
	gone.ID = creds[len(creds)-1].ID
	if _, err := b.d.Submit(t.Context(), p.Flow, stranger.Browser, Submission{Version: p.Version, Name: "anna.rossi"}); !fault.Is(err, fault.Denied) {
		t.Fatalf("a stranger: %v", err)
	}
	if after, err := b.store.CredentialsOf(t.Context(), b.store, sub); err != nil || len(after) != len(creds) {
		t.Fatalf("a stranger removed one: %v %v", after, err)
	}
}
