package host

import (
	"context"
	"fmt"

	"github.com/varco-id/varco/plugins/sdk"
)

// Check asks an instance whether it can work now. The error is an *Error.
func (h *Host) Check(ctx context.Context, id string) (sdk.Health, error) {
	var health sdk.Health
	err := h.call(ctx, id, "check", checkTimeout, false, func(ctx context.Context, _ *instance, on *running) (err error) {
		if health, err = on.client.Check(ctx, id); err != nil {
			return err
		}
		return health.Validate()
	})
	return health, err
}

// Import turns an operator's inputs into credentials, one result for each. The error is an *Error.
func (h *Host) Import(ctx context.Context, id string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	var results []sdk.ImportResult
	err := h.call(ctx, id, "import", importTimeout, true, func(ctx context.Context, _ *instance, on *running) error {
		out, err := on.client.ImportCredentials(ctx, id, in)
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
	return h.call(ctx, id, "revoke", sdk.MaxStepTimeout, true, func(ctx context.Context, _ *instance, on *running) error {
		return on.client.Revoke(ctx, id, credential)
	})
}

// Send hands a message to the delivery channel m.InstanceID. It is not repeated here: only the caller's outbox knows
// whether a message may go out twice. The error is an *Error.
func (h *Host) Send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	var result *sdk.SendResult
	err := h.call(ctx, m.InstanceID, "send", sendTimeout, false, func(ctx context.Context, _ *instance, on *running) (err error) {
		if result, err = on.client.Send(ctx, m); err != nil {
			return err
		}
		return result.Validate()
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}
