package passkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/google/uuid"

	"github.com/varco-id/varco/plugins/sdk"
)

// importForm is a credential record of another relying party on the same RP ID.
type importForm struct {
	ID         protocol.URLEncodedBase64 `json:"id"`
	PublicKey  protocol.URLEncodedBase64 `json:"public_key"` // COSE_Key
	UserHandle protocol.URLEncodedBase64 `json:"user_handle"`
	AAGUID     string                    `json:"aaguid"`
	Count      uint32                    `json:"sign_count"`
	Eligible   bool                      `json:"backup_eligible"`
	BackedUp   bool                      `json:"backed_up"`
	Verified   bool                      `json:"user_verified"`
	Transports []string                  `json:"transports"`
	Label      string                    `json:"label"`
}

// ImportCredentials implements [sdk.Enrollment].
func (p *Plugin) ImportCredentials(_ context.Context, instanceID string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	i, err := p.instance(instanceID)
	if err != nil {
		return nil, err
	}
	results := make([]sdk.ImportResult, len(inputs))
	for n, input := range inputs {
		c, err := p.importOne(i, input.JSON)
		if err != nil {
			results[n].Error = err.Error()
			continue
		}
		results[n].Change = c
	}
	return results, nil
}

func (p *Plugin) importOne(i instance, raw []byte) (sdk.CredentialChange, error) {
	var f importForm
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || d.More() {
		return sdk.CredentialChange{}, errors.New(`give {"id": …, "public_key": …, "user_handle": …} in base64url, as docs/plugins/passkey.md describes`)
	}
	var model uuid.UUID
	_, keyErr := webauthncose.ParsePublicKey(f.PublicKey)
	switch {
	case i.models != nil:
		return sdk.CredentialChange{}, errors.New("an imported credential proves no model: attestation direct does not allow it")
	case len(f.ID) == 0 || len(f.ID) > maxID:
		return sdk.CredentialChange{}, errors.New("the id must be the credential's id, at most 1,023 bytes")
	case keyErr != nil:
		return sdk.CredentialChange{}, errors.New("the public_key must be a COSE_Key")
	case len(f.UserHandle) > 64 || (p.verifies() && len(f.UserHandle) == 0):
		return sdk.CredentialChange{}, errors.New("the user_handle must be what the passkey was made with, at most 64 bytes")
	case f.BackedUp && !f.Eligible:
		return sdk.CredentialChange{}, errors.New("backed_up needs backup_eligible")
	case f.AAGUID != "":
		var err error
		if model, err = uuid.Parse(f.AAGUID); err != nil {
			return sdk.CredentialChange{}, errors.New("the aaguid must be a UUID")
		}
	}
	r := &sdk.StepRequest{Inputs: map[string]string{inputLabel: f.Label}}
	label := typedLabel(r)
	if utf8.RuneCountInString(label) > maxLabel {
		return sdk.CredentialChange{}, errors.New("the label must have at most 64 characters")
	}
	var hints []protocol.AuthenticatorTransport
	for _, t := range f.Transports {
		hints = append(hints, protocol.AuthenticatorTransport(t))
	}
	out := data{PublicKey: f.PublicKey, AAGUID: model[:], Count: f.Count, Eligible: f.Eligible, BackedUp: f.BackedUp, Verified: f.Verified,
		Transports: transports(hints), Format: string(protocol.AttestationFormatNone), UserHandle: f.UserHandle}
	if label == "" {
		label = p.defaultLabel(r, out)
	}
	return sdk.CredentialChange{Kind: sdk.ChangeCreate, Handle: handleOf(f.ID), Label: label, Data: encode(out), Version: stateVersion}, nil
}
