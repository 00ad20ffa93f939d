package instancekey

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Service makes, hands over and rotates keys of instances. Safe for concurrent use, by any number of replicas.
type Service struct {
	DB    tx.DB
	Store Store
	Box   sealing.Box
	Audit audit.Writer
	Now   func() time.Time // nil: time.Now
	// Keep is how long a key is handed over after its successor was made: longer than what it signed is presented, and than a phone is
	// left in a drawer. 0 means 90 days.
	Keep time.Duration
	// Changed is called after a rotation's commit with the instance, so that every replica hands it the new key; may be nil.
	Changed func(instance string)
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Service) keep() time.Duration {
	if s.Keep == 0 {
		return 90 * 24 * time.Hour
	}
	return s.Keep
}

// Keys returns the keys that an instance wants, by name, each as a JSON Web Key Set (RFC 7517) of private keys, newest first. Those that
// do not exist yet are made: the same on every replica that asks.
func (s *Service) Keys(ctx context.Context, instance string, want []sdk.InstanceKey) (map[string][]byte, error) {
	out := make(map[string][]byte, len(want))
	for try := 0; ; try++ {
		rows, err := s.Store.InstanceKeys(ctx, s.DB)
		if err != nil {
			return nil, err
		}
		made := false
		for _, w := range want {
			have := live(rows, instance, w, s.now())
			if len(have) > 0 {
				if out[w.Name], err = s.open(have); err != nil {
					return nil, err
				}
				continue
			}
			if err := s.create(ctx, "system", rows, instance, w); err != nil && !fault.Is(err, fault.Conflict) {
				return nil, err
			}
			made = true
		}
		if !made {
			return out, nil
		}
		if try == 2 { // made, and still not there
			return nil, fault.New(fault.Unavailable, "instance keys do not stay")
		}
	}
}

// live lists the keys of that name and kind which have not expired, newest first. A plugin that changes the kind of a key gets a new one.
func live(rows []Row, instance string, w sdk.InstanceKey, now time.Time) []Row {
	var out []Row
	for _, r := range rows {
		if r.Instance == instance && r.Name == w.Name && r.Kind == w.Kind && (r.ExpiresAt.IsZero() || now.Before(r.ExpiresAt)) {
			out = append(out, r)
		}
	}
	return out
}

// open makes the set that the plugin gets.
func (s *Service) open(rows []Row) ([]byte, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	for i := range rows {
		jwk, err := s.Box.Open(sealing.ClassInstanceKey, rows[i].Sealed, where(&rows[i])...)
		if err != nil {
			return nil, fmt.Errorf("open the key %s of instance %s: %w", rows[i].Name, rows[i].Instance, err)
		}
		set.Keys = append(set.Keys, jwk)
	}
	return json.Marshal(set)
}

// create makes the next generation of a key, and has the ones before expire. fault.Conflict: another replica was first.
func (s *Service) create(ctx context.Context, actor string, rows []Row, instance string, w sdk.InstanceKey) error {
	now := s.now()
	r := Row{Instance: instance, Name: w.Name, Kind: w.Kind, Generation: 1, CreatedAt: now}
	var before []Row
	for _, o := range rows {
		if o.Instance != instance || o.Name != w.Name {
			continue
		}
		r.Generation = max(r.Generation, o.Generation+1)
		before = append(before, o)
	}
	if err := generate(s.Box, &r); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(q tx.Q) error {
		if err := s.Store.InsertInstanceKey(ctx, q, r); err != nil {
			return err
		}
		for _, o := range before {
			if err := s.retire(ctx, q, actor, o, now); err != nil {
				return err
			}
		}
		return s.tell(ctx, q, audit.KeyCreated, actor, r, now)
	})
}

// retire has a key expire, or removes one that did.
func (s *Service) retire(ctx context.Context, q tx.Q, actor string, r Row, now time.Time) error {
	switch {
	case r.ExpiresAt.IsZero():
		if err := s.Store.ExpireInstanceKey(ctx, q, r.KeyID, now.Add(s.keep())); err != nil {
			return err
		}
		return s.tell(ctx, q, audit.KeyRetired, actor, r, now)
	case !now.Before(r.ExpiresAt):
		err := s.Store.DeleteInstanceKey(ctx, q, r.KeyID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, q, audit.KeyRemoved, actor, r, now)
	}
	return nil
}

func (s *Service) tell(ctx context.Context, q tx.Q, kind audit.Kind, actor string, r Row, at time.Time) error {
	return audit.Write(ctx, q, s.Audit, audit.Event{At: at, Kind: kind, Actor: actor,
		Data: map[string]string{"kid": r.KeyID, "alg": r.Kind, "instance": r.Instance, "name": r.Name}})
}

// Rotate makes successors of an instance's keys, or of the one named: the plugin signs with them as soon as it is configured anew. What
// they take the place of is handed over for a while longer, so that what it signed still counts. fault.NotFound if there is none.
func (s *Service) Rotate(ctx context.Context, actor, instance, name string) error {
	rows, err := s.Store.InstanceKeys(ctx, s.DB)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, r := range rows { // newest first: the first of a name is the one in force
		if r.Instance != instance || done[r.Name] || (name != "" && r.Name != name) {
			continue
		}
		done[r.Name] = true
		if err := s.create(ctx, actor, rows, instance, sdk.InstanceKey{Name: r.Name, Kind: r.Kind}); err != nil {
			return fault.Wrap(fault.KindOf(err), err, "rotate the key "+r.Name+" of instance "+instance)
		}
	}
	if len(done) == 0 {
		return fault.New(fault.NotFound, "instance "+instance+" has no such key")
	}
	if s.Changed != nil {
		s.Changed(instance)
	}
	return nil
}

// Revoke takes a key away now, for one that may have leaked: what it signed counts no more once its instance is configured anew.
// fault.Conflict for the newest of its name: rotate first.
func (s *Service) Revoke(ctx context.Context, actor, keyID string) error {
	rows, err := s.Store.InstanceKeys(ctx, s.DB)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.KeyID != keyID {
			continue
		}
		if r.ExpiresAt.IsZero() {
			return fault.New(fault.Conflict, "the key is the newest of its name: rotate it first")
		}
		now := s.now()
		err := s.DB.InTx(ctx, func(q tx.Q) error {
			if err := s.Store.DeleteInstanceKey(ctx, q, r.KeyID); err != nil {
				return err
			}
			return s.tell(ctx, q, audit.KeyRemoved, actor, r, now)
		})
		if err == nil && s.Changed != nil {
			s.Changed(r.Instance)
		}
		return err
	}
	return fault.New(fault.NotFound, "there is no key "+keyID)
}

// List returns the stored keys, newest first within an instance and name, for the operator.
func (s *Service) List(ctx context.Context) ([]Row, error) { return s.Store.InstanceKeys(ctx, s.DB) }
