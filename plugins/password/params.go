package password

import (
	"fmt"

	"github.com/varco-id/varco/plugins/sdk"
)

// Params is the cost of one argon2id hash (RFC 9106).
type Params struct {
	MemoryKiB   uint32 `json:"memory_kib"`
	Iterations  uint32 `json:"iterations"`
	Parallelism uint8  `json:"parallelism"`
}

// defaultParams are the first that OWASP's password storage cheat sheet recommends. RFC 9106's second option costs
// 64 MiB and three passes; whoever can reach the sign-in page can make a server spend that, and the hashes here are
// sealed by the host with a key kept elsewhere, so the cheaper choice of the two is the safer one by default.
var defaultParams = Params{MemoryKiB: 19 * 1024, Iterations: 2, Parallelism: 1}

// What a hash may cost. The upper bounds hold for what is read, too: the parameters of an imported hash are a
// stranger's wish for our memory.
const (
	minMemoryKiB   = 7 * 1024
	maxMemoryKiB   = 256 * 1024
	maxIterations  = 16
	maxParallelism = 16
	minWork        = 5 * 7 * 1024 // KiB times passes: the cheapest of OWASP's equivalent settings
	maxWork        = 1024 * 1024  // about a second
)

// String is the parameter section of a PHC string.
func (p Params) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", p.MemoryKiB, p.Iterations, p.Parallelism)
}

func (p Params) work() uint64 { return uint64(p.MemoryKiB) * uint64(p.Iterations) }

// bounded tells whether a hash of these parameters may be computed at all (RFC 9106 section 3.1 and our limits).
func (p Params) bounded() bool {
	return p.Iterations >= 1 && p.Iterations <= maxIterations &&
		p.Parallelism >= 1 && p.Parallelism <= maxParallelism &&
		p.MemoryKiB >= 8*uint32(p.Parallelism) && p.MemoryKiB <= maxMemoryKiB &&
		p.work() <= maxWork
}

// problems tells what makes the parameters unfit for new hashes.
func (p Params) problems() []sdk.Problem {
	var found []sdk.Problem
	add := func(pointer, format string, args ...any) {
		found = append(found, sdk.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
	}
	if p.MemoryKiB < minMemoryKiB || p.MemoryKiB > maxMemoryKiB {
		add("/argon2/memory_kib", "set it between %d and %d; it is %d", minMemoryKiB, maxMemoryKiB, p.MemoryKiB)
	}
	if p.Iterations < 1 || p.Iterations > maxIterations {
		add("/argon2/iterations", "set it between 1 and %d; it is %d", maxIterations, p.Iterations)
	}
	if p.Parallelism < 1 || p.Parallelism > maxParallelism {
		add("/argon2/parallelism", "set it between 1 and %d; it is %d", maxParallelism, p.Parallelism)
	}
	if len(found) > 0 {
		return found
	}
	if p.work() < minWork {
		add("/argon2", "raise memory_kib or iterations: their product is %d and must reach %d", p.work(), minWork)
	}
	if p.work() > maxWork {
		add("/argon2", "lower memory_kib or iterations: their product is %d and may not pass %d", p.work(), maxWork)
	}
	return found
}
