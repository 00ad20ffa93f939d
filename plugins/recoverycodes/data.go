package recoverycodes

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// data is what a credential holds.
type data struct {
	Salt  []byte  `json:"salt"` // of the whole list: one hash for each guess
	Codes []entry `json:"codes"`
}

type entry struct {
	Hash []byte `json:"hash"`
	Used int64  `json:"used,omitempty"` // Unix seconds
}

func newData(codes []string) data {
	d := data{Salt: newSalt()}
	for _, c := range codes {
		d.Codes = append(d.Codes, entry{Hash: hash(c, d.Salt)})
	}
	return d
}

// nobody's list is what the code of somebody without a list is compared with: it takes as long and fits nothing.
var nobody = data{Salt: make([]byte, saltLen)}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain fields always marshal
	}
	return raw
}

// list returns the subject's list, nil when there is none.
//
// Errors: FAILED_PRECONDITION if its data is damaged or of a newer release; that is a fault, not a wrong code, and not one that should
// shut out everybody else.
func list(r *sdk.StepRequest) (*sdk.Credential, data, error) {
	if len(r.Credentials) == 0 {
		return nil, nobody, nil
	}
	c := r.Credentials[0]
	if c.Version > stateVersion {
		return nil, data{}, sdk.NotConfigured(fmt.Errorf("recovery-codes: credential %s was written by a newer release (version %d)", c.ID, c.Version))
	}
	var d data
	if json.Unmarshal(c.Data, &d) != nil || len(d.Salt) == 0 || len(d.Codes) == 0 {
		return nil, data{}, sdk.NotConfigured(fmt.Errorf("recovery-codes: credential %s is not readable", c.ID))
	}
	return &c, d, nil
}

// find compares a code with all of the list, in constant time, and returns its place; -1 when it is not on it.
func (d data) find(code string) int {
	sum, at := hash(code, d.Salt), -1
	for i, e := range d.Codes {
		if subtle.ConstantTimeCompare(sum, e.Hash) == 1 {
			at = i
		}
	}
	return at
}

// use marks a code as used and returns how many are left.
func (d data) use(at int, now time.Time) (next data, left int) {
	next = data{Salt: d.Salt, Codes: append([]entry(nil), d.Codes...)}
	next.Codes[at].Used = now.Unix()
	for _, e := range next.Codes {
		if e.Used == 0 {
			left++
		}
	}
	return next, left
}

func update(c *sdk.Credential, d data) sdk.CredentialChange {
	return sdk.CredentialChange{
		Kind: sdk.ChangeUpdate, CredentialID: c.ID, Handle: c.Handle, Label: c.Label,
		Data: encode(d), Version: stateVersion, ExpectedRevision: c.Revision,
	}
}
