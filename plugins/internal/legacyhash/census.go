package legacyhash

// Census counts the hashes of a wave by format and cost, to find the one that unknown accounts should be answered with.
//
// The zero Census is empty. It is not safe for concurrent use.
type Census struct {
	kinds map[kind]*tally
}

type kind struct {
	format string
	cost   Cost
}

type tally struct {
	count  int
	sample Hash
}

// Add counts one hash.
func (c *Census) Add(h Hash) {
	if h.v == nil {
		return
	}
	if c.kinds == nil {
		c.kinds = map[kind]*tally{}
	}
	k := kind{h.format, h.Cost()}
	if t := c.kinds[k]; t != nil {
		t.count++
		return
	}
	c.kinds[k] = &tally{1, h}
}

// Dominant is the dummy of the most frequent format and cost; of several equally frequent, the one that takes longest. It is the zero Hash
// when none was added. Accounts of another kind than the dominant can be told from unknown ones by time: rewriting them under the dominant
// one, or waiting to a common deadline, is for the caller.
func (c *Census) Dominant() Hash {
	var best *tally
	for _, t := range c.kinds {
		if best == nil || t.count > best.count || t.count == best.count && later(t.sample, best.sample) {
			best = t
		}
	}
	if best == nil {
		return Hash{}
	}
	return best.sample.Dummy()
}

// later orders kinds so that the same import always yields the same dummy.
func later(a, b Hash) bool {
	ca, cb := a.Cost(), b.Cost()
	if ca.Time != cb.Time {
		return ca.Time > cb.Time
	}
	if ca.Memory != cb.Memory {
		return ca.Memory > cb.Memory
	}
	return a.format > b.format
}
