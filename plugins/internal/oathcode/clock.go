package oathcode

import (
	"errors"
	"time"
)

// Clock is a device whose codes change with time (RFC 6238), with what is remembered of it.
type Clock struct {
	Seed
	Period int   `json:"period"`          // seconds: 30 or 60
	Last   int64 `json:"last"`            // the last step accepted, -1 before the first; none up to it counts again
	Drift  int64 `json:"drift,omitempty"` // how many steps the device's clock is ahead, when that is remembered
}

// Window is how far a code may be off.
type Window struct {
	Skew int // steps early or late
	// MaxDrift is how many steps the clock of a device that goes wrong little by little is followed (RFC 6238 section 6); 0: not at all.
	MaxDrift int
}

// Check refuses a device that no code should be accepted of.
func (c Clock) Check() error {
	if err := c.Seed.Check(); err != nil {
		return err
	}
	if c.Period != 30 && c.Period != 60 {
		return errors.New("the period must be 30 or 60 seconds")
	}
	return nil
}

// StepAt counts periods since 1970 (RFC 6238 section 4).
func (c Clock) StepAt(now time.Time) int64 { return now.Unix() / int64(c.Period) }

// Accept looks for code in the window around now. If it finds the code at a step that was not used, it returns what to store; used tells
// that the step is not later than the last one accepted.
//
// Errors: the seed is damaged.
func (c Clock) Accept(code string, now time.Time, w Window) (next Clock, ok, used bool, err error) {
	center := c.StepAt(now) + max(-int64(w.MaxDrift), min(int64(w.MaxDrift), c.Drift))
	step, found, err := c.Match(code, center-int64(w.Skew), center+int64(w.Skew))
	if err != nil || !found {
		return Clock{}, false, false, err
	}
	if step <= c.Last {
		return Clock{}, false, true, nil
	}
	return c.at(step, now, w), true, false, nil
}

func (c Clock) at(step int64, now time.Time, w Window) Clock {
	c.Last, c.Drift = step, 0
	if w.MaxDrift > 0 {
		c.Drift = step - c.StepAt(now)
	}
	return c
}

// Resync looks for two consecutive codes far from where the clock should be, not before the last one accepted: a device whose clock went
// wrong further than Accept looks. reach is in steps either way.
//
// Errors: the seed is damaged.
func (c Clock) Resync(first, second string, now time.Time, reach int, w Window) (next Clock, ok bool, err error) {
	here := c.StepAt(now)
	step, ok, err := consecutive(c.Seed, first, second, max(here-int64(reach), c.Last+1), here+int64(reach))
	if err != nil || !ok {
		return Clock{}, false, err
	}
	return c.at(step, now, w), true, nil
}
