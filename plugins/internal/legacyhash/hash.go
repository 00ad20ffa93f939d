package legacyhash

import (
	"fmt"
	"time"
)

// MaxPassword is the length in bytes over which no password matches: some formats hash it once a round, so a long one would multiply the
// cost that was bounded.
const MaxPassword = 512

// Hash is one parsed hash, within bounds. It is immutable and safe for concurrent use. The zero Hash matches nothing.
type Hash struct {
	format  string
	v       verifier
	prepare pipeline
	never   bool
}

// verifier computes one hash. Its matches compares in constant time and does the same work for whatever password.
type verifier interface {
	matches(password []byte) bool
	cost() Cost
}

// Verify tells whether password, in UTF-8 as it was typed, is the one the hash was made from. It takes what [Hash.Cost] says whether or
// not it matches, and cannot be interrupted.
func (h Hash) Verify(password []byte) bool {
	if h.v == nil || len(password) > MaxPassword {
		return false
	}
	// What cannot be prepared (a character the old system did not have) is hashed all the same, lest the time tell.
	prepared, possible := h.prepare.apply(password)
	return h.v.matches(prepared) && possible && !h.never
}

// Format is the name of the format, one of those in docs/plugins/legacy-hashes.md.
func (h Hash) Format() string { return h.format }

// Cost estimates what one Verify takes.
func (h Hash) Cost() Cost {
	if h.v == nil {
		return Cost{}
	}
	return h.v.cost()
}

// Dummy is what no password matches, at the cost of one that some password does. It is verified in place of the hash of an account that
// does not exist, so that the time does not tell which do. See [Census] for which hash to make it of.
func (h Hash) Dummy() Hash {
	h.never = true
	return h
}

// String gives the format and the cost, and nothing that helps to guess the password.
func (h Hash) String() string { return fmt.Sprintf("%s (%v)", h.format, h.Cost()) }

// GoString keeps %#v from writing the hash.
func (h Hash) GoString() string { return h.String() }

// Cost is what one verification takes: the memory at its peak in bytes, beyond a few KiB, and the time on one core of a server, right
// to within a factor of about three.
type Cost struct {
	Memory int64
	Time   time.Duration
}

// String gives the cost in words, as in "64 MiB, 45ms".
func (c Cost) String() string {
	t := c.Time.Round(max(time.Microsecond, c.Time/100))
	if c.Memory < 1<<20 {
		return fmt.Sprint(t)
	}
	return fmt.Sprintf("%d MiB, %v", c.Memory>>20, t)
}
