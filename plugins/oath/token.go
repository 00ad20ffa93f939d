package oath

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// token is what a credential holds: one of the two.
type token struct {
	Clock   *oathcode.Clock   `json:"clock,omitempty"`
	Counter *oathcode.Counter `json:"counter,omitempty"`
	// Fresh: no code of it was seen yet. Its first use takes two in a row, by which the person shows that they hold it, and we learn where
	// its clock or count is.
	Fresh bool `json:"fresh,omitempty"`
	// Expires is when the maker says that it ends, in Unix seconds; 0: never.
	Expires int64 `json:"expires,omitempty"`
}

func (t token) check() error {
	switch {
	case t.Clock != nil && t.Counter == nil:
		return t.Clock.Check()
	case t.Counter != nil && t.Clock == nil:
		if t.Counter.Next < 0 {
			return errors.New("the counter must be 0 or more")
		}
		return t.Counter.Check()
	}
	return errors.New("neither a time token nor a button token")
}

func (t token) expired(now time.Time) bool { return t.Expires != 0 && now.Unix() >= t.Expires }

// accept looks for one code near where it should be.
func (t token) accept(code string, now time.Time, c Config) (next token, ok, used bool, err error) {
	if t.Clock != nil {
		clock, ok, used, err := t.Clock.Accept(code, now, c.window())
		return token{Clock: &clock, Expires: t.Expires}, ok, used, err
	}
	counter, ok, used, err := t.Counter.Accept(code, c.LookAhead)
	return token{Counter: &counter, Expires: t.Expires}, ok, used, err
}

// far says whether a code is one of the token's further away, so that the next one is worth asking for.
func (t token) far(code string, now time.Time, c Config) (bool, error) {
	if t.Clock != nil {
		here := t.Clock.StepAt(now)
		_, ok, err := t.Clock.Match(code, max(here-int64(c.ResyncPeriods), t.Clock.Last+1), here+int64(c.ResyncPeriods))
		return ok, err
	}
	_, ok, err := t.Counter.Match(code, t.Counter.Next, t.Counter.Next+int64(c.ResyncPresses))
	return ok, err
}

// codes is how many codes accept and far compute together; most is the highest that any token makes them compute.
func (t token) codes(now time.Time, c Config) int64 {
	if t.Clock != nil {
		here, reach := t.Clock.StepAt(now), int64(c.ResyncPeriods)
		return int64(2*c.Skew+1) + max(0, here+reach-max(here-reach, t.Clock.Last+1)+1)
	}
	return min(t.Counter.Next, 1) + int64(c.LookAhead+1+c.ResyncPresses+1)
}

func most(c Config) int64 {
	return max(int64(2*c.Skew+1+2*c.ResyncPeriods+1), int64(1+c.LookAhead+1+c.ResyncPresses+1))
}

// rest computes the codes that are missing to the most, so that a time token, a button token and none at all take the same time.
func (t token) rest(code string, now time.Time, c Config) error {
	_, _, err := nobodys[0].Counter.Match(code, 1, most(c)-t.codes(now, c))
	return err
}

// resync looks for two codes in a row.
func (t token) resync(one, two string, now time.Time, c Config) (next token, ok bool, err error) {
	if t.Clock != nil {
		clock, ok, err := t.Clock.Resync(one, two, now, c.ResyncPeriods, c.window())
		return token{Clock: &clock, Expires: t.Expires}, ok, err
	}
	counter, ok, err := t.Counter.Resync(one, two, c.ResyncPresses)
	return token{Counter: &counter, Expires: t.Expires}, ok, err
}

// nobodys is the token of somebody without one: its codes are computed and lead nowhere, so that the answer takes as long.
var nobodys = []held{{token: token{Counter: &oathcode.Counter{Seed: oathcode.NewSeed("SHA1", 6)}}}}

// held is a credential with its token.
type held struct {
	sdk.Credential
	token
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain fields always marshal
	}
	return raw
}

// tokens reads the credentials of a request.
//
// Errors: FAILED_PRECONDITION if one is damaged or of a newer release; that is a fault, not a wrong code, and not one that should shut
// out everybody else.
func tokens(r *sdk.StepRequest) ([]held, error) {
	if r.Context.Subject == nil || len(r.Credentials) == 0 {
		return nobodys, nil
	}
	var out []held
	for _, c := range r.Credentials {
		if c.Version > stateVersion {
			return nil, sdk.NotConfigured(fmt.Errorf("oath: credential %s was written by a newer release (version %d)", c.ID, c.Version))
		}
		h := held{Credential: c}
		if err := json.Unmarshal(c.Data, &h.token); err != nil {
			return nil, sdk.NotConfigured(fmt.Errorf("oath: credential %s is not readable", c.ID))
		}
		if err := h.check(); err != nil {
			return nil, sdk.NotConfigured(fmt.Errorf("oath: credential %s: %w", c.ID, err))
		}
		out = append(out, h)
	}
	return out, nil
}
