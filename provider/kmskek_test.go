package provider

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
)

// keysAt is a KMS that answers what it is told to.
type keysAt struct {
	unwrapped []byte
	err       error
	instance  string
	key       string
}

func (s *keysAt) Wrap(_ context.Context, instance, key string, plaintext, _ []byte) ([]byte, error) {
	s.instance, s.key = instance, key
	return append([]byte("wrapped "), plaintext...), nil
}

func (s *keysAt) Unwrap(_ context.Context, _, _ string, _, _ []byte) ([]byte, error) {
	return s.unwrapped, s.err
}

func TestKMSKEK(t *testing.T) {
	t.Parallel()
	good := &keysAt{unwrapped: []byte("keyset")}
	k := newKMSKEK("hsm/projects/p/keys/1", good)
	wrapped, err := k.Wrap(t.Context(), []byte("keyset"), nil)
	if err != nil || !bytes.Equal(wrapped, []byte("wrapped keyset")) {
		t.Errorf("wrap: %q %v", wrapped, err)
	}
	if good.instance != "hsm" || good.key != "projects/p/keys/1" || k.ID() != "kms:hsm/projects/p/keys/1" {
		t.Errorf("asked %q for %q as %s", good.instance, good.key, k.ID())
	}
	for name, s := range map[string]*keysAt{
		"not allowed to unwrap": {err: errors.New("denied")},
		"something else back":   {unwrapped: []byte("keyser")},
		"nothing back":          {},
	} {
		if out, err := newKMSKEK("hsm/k", s).Wrap(t.Context(), []byte("keyset"), nil); out != nil || !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %q %v", name, out, err)
		}
	}
}
