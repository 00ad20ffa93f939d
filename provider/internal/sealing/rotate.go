package sealing

import (
	"context"

	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/varco-id/varco/provider/internal/fault"
)

// maxTries bounds how often a rotation that met another begins anew.
const maxTries = 5

// Rewrap puts every keyset under the first KEK and returns how many were under another. Running processes are not touched: they
// hold the keysets unwrapped. Those that start later need the first KEK, so it must be configured everywhere, with the old one beside it,
// before; the old one can go after.
func (r *Keyring) Rewrap(ctx context.Context) (int, error) {
	return r.replace(ctx, func(k Keyset) bool { return k.KEK != r.keks[0].ID() }, func(_ Class, h *keyset.Handle) (*keyset.Handle, error) { return h, nil })
}

// Rotate gives each class a new key that seals from now on; the ones before still open. The derivation key stays: what was
// derived from it is compared, not opened, and a new one would void every session and refresh token. Other replicas learn of the
// new key when they meet a value that it sealed.
func (r *Keyring) Rotate(ctx context.Context) (int, error) {
	n, err := r.replace(ctx, func(k Keyset) bool { return k.Class != classDerivation }, func(c Class, h *keyset.Handle) (*keyset.Handle, error) {
		m := keyset.NewManagerFromHandle(h)
		number, err := m.Add(template(c))
		if err != nil {
			return nil, err
		}
		if err := m.SetPrimary(number); err != nil {
			return nil, err
		}
		return m.Handle()
	})
	if err != nil {
		return n, err
	}
	return n, r.load(ctx)
}

// replace rewrites the keysets that want it, each by compare-and-set.
func (r *Keyring) replace(ctx context.Context, want func(Keyset) bool, change func(Class, *keyset.Handle) (*keyset.Handle, error)) (int, error) {
	n := 0
	done := make(map[Class]bool)
	for try := 1; ; try++ {
		stored, err := r.store.Keysets(ctx)
		if err != nil {
			return n, err
		}
		lost := false
		for _, k := range stored {
			if done[k.Class] || !want(k) {
				continue
			}
			err := r.replaceOne(ctx, k, change)
			switch {
			case err == nil:
				done[k.Class] = true
				n++
			case fault.Is(err, fault.Conflict) && try < maxTries:
				lost = true
			default:
				return n, err
			}
		}
		if !lost {
			return n, nil
		}
	}
}

func (r *Keyring) replaceOne(ctx context.Context, k Keyset, change func(Class, *keyset.Handle) (*keyset.Handle, error)) error {
	h, err := r.keks.unwrap(ctx, r.installation, k)
	if err != nil {
		return err
	}
	if h, err = change(k.Class, h); err != nil {
		return fault.Wrap(fault.Internal, err, "rotate a keyset")
	}
	next, err := r.keks.wrap(ctx, r.installation, k.Class, h)
	if err != nil {
		return err
	}
	next.Version = k.Version
	return r.store.UpdateKeyset(ctx, next)
}

// Status says under which KEK each keyset is, for an operator.
func (r *Keyring) Status(ctx context.Context) ([]Keyset, error) { return r.store.Keysets(ctx) }
