package passkey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/varco-id/varco/plugins/sdk"
)

// data is what a credential holds: the credential record of WebAuthn section 4, without what the host keeps (id, label, last use) and
// without the attestation object, which was judged once.
type data struct {
	PublicKey  []byte   `json:"public_key"` // COSE_Key
	AAGUID     []byte   `json:"aaguid,omitempty"`
	Count      uint32   `json:"count,omitempty"` // the last signature counter seen
	Eligible   bool     `json:"backup_eligible,omitempty"`
	BackedUp   bool     `json:"backed_up,omitempty"`
	Verified   bool     `json:"verified,omitempty"` // the owner was checked when it was bound
	Transports []string `json:"transports,omitempty"`
	Format     string   `json:"attestation_format,omitempty"`
	Type       string   `json:"attestation_type,omitempty"`
	UserHandle []byte   `json:"user_handle,omitempty"` // set for an imported one; else userHandle of its subject
	// Copied: a signature came with a counter that was seen before, so somebody else may hold the key. It is never accepted again.
	Copied bool `json:"copied,omitempty"`
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain fields always marshal
	}
	return raw
}

// decode reads a credential.
//
// Errors: FAILED_PRECONDITION if its data is damaged or of a newer release; that is a fault, not a wrong answer, and not one that should
// shut out everybody else.
func decode(c sdk.Credential) (data, error) {
	if c.Version > stateVersion {
		return data{}, sdk.NotConfigured(fmt.Errorf("passkey: credential %s was written by a newer release (version %d)", c.ID, c.Version))
	}
	var d data
	if json.Unmarshal(c.Data, &d) != nil || len(d.PublicKey) == 0 {
		return data{}, sdk.NotConfigured(fmt.Errorf("passkey: credential %s is not readable", c.ID))
	}
	return d, nil
}

// record is the credential as go-webauthn takes it.
func (d data) record(id []byte) webauthn.Credential {
	c := webauthn.Credential{
		ID: id, PublicKey: d.PublicKey, AttestationFormat: d.Format, AttestationType: d.Type,
		Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: d.Verified, BackupEligible: d.Eligible, BackupState: d.BackedUp},
		Authenticator: webauthn.Authenticator{AAGUID: d.AAGUID, SignCount: d.Count},
	}
	for _, t := range d.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// handleOf is the public handle of a credential: its id, as a browser writes it.
func handleOf(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

func idOf(handle string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(handle) }

// userHandle is what an authenticator keeps to name the subject (WebAuthn section 5.4.3): the same for all credentials of theirs, and
// nothing that says who they are to whoever reads it from a lost key.
func userHandle(subject string) []byte {
	sum := sha256.Sum256([]byte("varco webauthn user handle\x00" + subject))
	return sum[:]
}

// ceremony is the flow state: what was asked, all of it, and until when an answer counts.
type ceremony struct {
	Session webauthn.SessionData `json:"session"`
	Create  bool                 `json:"create,omitempty"`
	Until   time.Time            `json:"until"`
}

// lifetime is how long an answer is waited for: longer than the dialogue stays open, since a page offers passkeys as long as it is shown.
const lifetime = 10 * time.Minute

var errExpired = errors.New("passkey: the ceremony is over, or was never begun")

// open reads the flow state.
func open(r *sdk.StepRequest, create bool) (ceremony, error) {
	var c ceremony
	if r.StateVersion > stateVersion || json.Unmarshal(r.State, &c) != nil || c.Session.Challenge == "" || c.Create != create || !r.Context.Now.Before(c.Until) {
		return ceremony{}, errExpired
	}
	return c, nil
}

func until(ctx sdk.StepContext) time.Time {
	end := ctx.Now.Add(lifetime)
	if !ctx.ExpiresAt.IsZero() && ctx.ExpiresAt.Before(end) {
		end = ctx.ExpiresAt
	}
	return end
}
