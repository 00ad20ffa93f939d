package sealing

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Keyring is the Box of an installation: its keysets, unwrapped, in memory. Safe for concurrent use.
type Keyring struct {
	store        KeysetStore
	keks         keks
	installation string
	keys         atomic.Pointer[keys]

	reloading sync.Mutex
	reloaded  time.Time
}

var _ Box = (*Keyring)(nil)

// keys are the primitives of one reading of the store. They never change; a reload makes new ones.
type keys struct {
	byClass map[Class]classKeys
	derive  *prf.Set
}

type classKeys struct {
	aead tink.AEAD
	ids  map[uint32]bool
}

const (
	reloadPeriod  = time.Second // at most one look for new keys in that time
	reloadTimeout = 5 * time.Second
)

// Open reads the installation's keysets, making those that are missing; of several processes that start at once, one's are kept.
// The first KEK wraps what is new; the others only unwrap. Errors: fault.Invalid for a KEK that is missing or wrong,
// fault.Unavailable for the store or a KEK that does not answer.
func Open(ctx context.Context, store KeysetStore, kek KEK, old ...KEK) (*Keyring, error) {
	installation, err := store.InstallationID(ctx)
	if err != nil {
		return nil, err
	}
	r := &Keyring{store: store, keks: append(keks{kek}, old...), installation: installation}
	if err := r.create(ctx); err != nil {
		return nil, err
	}
	return r, r.load(ctx)
}

// create makes the keysets that are missing.
func (r *Keyring) create(ctx context.Context) error {
	stored, err := r.store.Keysets(ctx)
	if err != nil {
		return err
	}
	have := make(map[Class]bool, len(stored))
	for _, k := range stored {
		have[k.Class] = true
	}
	for _, c := range allClasses {
		if have[c] {
			continue
		}
		h, err := keyset.NewHandle(template(c))
		if err != nil {
			return fault.Wrap(fault.Internal, err, "make a keyset")
		}
		k, err := r.keks.wrap(ctx, r.installation, c, h)
		if err != nil {
			return err
		}
		if err := r.store.InsertKeyset(ctx, k); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

func (r *Keyring) load(ctx context.Context) error {
	stored, err := r.store.Keysets(ctx)
	if err != nil {
		return err
	}
	ks := &keys{byClass: make(map[Class]classKeys, len(stored))}
	for _, k := range stored {
		h, err := r.keks.unwrap(ctx, r.installation, k)
		if err != nil {
			return err
		}
		if k.Class == classDerivation {
			if ks.derive, err = prf.NewPRFSet(h); err != nil {
				return fault.Wrap(fault.Internal, err, "use the derivation key")
			}
			continue
		}
		primitive, err := aead.New(h)
		if err != nil {
			return fault.Wrap(fault.Internal, err, "use a keyset")
		}
		c := classKeys{aead: primitive, ids: make(map[uint32]bool)}
		for _, info := range h.KeysetInfo().GetKeyInfo() {
			c.ids[info.GetKeyId()] = true
		}
		ks.byClass[k.Class] = c
	}
	r.keys.Store(ks)
	return nil
}

// place is the associated data: a ciphertext opens in the installation, class and place it was sealed for.
func (r *Keyring) place(class Class, where []string) []byte {
	b := make([]byte, 0, 192)
	return join(join(b, r.installation, string(class)), where...)
}

// Seal encrypts with AES-256-GCM under the class's newest key; see [Box].
func (r *Keyring) Seal(class Class, plaintext []byte, where ...string) ([]byte, error) {
	c, ok := r.keys.Load().byClass[class]
	if !ok {
		return nil, fault.New(fault.Internal, "no keyset of class "+string(class))
	}
	out, err := c.aead.Encrypt(plaintext, r.place(class, where))
	return out, fault.Wrap(fault.Internal, err, "seal")
}

// Open decrypts what Seal made for the same class and place; fault.Invalid for anything else. See [Box].
func (r *Keyring) Open(class Class, ciphertext []byte, where ...string) ([]byte, error) {
	c, ok := r.keys.Load().byClass[class]
	if !ok {
		return nil, fault.New(fault.Internal, "no keyset of class "+string(class))
	}
	// Another replica may have rotated the keyset a moment ago. The key's number stands in front of what it sealed.
	if n, ok := keyNumber(ciphertext); ok && !c.ids[n] {
		c = r.lookAgain(class, n)
	}
	out, err := c.aead.Decrypt(ciphertext, r.place(class, where))
	if err != nil {
		// Tink's text says nothing of use, and nothing may be learned from why it does not open.
		return nil, fault.New(fault.Invalid, "a sealed value of class "+string(class)+" does not open")
	}
	return out, nil
}

// keyNumber reads the output prefix of a Tink ciphertext: 1, then the key's number in four bytes.
func keyNumber(ciphertext []byte) (uint32, bool) {
	if len(ciphertext) < 5 || ciphertext[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(ciphertext[1:5]), true
}

// lookAgain reads the keysets for a key that this process does not know, at most once a second however many ask.
func (r *Keyring) lookAgain(class Class, number uint32) classKeys {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	if c := r.keys.Load().byClass[class]; c.ids[number] || time.Since(r.reloaded) < reloadPeriod {
		return c
	}
	ctx, cancel := context.WithTimeout(context.Background(), reloadTimeout)
	defer cancel()
	_ = r.load(ctx) // what was known stays known; the value then does not open, which is what the caller hears
	r.reloaded = time.Now()
	return r.keys.Load().byClass[class]
}

// MAC is HMAC-SHA-256 over purpose and parts, each after its length; see [Box].
func (r *Keyring) MAC(purpose Purpose, parts ...string) [32]byte {
	b := make([]byte, 0, 192)
	out, err := r.keys.Load().derive.ComputePrimaryPRF(join(join(b, string(purpose)), parts...), 32)
	if err != nil || len(out) != 32 {
		// 32 bytes is what the function gives. A wrong value here would be a code or a cookie that anybody can guess.
		panic("sealing: the derivation key gives no 32 bytes")
	}
	return [32]byte(out)
}
