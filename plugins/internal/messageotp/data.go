package messageotp

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// data is what a credential holds.
type data struct {
	Address  string  `json:"address"`            // in its canonical form
	Verified int64   `json:"verified,omitempty"` // Unix seconds of when a code proved it; 0: an operator vouched for it
	Sent     []int64 `json:"sent,omitempty"`     // Unix seconds of the messages of the last day, oldest first
	Used     []used  `json:"used,omitempty"`     // codes that must not count again
}

// used is a code that counted, until it would be dead anyway.
type used struct {
	Salt  []byte `json:"salt"`
	Until int64  `json:"until"`
}

// stored is a credential with what it holds.
type stored struct {
	sdk.Credential
	data
}

// state is what a flow remembers between steps.
type state struct {
	Credential string     `json:"credential,omitempty"` // whose address it went to; empty for nobody's
	Address    string     `json:"address,omitempty"`    // that is being bound
	Code       *challenge `json:"code,omitempty"`
	Sent       []int64    `json:"sent,omitempty"` // Unix seconds of this flow's messages
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain fields always marshal
	}
	return raw
}

// credentials reads those of a request.
//
// Errors: FAILED_PRECONDITION if one is damaged or of a newer release; that is a fault, not a wrong code, and not one that should
// shut out everybody else.
func credentials(r *sdk.StepRequest) ([]stored, error) {
	out := make([]stored, 0, len(r.Credentials))
	for _, c := range r.Credentials {
		if c.Version > stateVersion {
			return nil, sdk.NotConfigured(fmt.Errorf("messageotp: credential %s was written by a newer release (version %d)", c.ID, c.Version))
		}
		s := stored{Credential: c}
		if json.Unmarshal(c.Data, &s.data) != nil || s.data.Address == "" {
			return nil, sdk.NotConfigured(fmt.Errorf("messageotp: credential %s is not readable", c.ID))
		}
		out = append(out, s)
	}
	return out, nil
}

// change stores d in the place of what the credential holds, if nobody changed it meanwhile.
func (s stored) change(d data, label string, now time.Time) sdk.CredentialChange {
	d.prune(now)
	return sdk.CredentialChange{
		Kind: sdk.ChangeUpdate, CredentialID: s.ID, Handle: s.Handle, Label: label,
		Data: encode(d), Version: stateVersion, ExpectedRevision: s.Revision,
	}
}

// spent says whether a code counted before.
func (d data) spent(c *challenge) bool {
	for _, u := range d.Used {
		if c.is(u.Salt) {
			return true
		}
	}
	return false
}

// prune forgets what nothing depends on any more.
func (d *data) prune(now time.Time) {
	var sent []int64
	for _, at := range d.Sent {
		if now.Unix()-at < int64(24*time.Hour/time.Second) {
			sent = append(sent, at)
		}
	}
	var kept []used
	for _, u := range d.Used {
		if now.Unix() < u.Until {
			kept = append(kept, u)
		}
	}
	d.Sent, d.Used = sent, kept
}
