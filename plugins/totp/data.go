package totp

import (
	"encoding/json"
	"fmt"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// maxDrift is how many periods a remembered clock may have gone wrong.
const maxDrift = 10

// newApp is what a credential holds of an app that showed no code yet.
func newApp(c Config) oathcode.Clock {
	return oathcode.Clock{Seed: oathcode.NewSeed(c.Algorithm, c.Digits), Period: c.Period, Last: -1}
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
// Errors: FAILED_PRECONDITION if its data is damaged or of a newer release; that is a fault, not a wrong code, and not one
// that should shut out everybody else.
func decode(c sdk.Credential) (oathcode.Clock, error) {
	if c.Version > stateVersion {
		return oathcode.Clock{}, sdk.NotConfigured(fmt.Errorf("totp: credential %s was written by a newer release (version %d)", c.ID, c.Version))
	}
	var d oathcode.Clock
	if err := json.Unmarshal(c.Data, &d); err != nil {
		return oathcode.Clock{}, sdk.NotConfigured(fmt.Errorf("totp: credential %s is not readable", c.ID))
	}
	if err := d.Check(); err != nil {
		return oathcode.Clock{}, sdk.NotConfigured(fmt.Errorf("totp: credential %s: %w", c.ID, err))
	}
	return d, nil
}

func (c Config) window() oathcode.Window {
	w := oathcode.Window{Skew: c.Skew}
	if c.RememberDrift {
		w.MaxDrift = maxDrift
	}
	return w
}
