package callback

import (
	"context"
	"errors"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Report tells an instance what became of a message to a credential, and commits what it does about it together with done. An error
// means that it is to be told again.
func (h *Handler) Report(ctx context.Context, r delivery.Report, done func(context.Context, tx.Q) error) error {
	about, ok := h.Plugins.Describe(r.Instance)
	switch {
	case !ok && !h.Configured(r.Instance), ok && !slices.Contains(about.Services, sdk.ServiceCallbacks):
		return h.DB.InTx(ctx, func(q tx.Q) error { return done(ctx, q) }) // nobody who would want to know
	case !ok:
		return fault.New(fault.Unavailable, "the plugin is not up")
	}
	for range reruns {
		m, err := h.concerning(ctx, r)
		if err != nil {
			return err
		}
		if m == nil { // removed since
			return h.DB.InTx(ctx, func(q tx.Q) error { return done(ctx, q) })
		}
		res, err := h.Plugins.Delivery(ctx, &sdk.DeliveryReport{InstanceID: r.Instance, IdempotencyKey: r.Key, Status: r.Status,
			Reason: r.Reason, Credential: m.open, Now: h.Now()})
		if aborted(err) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range res.Effects {
			// Its fate is not told: an instance that answers each dead message with another one would never come to an end.
			res.Effects[i].CredentialID = ""
		}
		if _, err = h.commit(ctx, r.Instance, m, res, done); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return errors.New("a delivery report kept losing its compare-and-set")
}

// concerning reads the credential that a report is about, nil when there is none any more.
func (h *Handler) concerning(ctx context.Context, r delivery.Report) (*matter, error) {
	creds, err := h.Rows.CredentialsOf(ctx, h.DB, r.Subject)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(creds, func(c subscriber.Credential) bool { return c.ID == r.Credential && c.Instance == r.Instance })
	if i < 0 {
		return nil, nil
	}
	m := &matter{}
	return m, m.take(h.Box, &creds[i])
}
