package messageotp

import (
	"slices"
	"time"
)

const (
	quarterHour = 15 * time.Minute
	day         = 24 * time.Hour
)

// wait is how long a person's next message must wait, given when the last ones went out; 0: not at all.
//
// Half of the limits is for whoever proved a factor: a stranger who merely names people must not be able to use up what they need.
func (c Config) wait(sent []int64, now time.Time, identified bool) time.Duration {
	perQuarter, perDay := c.PerQuarterHour, c.PerDay
	if !identified {
		perQuarter, perDay = (perQuarter+1)/2, (perDay+1)/2
	}
	sent = slices.Sorted(slices.Values(sent))
	return max(waitFor(sent, now, quarterHour, perQuarter), waitFor(sent, now, day, perDay))
}

// waitFor is how long until fewer than limit messages lie within the window. sent is sorted.
func waitFor(sent []int64, now time.Time, window time.Duration, limit int) time.Duration {
	if len(sent) < limit {
		return 0
	}
	return max(time.Unix(sent[len(sent)-limit], 0).Add(window).Sub(now), 0)
}

// flowWait is how long a flow's next message must wait; ok is false when it gets none any more.
func (c Config) flowWait(sent []int64, now time.Time) (wait time.Duration, ok bool) {
	switch n := len(sent); {
	case n == 0:
		return 0, true
	case n > c.Resends:
		return 0, false
	default:
		return max(time.Unix(sent[n-1], 0).Add(pause(n)).Sub(now), 0), true
	}
}
