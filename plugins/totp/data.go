package totp

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// data is what a credential holds.
type data struct {
	seed
	Last  int64 `json:"last"`            // the last step accepted; none up to it counts again
	Drift int64 `json:"drift,omitempty"` // how many steps the device's clock is ahead, when that is remembered
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
// Errors: its data is damaged or of a newer release; that is a fault, not a wrong code.
func decode(c sdk.Credential) (data, error) {
	if c.Version > stateVersion {
		return data{}, fmt.Errorf("totp: credential %s was written by a newer release (version %d)", c.ID, c.Version)
	}
	var d data
	if err := json.Unmarshal(c.Data, &d); err != nil {
		return data{}, fmt.Errorf("totp: credential %s is not readable", c.ID)
	}
	if err := d.check(); err != nil {
		return data{}, fmt.Errorf("totp: credential %s: %w", c.ID, err)
	}
	return d, nil
}

// accept looks for code in the window around now. If it finds the code at a step that was not used, it returns the
// data to store; used tells that the step is not later than the last one accepted.
func (d data) accept(code string, now time.Time, c Config) (next data, ok, used bool, err error) {
	here := d.stepAt(now)
	center := here
	if c.RememberDrift {
		center += max(-maxDrift, min(maxDrift, d.Drift))
	}
	step, found, err := d.match(code, center, c.Skew)
	if err != nil || !found {
		return data{}, false, false, err
	}
	if step <= d.Last {
		return data{}, false, true, nil
	}
	d.Last, d.Drift = step, 0
	if c.RememberDrift {
		d.Drift = step - here
	}
	return d, true, false, nil
}
