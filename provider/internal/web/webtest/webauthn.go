package webtest

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Authenticator plugs a virtual authenticator into the tab: a phone or laptop with passkeys, of which change makes another one. A tab has
// no other authenticators from then on.
func (tab *Tab) Authenticator(t testing.TB, change ...func(*webauthn.VirtualAuthenticatorOptions)) webauthn.AuthenticatorID {
	t.Helper()
	o := &webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21,
		Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}
	for _, f := range change {
		f(o)
	}
	var id webauthn.AuthenticatorID
	tab.Run(t, webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		id, err = webauthn.AddVirtualAuthenticator(o).Do(ctx)
		return err
	}))
	return id
}

// Keys are the credentials on a virtual authenticator.
func (tab *Tab) Keys(t testing.TB, id webauthn.AuthenticatorID) []*webauthn.Credential {
	t.Helper()
	var keys []*webauthn.Credential
	tab.Run(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		keys, err = webauthn.GetCredentials(id).Do(ctx)
		return err
	}))
	return keys
}
