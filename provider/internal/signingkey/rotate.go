package signingkey

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Maintain makes the keys that are missing or due and removes those nobody needs. Any number of replicas may call it at once.
func (s *Service) Maintain(ctx context.Context) error {
	s.Invalidate()
	set, err := s.Keys(ctx)
	if err != nil {
		return err
	}
	for _, alg := range s.o.Algs {
		now, newest := s.o.Now(), newest(set.rows, alg)
		switch {
		case newest == nil:
			// The very first signs at once: there is no older signature, so no cached key set to wait for.
			err = s.succeed(ctx, "system", alg, nil, now)
		case !now.Before(newest.ActiveAt.Add(s.o.Interval - s.o.Lead)):
			err = s.succeed(ctx, "system", alg, newest, now.Add(s.o.Lead))
		}
		if err != nil {
			return err
		}
	}
	return s.removeExpired(ctx, set.rows)
}

// Rotate makes a new key by the operator's command. It is published at once and signs after the lead time; with at once, as
// soon as every replica has had the time to publish it (the TTL): relying parties then fetch the key set again when they
// meet the new kid.
func (s *Service) Rotate(ctx context.Context, actor, alg string, atOnce bool) error {
	s.Invalidate()
	set, err := s.Keys(ctx)
	if err != nil {
		return err
	}
	now, old := s.o.Now(), newest(set.rows, alg)
	active := now.Add(s.o.Lead)
	switch {
	case old == nil:
		active = now
	case atOnce:
		active = now.Add(s.o.TTL)
	}
	return s.succeed(ctx, actor, alg, old, active)
}

// Revoke stops publishing a key now: what it signed counts no more. For a key that may have leaked; rotate first, at once.
// fault.Conflict while no other key of its algorithm signs.
func (s *Service) Revoke(ctx context.Context, actor, keyID string) error {
	s.Invalidate()
	set, err := s.Keys(ctx)
	if err != nil {
		return err
	}
	now := s.o.Now()
	var row *Row
	for i := range set.rows {
		if set.rows[i].KeyID == keyID {
			row = &set.rows[i]
		}
	}
	if row == nil {
		return fault.New(fault.NotFound, "no signing key "+keyID)
	}
	other := set.signer(row.Alg, now)
	if other == nil || other.KeyID == keyID {
		return fault.New(fault.Conflict, "the key is the one that signs "+row.Alg+": rotate at once first, and revoke it when the new one signs")
	}
	retired := row.RetiredAt
	if retired.IsZero() || retired.After(now) {
		retired = now
	}
	err = s.o.DB.InTx(ctx, func(q tx.Q) error {
		if err := s.o.Store.RetireSigningKey(ctx, q, keyID, retired, now); err != nil {
			return err
		}
		return s.tell(ctx, q, audit.KeyRemoved, actor, row.KeyID, row.Alg, map[string]string{"reason": "revoked"})
	})
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "revoke signing key")
	}
	s.changed()
	return nil
}

// succeed makes the successor of old (nil: the first key). Losing the race for it is success: there is a successor.
func (s *Service) succeed(ctx context.Context, actor, alg string, old *Row, active time.Time) error {
	row, err := newRow(s.o.Box, alg)
	if err != nil {
		return err
	}
	now := s.o.Now()
	row.CreatedAt, row.ActiveAt = now, active
	// The generation names the predecessor: two replicas that saw the same newest key ask for the same one, and the store
	// takes the first.
	generation := int64(0)
	if old != nil {
		generation = old.CreatedAt.UnixMicro()
	}
	err = s.o.DB.InTx(ctx, func(q tx.Q) error {
		if err := s.o.Store.InsertSigningKey(ctx, q, row, generation); err != nil {
			return err
		}
		if err := s.tell(ctx, q, audit.KeyCreated, actor, row.KeyID, alg, map[string]string{"active": stamp(active)}); err != nil {
			return err
		}
		if !active.After(now) {
			if err := s.tell(ctx, q, audit.KeyActivated, actor, row.KeyID, alg, nil); err != nil {
				return err
			}
		}
		if old == nil || !old.RetiredAt.IsZero() {
			return nil
		}
		// A key that never came to sign retires when it would have begun.
		retired := active
		if old.ActiveAt.After(retired) {
			retired = old.ActiveAt
		}
		if err := s.o.Store.RetireSigningKey(ctx, q, old.KeyID, retired, retired.Add(s.o.Keep)); err != nil {
			return err
		}
		return s.tell(ctx, q, audit.KeyRetired, actor, old.KeyID, alg, map[string]string{"retired": stamp(retired)})
	})
	if err != nil && !fault.Is(err, fault.Conflict) {
		return fault.Wrap(fault.KindOf(err), err, "make signing key")
	}
	s.changed()
	return nil
}

func (s *Service) removeExpired(ctx context.Context, rows []Row) error {
	now, removed := s.o.Now(), false
	for _, r := range rows {
		if r.ExpiresAt.IsZero() || now.Before(r.ExpiresAt) {
			continue
		}
		err := s.o.DB.InTx(ctx, func(q tx.Q) error {
			if err := s.o.Store.DeleteSigningKey(ctx, q, r.KeyID); err != nil {
				return err
			}
			return s.tell(ctx, q, audit.KeyRemoved, "system", r.KeyID, r.Alg, map[string]string{"reason": "expired"})
		})
		// NotFound: another replica was faster.
		if err != nil && !fault.Is(err, fault.NotFound) {
			return fault.Wrap(fault.KindOf(err), err, "remove signing key")
		}
		removed = true
	}
	if removed {
		s.changed()
	}
	return nil
}

// newest is the last key made for alg, nil if there is none.
func newest(rows []Row, alg string) *Row {
	var n *Row
	for i := range rows {
		if r := &rows[i]; r.Alg == alg && (n == nil || r.CreatedAt.After(n.CreatedAt)) {
			n = r
		}
	}
	return n
}

func (s *Service) tell(ctx context.Context, q tx.Q, kind audit.Kind, actor, keyID, alg string, more map[string]string) error {
	data := map[string]string{"key": keyID, "alg": alg, "use": "sig"}
	for k, v := range more {
		data[k] = v
	}
	return audit.Write(ctx, q, s.o.Audit, audit.Event{At: s.o.Now(), Kind: kind, Actor: actor, Data: data})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (s *Service) changed() {
	s.Invalidate()
	if s.o.Changed != nil {
		s.o.Changed()
	}
}
