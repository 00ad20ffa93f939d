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
	if len(keys) > claimantKeys {
		return nil, nil, nil, fault.New(fault.Invalid, "read more counters than one statement takes")
	}
	var k [claimantKeys]string // no counter has an empty key
	copy(k[:], keys)
	rows, err := query.New(q).Claimant(ctx, query.ClaimantParams{Folded: folded, K1: k[0], K2: k[1], K3: k[2], K4: k[3], K5: k[4], K6: k[5]})
	if err != nil {
		return nil, nil, nil, mapped(err, "find who has a name")
	}
	var who *subscriber.Subscriber
	var creds []subscriber.Credential
	var counters []throttle.Counter
	for _, r := range rows {
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
	return who, creds, counters, nil
}
