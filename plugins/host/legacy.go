package host

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
)

// Lookup asks the old identity store r.InstanceID whether it knows the name. Errors of this and the three other calls are of
// type *Error; their deadline is 10 s, and a call that found nobody is repeated once with the same idempotency key.
func (h *Host) Lookup(ctx context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return h.legacy(ctx, "lookup", r, (*sdk.Client).Lookup)
}

// Verify checks a secret with the old identity store r.InstanceID.
func (h *Host) Verify(ctx context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return h.legacy(ctx, "verify", r, (*sdk.Client).Verify)
}

// MarkMigrated tells the old identity store r.InstanceID that the account has moved.
func (h *Host) MarkMigrated(ctx context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return h.legacy(ctx, "mark_migrated", r, (*sdk.Client).MarkMigrated)
}

// Restore takes MarkMigrated back.
func (h *Host) Restore(ctx context.Context, r sdk.LegacyRequest) (*sdk.LegacyResponse, error) {
	return h.legacy(ctx, "restore", r, (*sdk.Client).Restore)
}

type legacyCall func(*sdk.Client, context.Context, sdk.LegacyRequest) (*sdk.LegacyResponse, error)

func (h *Host) legacy(ctx context.Context, op string, r sdk.LegacyRequest, f legacyCall) (*sdk.LegacyResponse, error) {
	var answer *sdk.LegacyResponse
	err := h.call(ctx, r.InstanceID, op, legacyTimeout, true, func(ctx context.Context, i *instance, on *running) error {
		about, err := on.offers(sdk.ServiceLegacySource)
		if err != nil {
			return err
		}
		response, err := f(on.client, ctx, r)
		if err != nil {
			return err
		}
		if err := response.Validate(about); err != nil {
			return err
		}
		answer = response
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
