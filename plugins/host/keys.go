package host

import (
	"context"
	"fmt"

	"github.com/varco-id/varco/plugins/sdk"
)

// maxKeyAnswer bounds a wrapped key and a signature.
const maxKeyAnswer = 64 << 10

// Wrap encrypts plaintext under the key keyID of a key service, bound to associatedData. The error is an *Error.
func (h *Host) Wrap(ctx context.Context, id, keyID string, plaintext, associatedData []byte) ([]byte, error) {
	return h.useKey(ctx, id, "wrap", func(ctx context.Context, c *sdk.Client) ([]byte, error) {
		return c.Wrap(ctx, id, keyID, plaintext, associatedData)
	})
}

// Unwrap is the inverse of Wrap. The error is an *Error.
func (h *Host) Unwrap(ctx context.Context, id, keyID string, ciphertext, associatedData []byte) ([]byte, error) {
	return h.useKey(ctx, id, "unwrap", func(ctx context.Context, c *sdk.Client) ([]byte, error) {
		return c.Unwrap(ctx, id, keyID, ciphertext, associatedData)
	})
}

// Sign signs a digest with the key keyID of a key service. The error is an *Error.
func (h *Host) Sign(ctx context.Context, id, keyID string, digest []byte) ([]byte, error) {
	return h.useKey(ctx, id, "sign", func(ctx context.Context, c *sdk.Client) ([]byte, error) {
		return c.Sign(ctx, id, keyID, digest)
	})
}

// useKey repeats a call that found nobody: wrapping, unwrapping and signing change nothing, so twice is as good as once.
func (h *Host) useKey(ctx context.Context, id, op string, f func(context.Context, *sdk.Client) ([]byte, error)) ([]byte, error) {
	var out []byte
	err := h.call(ctx, id, op, keyTimeout, true, func(ctx context.Context, _ *instance, on *running) (err error) {
		if _, err := on.offers(sdk.ServiceKeyService); err != nil {
			return err
		}
		if out, err = f(ctx, on.client); err != nil {
			return err
		}
		if len(out) == 0 || len(out) > maxKeyAnswer {
			return &sdk.Violation{Rule: sdk.RuleKey, Detail: fmt.Sprintf("%s answered %d bytes, want 1 to %d", op, len(out), maxKeyAnswer)}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
