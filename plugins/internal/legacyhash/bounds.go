package legacyhash

import (
	"fmt"
	"strconv"
	"time"
)

// Bounds are the most that a hash may ask for. A zero field means its default, that of [DefaultBounds].
type Bounds struct {
	Memory          int64         // bytes of one verification: argon2, scrypt, yescrypt
	Time            time.Duration // of one verification, as [Cost] estimates it: whatever the parameters multiply to
	Argon2Passes    int64
	Argon2Lanes     int64
	BcryptCost      int64 // the logarithm, as in the hash
	ScryptLogN      int64
	ScryptBlockSize int64 // r
	ScryptLanes     int64 // p
	Iterations      int64 // of PBKDF2
	Rounds          int64 // of the crypt(3) formats, and of repeated digests
	StretchLog2     int64 // of phpass and Drupal
}

// DefaultBounds is what the products of the last twenty years ask for at most, with room.
func DefaultBounds() Bounds {
	return Bounds{
		Memory: 256 << 20, Time: 5 * time.Second, Argon2Passes: 64, Argon2Lanes: 16, BcryptCost: 15, ScryptLogN: 18, ScryptBlockSize: 32,
		ScryptLanes: 16, Iterations: 2_000_000, Rounds: 1_000_000, StretchLog2: 20,
	}
}

// HardBounds is what no configuration may exceed: beyond it one login could take a replica's memory, or a core for the whole time in which
// the login must be over.
func HardBounds() Bounds {
	return Bounds{
		Memory: 1 << 30, Time: 15 * time.Second, Argon2Passes: 1024, Argon2Lanes: 64, BcryptCost: 17, ScryptLogN: 20, ScryptBlockSize: 64,
		ScryptLanes: 64, Iterations: 20_000_000, Rounds: 10_000_000, StretchLog2: 24,
	}
}

// complete fills in the defaults.
//
// Errors: a [*BoundsError] for a field that is negative or over its hard maximum.
func (b Bounds) complete() (Bounds, error) {
	defaults, hard := DefaultBounds(), HardBounds()
	for _, f := range []struct {
		name           string
		value          *int64
		standard, most int64
	}{
		{"bound of memory in bytes", &b.Memory, defaults.Memory, hard.Memory},
		{"bound of time in nanoseconds", (*int64)(&b.Time), int64(defaults.Time), int64(hard.Time)},
		{"bound of argon2 passes", &b.Argon2Passes, defaults.Argon2Passes, hard.Argon2Passes},
		{"bound of argon2 lanes", &b.Argon2Lanes, defaults.Argon2Lanes, hard.Argon2Lanes},
		{"bound of bcrypt cost", &b.BcryptCost, defaults.BcryptCost, hard.BcryptCost},
		{"bound of scrypt log2 N", &b.ScryptLogN, defaults.ScryptLogN, hard.ScryptLogN},
		{"bound of scrypt block size", &b.ScryptBlockSize, defaults.ScryptBlockSize, hard.ScryptBlockSize},
		{"bound of scrypt lanes", &b.ScryptLanes, defaults.ScryptLanes, hard.ScryptLanes},
		{"bound of iterations", &b.Iterations, defaults.Iterations, hard.Iterations},
		{"bound of rounds", &b.Rounds, defaults.Rounds, hard.Rounds},
		{"bound of log2 of rounds", &b.StretchLog2, defaults.StretchLog2, hard.StretchLog2},
	} {
		if *f.value == 0 {
			*f.value = f.standard
		}
		if err := within(f.name, *f.value, 1, f.most); err != nil {
			return Bounds{}, err
		}
	}
	return b, nil
}

// BoundsError refuses a hash for what it would cost, or for a parameter too small to be real.
type BoundsError struct {
	Parameter string // in words, as in "argon2 memory in KiB"
	Value     string // in digits
	Min, Max  int64
}

func (e *BoundsError) Error() string {
	return fmt.Sprintf("the %s is %s, not %d to %d", e.Parameter, e.Value, e.Min, e.Max)
}

// within checks a parameter that was read.
func within(parameter string, value, least, most int64) error {
	if value < least || value > most {
		return &BoundsError{parameter, strconv.FormatInt(value, 10), least, most}
	}
	return nil
}

// affordable is the last check: parameters that are fine one by one can multiply to hours.
func (b Bounds) affordable(c Cost) error {
	if err := within("memory in bytes", c.Memory, 0, b.Memory); err != nil {
		return err
	}
	return within("estimated time in milliseconds", c.Time.Milliseconds(), 0, b.Time.Milliseconds())
}
