package relyingparty

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// DefaultOverlap is how long a former secret is accepted after a rotation unless the operator says otherwise.
const DefaultOverlap = 24 * time.Hour

// MaxOverlap bounds it: a secret that was replaced because it leaked must not live on.
const MaxOverlap = 30 * 24 * time.Hour

// Service changes registrations. Every change is one audited transaction.
type Service struct {
	DB    tx.DB
	Store Store
	Audit audit.Writer
	Now   func() time.Time // nil: time.Now
	ACRs  []string         // acr values that policy defines; nil: not checked
	// Changed is called after a commit with the ids that changed, to invalidate caches here and elsewhere; may be nil.
	Changed func(ids ...string)
}

// Added is a registration made or changed, with the secret if one was made. The secret is not kept anywhere else.
type Added struct {
	Client Client
	Secret string // empty for clients that have none
}

// Add registers a relying party. fault.Conflict if the id is taken, an *InvalidError if the settings are not good.
func (s *Service) Add(ctx context.Context, actor string, settings Settings) (*Added, error) {
	if err := Validate(settings, s.ACRs); err != nil {
		return nil, err
	}
	var added *Added
	err := s.DB.InTx(ctx, func(q tx.Q) (err error) {
		added, err = s.insert(ctx, q, actor, settings, false)
		return err
	})
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "add client "+settings.ClientID)
	}
	s.changed(settings.ClientID)
	return added, nil
}

func (s *Service) insert(ctx context.Context, q tx.Q, actor string, settings Settings, declared bool) (*Added, error) {
	now := s.now()
	a := &Added{Client: Client{Settings: settings, Declared: declared, CreatedAt: now, UpdatedAt: now}}
	if settings.UsesSecret() {
		a.Secret, a.Client.SecretHash = NewSecret()
	}
	if err := s.Store.InsertClient(ctx, q, a.Client); err != nil {
		return nil, err
	}
	return a, s.tell(ctx, q, audit.ClientAdded, actor, settings.ClientID, nil)
}

// Applied is what Apply did.
type Applied struct {
	Added, Changed, Removed, Unchanged []string
	Secrets                            map[string]string // made by this call, by client id; shown once
}

// Apply makes the declared registrations be exactly these: absent ones are added, different ones changed, and with prune
// those declared before and absent now removed. Registrations made by Add become declared when they are named here, and are
// never pruned otherwise. All or nothing; secrets and their overlap survive a change.
func (s *Service) Apply(ctx context.Context, actor string, settings []Settings, prune bool) (*Applied, error) {
	named := make(map[string]bool, len(settings))
	for _, st := range settings {
		if err := Validate(st, s.ACRs); err != nil {
			return nil, err
		}
		if named[st.ClientID] {
			return nil, &InvalidError{st.ClientID, []Problem{{"client_id", "is declared twice: keep one"}}}
		}
		named[st.ClientID] = true
	}
	var done *Applied
	err := s.DB.InTx(ctx, func(q tx.Q) error {
		done = &Applied{Secrets: map[string]string{}} // a rerun starts anew
		stored, err := s.Store.Clients(ctx, q)
		if err != nil {
			return err
		}
		byID := make(map[string]Client, len(stored))
		for _, c := range stored {
			byID[c.ClientID] = c
			if prune && c.Declared && !named[c.ClientID] {
				if err := s.delete(ctx, q, actor, c.ClientID); err != nil {
					return err
				}
				done.Removed = append(done.Removed, c.ClientID)
			}
		}
		for _, st := range settings {
			if err := s.applyOne(ctx, q, actor, st, byID, done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "apply clients")
	}
	s.changed(slices.Concat(done.Added, done.Changed, done.Removed)...)
	return done, nil
}

func (s *Service) applyOne(ctx context.Context, q tx.Q, actor string, st Settings, byID map[string]Client, done *Applied) error {
	c, ok := byID[st.ClientID]
	if !ok {
		a, err := s.insert(ctx, q, actor, st, true)
		if err != nil {
			return err
		}
		done.Added = append(done.Added, st.ClientID)
		if a.Secret != "" {
			done.Secrets[st.ClientID] = a.Secret
		}
		return nil
	}
	fields := differences(c.Settings, st)
	if len(fields) == 0 && c.Declared {
		done.Unchanged = append(done.Unchanged, st.ClientID)
		return nil
	}
	c.Settings, c.Declared, c.UpdatedAt = st, true, s.now()
	switch {
	case st.UsesSecret() && len(c.SecretHash) == 0:
		done.Secrets[st.ClientID], c.SecretHash = NewSecret()
	case !st.UsesSecret():
		c.SecretHash, c.OldSecretHash, c.OldSecretUntil = nil, nil, time.Time{}
	}
	if err := s.Store.UpdateClient(ctx, q, c); err != nil {
		return err
	}
	done.Changed = append(done.Changed, st.ClientID)
	return s.tell(ctx, q, audit.ClientChanged, actor, st.ClientID, map[string]string{"fields": strings.Join(fields, " ")})
}

// Remove deletes a registration; fault.NotFound if there is none. Its tokens stop working with it.
func (s *Service) Remove(ctx context.Context, actor, id string) error {
	err := s.DB.InTx(ctx, func(q tx.Q) error {
		if _, err := s.Store.Client(ctx, q, id); err != nil {
			return err
		}
		return s.delete(ctx, q, actor, id)
	})
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "remove client "+id)
	}
	s.changed(id)
	return nil
}

