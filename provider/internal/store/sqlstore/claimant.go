package sqlstore

import (
	"context"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/throttle"
	"github.com/varco-id/varco/provider/internal/tx"
)

// claimantKeys is how many counters Claimant reads beside the subscriber's own: of a name, an address and the four browsers a cookie tells of.
const claimantKeys = 6

// Claimant reads what a sign-in attempt needs of whoever has a name; see [login.Store]. More than six keys are fault.Invalid: a counter
// that was silently left out would look like one that never failed.
func (s *Store) Claimant(ctx context.Context, q tx.Q, folded string, keys ...string) (*subscriber.Subscriber, []subscriber.Credential, []throttle.Counter, error) {
	k, err := sixKeys(keys)
	if err != nil {
		return nil, nil, nil, err
	}
	rows, err := query.New(q).Claimant(ctx, query.ClaimantParams{Folded: folded, K1: k[0], K2: k[1], K3: k[2], K4: k[3], K5: k[4], K6: k[5]})
	if err != nil {
		return nil, nil, nil, mapped(err, "find who has a name")
	}
	who, creds, counters := attempt(rows)
	return who, creds, counters, nil
}

// Holder is Claimant for whoever has bound the credential with the handle; see [login.Store].
func (s *Store) Holder(ctx context.Context, q tx.Q, instance, handle string, keys ...string) (*subscriber.Subscriber, []subscriber.Credential, []throttle.Counter, error) {
	k, err := sixKeys(keys)
	if err != nil {
		return nil, nil, nil, err
	}
	rows, err := query.New(q).Holder(ctx, query.HolderParams{InInstance: instance, WithHandle: handle, K1: k[0], K2: k[1], K3: k[2], K4: k[3], K5: k[4], K6: k[5]})
	if err != nil {
		return nil, nil, nil, mapped(err, "find who holds a credential")
	}
	who, creds, counters := attempt(rows)
	return who, creds, counters, nil
}

func sixKeys(keys []string) (k [claimantKeys]string, err error) {
	if len(keys) > claimantKeys {
		return k, fault.New(fault.Invalid, "read more counters than one statement takes")
	}
	copy(k[:], keys) // no counter has an empty key
	return k, nil
}

// attempt takes the rows of either statement apart.
func attempt[R query.ClaimantRow | query.HolderRow](rows []R) (*subscriber.Subscriber, []subscriber.Credential, []throttle.Counter) {
	var who *subscriber.Subscriber
	var creds []subscriber.Credential
	var counters []throttle.Counter
	for _, row := range rows {
		r := query.ClaimantRow(row)
		if r.CounterKey != "" {
			counters = append(counters, counterOf(query.CountersRow{
				Key: r.CounterKey, Failures: r.Failures, Blocks: r.Blocks, FailedAt: r.FailedAt, BlockedUntil: r.BlockedUntil, Version: r.CounterVersion,
			}))
			continue
		}
		if who == nil {
			who, _ = subscriberOf(query.Subscriber{
				ID: r.ID, Status: r.Status, BlockedReason: r.BlockedReason, Locale: r.Locale, Claims: r.Claims, Version: r.Version,
				CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
			}, nil)
		}
		if r.Credential != "" {
			creds = append(creds, credentialOf(query.Credential{
				ID: r.Credential, Subject: r.ID, Instance: r.Instance, Type: r.Type, Handle: r.Handle, Label: r.Label, Sealed: r.Sealed,
				StateVersion: r.StateVersion, Revision: r.Revision, CreatedAt: r.BoundAt, LastUsedAt: r.LastUsedAt,
			}))
		}
	}
	return who, creds, counters
}
