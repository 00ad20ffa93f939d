package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

// Check asks an instance whether it can work now. The error is an *Error.
func (h *Host) Check(ctx context.Context, id string) (sdk.Health, error) {
	var health sdk.Health
	err := h.call(ctx, id, "check", checkTimeout, false, func(ctx context.Context, _ *instance, c *sdk.Client) (err error) {
		health, err = c.Check(ctx, id)
		return err
	})
	return health, err
}

// Import turns an operator's inputs into credentials, one result for each. The error is an *Error.
func (h *Host) Import(ctx context.Context, id string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	var results []sdk.ImportResult
	err := h.call(ctx, id, "import", importTimeout, true, func(ctx context.Context, _ *instance, c *sdk.Client) error {
		out, err := c.ImportCredentials(ctx, id, in)
		if err != nil {
			return err
		}
		if len(out) != len(in) {
			return &sdk.Violation{Rule: sdk.RuleCredential, Detail: fmt.Sprintf("%d results for %d inputs", len(out), len(in))}
		}
		for n := range out {
			if err := out[n].Validate(); err != nil {
				return err
			}
		}
		results = out
		return nil
	})
	return results, err
}

// Revoke tells an instance that one of its credentials is gone. The error is an *Error.
func (h *Host) Revoke(ctx context.Context, id string, credential sdk.Credential) error {
	return h.call(ctx, id, "revoke", sdk.MaxStepTimeout, true, func(ctx context.Context, _ *instance, c *sdk.Client) error {
		return c.Revoke(ctx, id, credential)
	})
}

// Send hands a message to the delivery channel m.InstanceID. It is not repeated here: only the caller's outbox knows
// whether a message may go out twice. The error is an *Error.
func (h *Host) Send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	var result *sdk.SendResult
	err := h.call(ctx, m.InstanceID, "send", sendTimeout, false, func(ctx context.Context, _ *instance, c *sdk.Client) (err error) {
		result, err = c.Send(ctx, m)
		return err
	})
	return result, err
}

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

// useKey repeats a call that found nobody: wrapping and unwrapping change nothing, so twice is as good as once.
func (h *Host) useKey(ctx context.Context, id, op string, f func(context.Context, *sdk.Client) ([]byte, error)) ([]byte, error) {
	var out []byte
	err := h.call(ctx, id, op, keyTimeout, true, func(ctx context.Context, i *instance, c *sdk.Client) (err error) {
		if d, _ := i.described(); d != nil && !slices.Contains(d.Services, sdk.ServiceKeyService) {
			return sdk.NotConfigured(errors.New("the plugin is not a key service"))
		}
		out, err = f(ctx, c)
		return err
	})
	return out, err
}
