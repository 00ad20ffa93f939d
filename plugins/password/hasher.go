package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/varco-id/varco/plugins/sdk"
)

const (
	// stepTimeout covers a queue: at the default cost a core clears some sixty hashes in two seconds, a quarter of one in eight.
	stepTimeout = sdk.MaxStepTimeout
	// retryAfter is what a caller is told who waited for a slot in vain.
	retryAfter = time.Second
	// idleBefore is how long no hash runs before the memory of the last ones goes back to the system. The next hash has to ask for
	// it anew, page by page, which can double its cost: a bank's quiet hour must not make each of its logins pay for that.
	idleBefore = 30 * time.Second
)

// hasher computes hashes, as many at once as there are cores: each wants its memory for itself, and a crowd at the
// door must wait rather than take cores times its number.
type hasher struct {
	derive  func(password, salt []byte, p Params, length int) []byte
	release func() // gives unused memory back

	once  sync.Once
	slots chan struct{}
	idle  *time.Timer
}

func newHasher() *hasher {
	return &hasher{derive: argon2id, release: debug.FreeOSMemory}
}

func argon2id(password, salt []byte, p Params, length int) []byte {
	return argon2.IDKey(password, salt, p.Iterations, p.MemoryKiB, p.Parallelism, uint32(length))
}

// useAllCores sizes the hasher. A plugin process may have been started for one core, as most need no more; this one
// is all computing, so it takes what the machine, or the container's limit, gives. It is called in the plugin's own
// process only, by Configure.
func (h *hasher) useAllCores() {
	h.once.Do(func() {
		runtime.SetDefaultGOMAXPROCS()
		h.slots = make(chan struct{}, runtime.GOMAXPROCS(0))
		h.idle = time.AfterFunc(time.Hour, h.release)
		h.idle.Stop()
	})
}

func (h *hasher) limit() int { return cap(h.slots) }

// compute waits for a slot, at most until ctx ends, and hashes. A hash that began is not interrupted.
func (h *hasher) compute(ctx context.Context, password string, salt []byte, p Params, length int) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, sdk.ResourceExhausted(retryAfter)
	}
	defer func() {
		<-h.slots
		// The garbage of the last hashes is most of this process's memory; the runtime would keep it for minutes.
		h.idle.Reset(idleBefore)
	}()
	if err := ctx.Err(); err != nil {
		return nil, sdk.Unavailable(err)
	}
	return h.derive([]byte(password), salt, p, length), nil
}

// matches tells whether password is the one that stored was made from. It always computes one hash.
func (h *hasher) matches(ctx context.Context, password string, stored hash) (bool, error) {
	sum, err := h.compute(ctx, password, stored.salt, stored.params, len(stored.sum))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, stored.sum) == 1, nil
}

// create hashes a new password with a new salt.
func (h *hasher) create(ctx context.Context, password string, p Params) (hash, error) {
	salt := make([]byte, saltLen)
	rand.Read(salt)
	sum, err := h.compute(ctx, password, salt, p, sumLen)
	if err != nil {
		return hash{}, err
	}
	return hash{p, salt, sum}, nil
}

// dummyHash is what no password matches, at the cost of one that some password does.
func dummyHash(p Params) hash {
	return hash{p, make([]byte, saltLen), make([]byte, sumLen)}
}
