package op

import (
	"crypto/sha256"
	"sync"
)

// verified remembers JWTs whose signature was good, because resource servers ask about the same token again and again and a
// verification costs more than everything else of the answer. A signature stays good as long as its key is believed, which
// is asked each time, as are the token's end and revocation. Two generations bound the memory to 2 × verifiedMax tokens; the
// zero value is empty. Safe for concurrent use.
type verified struct {
	mu       sync.Mutex
	new, old map[[sha256.Size]byte]seenJWT
}

type seenJWT struct {
	key    string // id of the signing key
	access access
}

const verifiedMax = 4096

func (v *verified) get(digest [sha256.Size]byte) (seenJWT, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.new[digest]
	if !ok {
		if s, ok = v.old[digest]; ok {
			v.store(digest, s) // in use: into the next generation with it
		}
	}
	return s, ok
}

func (v *verified) put(digest [sha256.Size]byte, s seenJWT) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.store(digest, s)
}

func (v *verified) store(digest [sha256.Size]byte, s seenJWT) {
	if len(v.new) >= verifiedMax || v.new == nil {
		v.old, v.new = v.new, make(map[[sha256.Size]byte]seenJWT)
	}
	v.new[digest] = s
}
