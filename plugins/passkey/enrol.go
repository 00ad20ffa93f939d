package passkey

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/varco-id/varco/plugins/sdk"
)

const inputLabel = "label"

// BeginEnroll implements [sdk.Enrollment].
func (p *Plugin) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	i, err := p.instance(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	return p.offer(i, r, "", "")
}

// offer begins a registration. What the person has of this instance is excluded, so that one authenticator is not bound twice.
func (p *Plugin) offer(i instance, r *sdk.StepRequest, problem, labelProblem string) (*sdk.StepResponse, error) {
	if r.Context.Subject == nil {
		return nil, errors.New("passkey: no subject to bind an authenticator to")
	}
	rp, err := p.relyingParty(i, r.Context)
	if err != nil || len(r.Credentials) >= maxCredentials {
		return notHere(), nil
	}
	var exclude []protocol.CredentialDescriptor
	for _, c := range r.Credentials {
		d, err := decode(c)
		if err != nil {
			return nil, err
		}
		if id, err := idOf(c.Handle); err == nil {
			record := d.record(id)
			exclude = append(exclude, record.Descriptor())
		}
	}
	selection := protocol.AuthenticatorSelection{UserVerification: p.verification()}
	options := []webauthn.RegistrationOption{
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()),
		webauthn.WithExclusions(exclude),
		webauthn.WithConveyancePreference(protocol.ConveyancePreference(i.Attestation)),
	}
	if p.verifies() {
		selection.ResidentKey, selection.RequireResidentKey = protocol.ResidentKeyRequirementRequired, protocol.ResidentKeyRequired()
		options = append(options, webauthn.WithExtensions(webauthn.WithExtensionCredProps()))
	} else {
		selection.ResidentKey, selection.RequireResidentKey = protocol.ResidentKeyRequirementDiscouraged, protocol.ResidentKeyNotRequired()
		selection.AuthenticatorAttachment = protocol.CrossPlatform
		options = append(options, webauthn.WithPublicKeyCredentialHints([]protocol.PublicKeyCredentialHints{protocol.PublicKeyCredentialHintSecurityKey}))
	}
	options = append(options, webauthn.WithAuthenticatorSelection(selection))
	who := person{id: userHandle(r.Context.Subject.ID), name: r.Context.Subject.Name}
	if who.name == "" {
		who.name = text(r.Context.Locale, "account")
	}
	creation, session, err := rp.BeginRegistration(who, options...)
	if err != nil {
		return nil, err
	}
	return p.show(r, ceremony{Session: *session, Create: true}, p.enrolView(creation.Response, typedLabel(r), problem, labelProblem)), nil
}

func (p *Plugin) enrolView(options any, label, problem, labelProblem string) sdk.View {
	if utf8.RuneCountInString(label) > maxLabel {
		label = ""
	}
	v := sdk.Screen(sdk.T(p.key("enrol.title")))
	if problem != "" {
		v.Nodes = append(v.Nodes, sdk.Node{Paragraph: &sdk.Paragraph{Text: sdk.T(problem), Style: sdk.StyleError}})
	}
	v.Nodes = append(v.Nodes, sdk.Say(sdk.T(p.key("enrol.guidance"))),
		sdk.Field(sdk.TextField{
			Name: inputLabel, Kind: sdk.FieldText, MaxLength: maxLabel, Value: label, Optional: true,
			Label: sdk.T("field.label"), Hint: sdk.T(p.key("field.label.hint")), Error: sdk.T(labelProblem),
		}),
		sdk.Node{WebAuthn: &sdk.WebAuthn{Create: true, Options: encode(options)}},
		sdk.Submit("create", sdk.T(p.key("enrol.create"))))
	return v
}

// refuse shows the page anew, with another challenge. A mishap of the person who binds is not a guess: it does not count.
func (p *Plugin) refuse(i instance, r *sdk.StepRequest, reason sdk.Reason, problem, labelProblem string) (*sdk.StepResponse, error) {
	answer, err := p.offer(i, r, problem, labelProblem)
	if err != nil || answer.Challenge == nil {
		return answer, err
	}
	answer.Failure = &sdk.Failure{Reason: reason, Retryable: true, View: &answer.Challenge.View}
	answer.Challenge = nil
	return answer, nil
}

// ContinueEnroll implements [sdk.Enrollment].
func (p *Plugin) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	i, err := p.instance(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	rp, err := p.relyingParty(i, r.Context)
	if err != nil || r.Context.Subject == nil {
		return notHere(), nil
	}
	label := typedLabel(r)
	if utf8.RuneCountInString(label) > maxLabel {
		return p.refuse(i, r, sdk.ReasonInvalidInput, "", "error.label")
	}
	asked, err := open(r, true)
	if err != nil {
		return p.refuse(i, r, sdk.ReasonExpired, "error.expired", "")
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes([]byte(r.Inputs[inputAnswer]))
	if err != nil {
		return p.refuse(i, r, sdk.ReasonInvalidInput, "error.answer", "")
	}
	made, err := rp.CreateCredential(person{id: userHandle(r.Context.Subject.ID)}, asked.Session, answer)
	if err == nil && i.models != nil {
		err = i.models.proven(made)
	}
	switch {
	case err != nil && i.models != nil && !errors.Is(err, protocol.ErrChallengeMismatch):
		return p.refuse(i, r, sdk.ReasonBadCredential, "error.model", "")
	case err != nil || len(made.ID) > maxID:
		return p.refuse(i, r, sdk.ReasonBadCredential, "error.enrol", "")
	case made.Flags.BackupEligible && !i.AllowSynced:
		return p.refuse(i, r, sdk.ReasonBadCredential, "error.synced", "")
	case p.verifies() && made.Extensions.RK != nil && !*made.Extensions.RK:
		return p.refuse(i, r, sdk.ReasonBadCredential, "error.nameless", "")
	}
	d := data{
		PublicKey: made.PublicKey, AAGUID: made.Authenticator.AAGUID, Count: made.Authenticator.SignCount,
		Eligible: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, Verified: made.Flags.UserVerified,
		Transports: transports(made.Transport), Format: made.AttestationFormat, Type: made.AttestationType,
	}
	if label == "" {
		label = p.defaultLabel(r, d)
	}
	return &sdk.StepResponse{
		// A new key was reported, by somebody who was there; that it can be used is proven when it is.
		Success: &sdk.Success{AMR: []string{"user"}},
		CredentialChanges: []sdk.CredentialChange{{
			Kind: sdk.ChangeCreate, Handle: handleOf(made.ID), Label: label, Data: encode(d), Version: stateVersion,
		}},
		StateVersion: stateVersion,
	}, nil
}

// transports keeps the hints by which a browser finds the authenticator again, as long as they are few and short.
func transports(in []protocol.AuthenticatorTransport) []string {
	var out []string
	for _, t := range in {
		if len(t) <= 16 && len(out) < 8 {
			out = append(out, string(t))
		}
	}
	return out
}

// Revoke implements [sdk.Enrollment]; the key stays in the authenticator, and opens nothing here any more.
func (p *Plugin) Revoke(_ context.Context, instanceID string, _ sdk.Credential) error {
	_, err := p.instance(instanceID)
	return err
}