func (s *Service) delete(ctx context.Context, q tx.Q, actor, id string) error {
	if err := s.Store.DeleteClient(ctx, q, id); err != nil {
		return err
	}
	return s.tell(ctx, q, audit.ClientRemoved, actor, id, nil)
}

// RotateSecret gives the relying party a new secret; the one in force stays good for overlap (0: not at all, for a secret that
// leaked). fault.Invalid if the client has no secret or the overlap is out of bounds.
func (s *Service) RotateSecret(ctx context.Context, actor, id string, overlap time.Duration) (*Added, error) {
	if overlap < 0 || overlap > MaxOverlap {
		return nil, fault.New(fault.Invalid, "the overlap must be between 0 and 720h")
	}
	var out *Added
	err := s.DB.InTx(ctx, func(q tx.Q) error {
		c, err := s.Store.Client(ctx, q, id)
		if err != nil {
			return err
		}
		if !c.UsesSecret() {
			return fault.New(fault.Invalid, "the client authenticates with "+string(c.AuthMethod())+" and has no secret to rotate")
		}
		now := s.now()
		c.OldSecretHash, c.OldSecretUntil = nil, time.Time{}
		if overlap > 0 {
			c.OldSecretHash, c.OldSecretUntil = c.SecretHash, now.Add(overlap)
		}
		out = &Added{}
		out.Secret, c.SecretHash = NewSecret()
		c.UpdatedAt = now
		out.Client = *c
		if err := s.Store.UpdateClient(ctx, q, *c); err != nil {
			return err
		}
		return s.tell(ctx, q, audit.ClientSecretRotated, actor, id, map[string]string{"overlap": overlap.String()})
	})
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "rotate the secret of client "+id)
	}
	s.changed(id)
	return out, nil
}

// List returns all registrations by id.
func (s *Service) List(ctx context.Context) ([]Client, error) {
	list, err := s.Store.Clients(ctx, s.DB)
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "list clients")
	}
	slices.SortFunc(list, func(a, b Client) int { return strings.Compare(a.ClientID, b.ClientID) })
	return list, nil
}

func (s *Service) tell(ctx context.Context, q tx.Q, kind audit.Kind, actor, id string, data map[string]string) error {
	return audit.Write(ctx, q, s.Audit, audit.Event{At: s.now(), Kind: kind, Client: id, Actor: actor, Data: data})
}

func (s *Service) changed(ids ...string) {
	if s.Changed != nil && len(ids) > 0 {
		s.Changed(ids...)
	}
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// differences names the JSON fields in which two registrations differ, for the record: names alone, never values.
func differences(a, b Settings) []string {
	fields := func(s Settings) map[string]any {
		raw, _ := json.Marshal(s) // strings, lists and durations: cannot fail
		m := map[string]any{}
		_ = json.Unmarshal(raw, &m)
		return m
	}
	x, y := fields(a), fields(b)
	var names []string
	for k, v := range x {
		if !reflect.DeepEqual(v, y[k]) {
			names = append(names, k)
		}
	}
	for k := range y {
		if _, ok := x[k]; !ok {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	return names
}
