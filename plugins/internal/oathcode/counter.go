package oathcode

// MaxReach bounds how many codes Resync computes.
const MaxReach = 1000

// Counter is a device whose codes change with each press (RFC 4226), with what is remembered of it.
type Counter struct {
	Seed
	Next int64 `json:"next"` // the first count that was not used; none before it counts again
}

// Accept looks for code among the next ones; ahead is how many presses may have got lost (RFC 4226 section 7.4, the look-ahead window).
// used tells that it is the code that was accepted last.
//
// Errors: the seed is damaged.
func (c Counter) Accept(code string, ahead int) (next Counter, ok, used bool, err error) {
	count, ok, err := c.Match(code, max(c.Next-1, 0), c.Next+int64(ahead))
	switch {
	case err != nil || !ok:
		return Counter{}, false, false, err
	case count < c.Next:
		return Counter{}, false, true, nil
	}
	c.Next = count + 1
	return c, true, false, nil
}

// Resync looks for two consecutive codes further ahead than Accept does: a device that was played with.
//
// Errors: the seed is damaged.
func (c Counter) Resync(first, second string, reach int) (next Counter, ok bool, err error) {
	count, ok, err := consecutive(c.Seed, first, second, c.Next, c.Next+int64(reach))
	if err != nil || !ok {
		return Counter{}, false, err
	}
	c.Next = count + 1
	return c, true, nil
}

// consecutive returns the factor of the second of two codes that follow each other, the first of which lies from first to last.
func consecutive(s Seed, one, two string, first, last int64) (factor int64, ok bool, err error) {
	if last-first > 2*MaxReach {
		last = first + 2*MaxReach
	}
	for at := first; at <= last; at++ {
		_, isOne, err := s.Match(one, at, at)
		if err != nil {
			return 0, false, err
		}
		_, isTwo, err := s.Match(two, at+1, at+1)
		if err != nil {
			return 0, false, err
		}
		if isOne && isTwo && !ok {
			factor, ok = at+1, true
		}
	}
	return factor, ok, nil
}
