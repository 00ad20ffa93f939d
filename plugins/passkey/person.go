package passkey

import (
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/varco-id/varco/plugins/sdk"
)

// person is a subject as go-webauthn asks for one.
type person struct {
	id          []byte
	name        string
	credentials []webauthn.Credential
}

var _ webauthn.User = person{}

// WebAuthnID implements [webauthn.User].
func (p person) WebAuthnID() []byte { return p.id }

// WebAuthnName implements [webauthn.User].
func (p person) WebAuthnName() string { return p.name }

// WebAuthnDisplayName implements [webauthn.User].
func (p person) WebAuthnDisplayName() string { return p.name }

// WebAuthnCredentials implements [webauthn.User].
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

// dialogue is how long the browser's own dialogue stays open; WebAuthn section 15.1 recommends five to ten minutes.
const dialogue = 5 * time.Minute

// relyingParty is the one that the pages of this step belong to.
func (p *Plugin) relyingParty(i instance, ctx sdk.StepContext) (*webauthn.WebAuthn, error) {
	limit := webauthn.TimeoutConfig{Timeout: dialogue, TimeoutUVD: dialogue}
	c := &webauthn.Config{
		RPID: ctx.RPID, RPDisplayName: i.RPName, RPOrigins: ctx.Origins,
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
		// Password managers answer extensions that nobody asked for. Nothing here reads them.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	}
	if c.RPDisplayName == "" {
		c.RPDisplayName = ctx.RPID
	}
	if i.models != nil {
		c.MDS = i.models
	}
	return webauthn.New(c)
}

// verification is what the authenticator is told about checking its owner.
func (p *Plugin) verification() protocol.UserVerificationRequirement {
	if p.verifies() {
		return protocol.VerificationRequired
	}
	return protocol.VerificationDiscouraged
}
