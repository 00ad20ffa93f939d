package callback

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// commit writes what a plugin answered, all of it or nothing, and returns the flows that got a signal. fault.Conflict when the credential,
// or a message, moved since it was read. also runs in the same transaction, last; it may be nil.
//
// The rows are taken in the order in which a step takes them: flows, credentials, messages.
func (h *Handler) commit(ctx context.Context, instance string, m *matter, res *sdk.CallbackResponse, also func(context.Context, tx.Q) error) ([]login.Waiting, error) {
	if len(res.Signals) == 0 && len(res.CredentialChanges) == 0 && len(res.Effects) == 0 && len(res.Receipts) == 0 && also == nil {
		return nil, nil
	}
	var heard []login.Waiting
	err := h.DB.InTx(ctx, func(q tx.Q) error {
		heard = nil
		for _, id := range slices.Sorted(maps.Keys(res.Signals)) {
			w, ok := m.waiting(id)
			if !ok {
				continue // the host refuses such an answer before it gets here
			}
			left, err := h.Flows.Signal(ctx, q, w, res.Signals[id])
			if err != nil {
				return err
			}
			if left {
				heard = append(heard, w)
			}
		}
		if err := h.write(ctx, q, instance, m, res); err != nil {
			return err
		}
		if also == nil {
			return nil
		}
		return also(ctx, q)
	})
	if err != nil {
		return nil, err
	}
	if len(res.Effects) > 0 || len(res.Receipts) > 0 || len(res.CredentialChanges) > 0 {
		h.Outbox.Wake()
	}
	return heard, nil
}

func (m *matter) waiting(flow string) (login.Waiting, bool) {
	for _, w := range m.flow {
		if w.Context.FlowID == flow {
			return w, true
		}
	}
	return login.Waiting{}, false
}

// write writes everything but the signals.
func (h *Handler) write(ctx context.Context, q tx.Q, instance string, m *matter, res *sdk.CallbackResponse) error {
	var messages []delivery.Message
	var events []audit.Event
	var to *subscriber.Subscriber
	subject := m.subject()
	if subject != "" && (len(res.Effects) > 0 || len(res.CredentialChanges) > 0) {
		var err error
		if to, err = h.Rows.SubscriberByID(ctx, q, subject); err != nil {
			return err
		}
	}
	for _, ch := range res.CredentialChanges {
		if err := h.change(ctx, q, m.cred, ch); err != nil {
			return err
		}
		if ch.Kind != sdk.ChangeRevoke {
			continue
		}
		at := h.Now()
		events = append(events, audit.Event{At: at, Kind: audit.CredentialRevoked, Actor: instance, Subject: m.cred.Subject,
			Data: map[string]string{"credential": m.cred.ID, "instance": instance, "reason": "plugin"}})
		if h.Removed != nil {
			messages = append(messages, h.Removed(instance, m.cred.ID, to, at))
		}
	}
	for _, e := range res.Effects {
		messages = append(messages, delivery.FromEffect(instance, e, recipient(to)))
	}
	if err := h.Outbox.Queue(ctx, q, messages...); err != nil {
		return err
	}
	if err := h.Outbox.Receive(ctx, q, instance, res.Receipts); err != nil {
		return err
	}
	return audit.Write(ctx, q, h.Rows, events...)
}

// change writes one change of the credential that the callback is about, if it is still as it was handed in. A callback makes no
// credential: it would be bound by whoever sent the request.
func (h *Handler) change(ctx context.Context, q tx.Q, cred *subscriber.Credential, ch sdk.CredentialChange) error {
	if cred == nil || ch.CredentialID != cred.ID {
		return fault.New(fault.Denied, "a plugin changed a credential that is not at hand")
	}
	if ch.ExpectedRevision != uint64(cred.Revision) {
		return fault.New(fault.Conflict, "a credential moved under a callback")
	}
	switch ch.Kind {
	case sdk.ChangeRevoke:
		return h.Rows.DeleteCredential(ctx, q, cred.ID, cred.Subject, cred.Revision)
	case sdk.ChangeUpdate:
		row := *cred
		row.Handle, row.Label, row.Version = ch.Handle, clip(ch.Label, 100), ch.Version
		var err error
		if row.Sealed, err = h.Box.Seal(sealing.ClassCredential, ch.Data, credentialPlace(&row)...); err != nil {
			return fmt.Errorf("seal a credential: %w", err)
		}
		return h.Rows.UpdateCredential(ctx, q, row)
	}
	return fault.New(fault.Denied, "a plugin made a credential in a callback")
}

// recipient is a person as far as messages go; nobody for nil.
func recipient(s *subscriber.Subscriber) delivery.Recipient {
	if s == nil {
		return delivery.Recipient{}
	}
	return delivery.Recipient{Subject: s.ID, Locale: s.Locale, Claims: s.Claims}
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
