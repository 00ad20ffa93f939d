package password

import (
	"encoding/json"
	"fmt"

	"github.com/varco-id/varco/plugins/sdk"
)

// data is what a credential holds.
type data struct {
	PHC string `json:"phc"`
}

func encode(h hash) []byte {
	raw, err := json.Marshal(data{h.String()})
	if err != nil {
		panic(err) // a struct of one string always marshals
	}
	return raw
}

// stored is a credential with its hash.
type stored struct {
	sdk.Credential
	hash hash
}

// credential returns the subject's password, or nil when there is none.
//
// Errors: FAILED_PRECONDITION if its data is damaged or of a newer release; that is a fault, not a wrong password, and not
// one that should shut out everybody else.
func credential(r *sdk.StepRequest) (*stored, error) {
	if len(r.Credentials) == 0 {
		return nil, nil
	}
	c := r.Credentials[0]
	if c.Version > stateVersion {
		return nil, sdk.NotConfigured(fmt.Errorf("password: credential %s was written by a newer release (version %d)", c.ID, c.Version))
	}
	var d data
	if err := json.Unmarshal(c.Data, &d); err != nil {
		return nil, sdk.NotConfigured(fmt.Errorf("password: credential %s is not readable", c.ID))
	}
	h, err := parsePHC(d.PHC)
	if err != nil {
		return nil, sdk.NotConfigured(fmt.Errorf("password: credential %s holds no valid hash", c.ID))
	}
	return &stored{c, h}, nil
}

// replace is the change that puts h into a credential, if nobody changed it meanwhile.
func (s *stored) replace(h hash) sdk.CredentialChange {
	return sdk.CredentialChange{
		Kind: sdk.ChangeUpdate, CredentialID: s.ID, Handle: s.Handle, Label: s.Label,
		Data: encode(h), Version: stateVersion, ExpectedRevision: s.Revision,
	}
}
