package passkey

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
)

// models says which authenticators an operator allows, in the form that go-webauthn asks for metadata: each model that is listed has an
// entry, and its statements must lead to one of the roots.
type models struct {
	allowed map[uuid.UUID]bool
	roots   []*x509.Certificate
}

var _ metadata.Provider = (*models)(nil)

// certified are the kinds of attestation that a maker's certificate stands behind. A statement signed with the credential's own key
// (self attestation) proves no model.
var certified = metadata.AuthenticatorAttestationTypes{metadata.BasicFull, metadata.AttCA, metadata.AnonCA}

// GetEntry implements [metadata.Provider].
func (m *models) GetEntry(_ context.Context, aaguid uuid.UUID) (*metadata.Entry, error) {
	if !m.allowed[aaguid] {
		return nil, nil // how the interface says that there is none
	}
	return &metadata.Entry{AaGUID: aaguid, MetadataStatement: metadata.Statement{
		AaGUID: aaguid, AttestationTypes: certified, AttestationRootCertificates: m.roots}}, nil
}

// GetValidateEntry implements [metadata.Provider]: what is not listed is refused.
func (*models) GetValidateEntry(context.Context) bool { return true }

// GetValidateEntryPermitZeroAAGUID implements [metadata.Provider]: an authenticator without a model is not listed.
func (*models) GetValidateEntryPermitZeroAAGUID(context.Context) bool { return false }

// GetValidateTrustAnchor implements [metadata.Provider].
func (*models) GetValidateTrustAnchor(context.Context) bool { return true }

// GetValidateStatus implements [metadata.Provider]: an operator takes a model off the list.
func (*models) GetValidateStatus(context.Context) bool { return false }

// GetValidateAttestationTypes implements [metadata.Provider].
func (*models) GetValidateAttestationTypes(context.Context) bool { return true }

// ValidateStatusReports implements [metadata.Provider].
func (*models) ValidateStatusReports(context.Context, []metadata.StatusReport) error { return nil }

var errModel = errors.New("the authenticator's model is not proven")

// proven checks what go-webauthn lets pass although a model is asked for: no statement at all, and one made of several.
func (m *models) proven(c *webauthn.Credential) error {
	switch protocol.AttestationFormat(c.AttestationFormat) {
	case protocol.AttestationFormatNone, protocol.AttestationFormatCompound, "":
		return errModel
	}
	if !slices.Contains(certified, metadata.AuthenticatorAttestationType(c.AttestationType)) {
		return errModel
	}
	return nil
}
