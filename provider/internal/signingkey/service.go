package signingkey

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Options is what a Service needs. Zero durations mean the defaults.
type Options struct {
	DB    tx.DB
	Store Store
	Box   sealing.Box
	Audit audit.Writer
	Log   *slog.Logger
	Now   func() time.Time // nil: time.Now

	Algs     []string      // nil: ES256 and RS256
	Interval time.Duration // a key signs that long: 90 days
	// Lead is how long a key is published before it signs: longer than relying parties cache the key set. 24 hours.
	Lead time.Duration
	// Keep is how long it stays published after it stopped signing: longer than any token lives; 30 days, so that logouts
	// with an old id_token_hint are still understood.
	Keep time.Duration
	// TTL is how long a replica may not see another's change if no notification reaches it: 15 seconds.
	TTL time.Duration
	// Changed is called after a commit, to notify the other replicas; may be nil.
	Changed func()
}

// Service makes, rotates and serves signing keys. Safe for concurrent use, by any number of replicas.
type Service struct {
	o       Options
	current atomic.Pointer[Set]
	load    sync.Mutex // one loader at a time; readers of a fresh set take no lock
}

// New returns a service; nothing is read or written yet.
func New(o Options) (*Service, error) {
	if o.DB == nil || o.Store == nil || o.Box == nil || o.Audit == nil {
		return nil, fault.New(fault.Internal, "signing keys need a database, a store, a box and an audit writer")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Algs == nil {
		o.Algs = []string{ES256, RS256}
	}
	for _, a := range o.Algs {
		if a != ES256 && a != RS256 {
			return nil, fault.New(fault.Invalid, "signing algorithm "+a+" is not supported")
		}
	}
	o.Interval = or(o.Interval, 90*24*time.Hour)
	o.Lead = or(o.Lead, 24*time.Hour)
	o.Keep = or(o.Keep, 30*24*time.Hour)
	o.TTL = or(o.TTL, 15*time.Second)
	if o.Interval <= o.Lead {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("signing keys rotate every %s, which must be longer than the %s they are published before", o.Interval, o.Lead))
	}
	return &Service{o: o}, nil
}

func or(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// Signer returns the key that signs now with alg.
func (s *Service) Signer(ctx context.Context, alg string) (*Signer, error) {
	set, err := s.Keys(ctx)
	if err != nil {
		return nil, err
	}
	if k := set.signer(alg, s.o.Now()); k != nil {
		return k, nil
	}
	return nil, fault.New(fault.Unavailable, "no signing key for "+alg+" is active yet")
}

// Keys returns the keys in force: from memory, and from storage when they are older than the TTL.
func (s *Service) Keys(ctx context.Context) (*Set, error) {
	if set := s.current.Load(); set != nil && s.o.Now().Before(set.until) {
		return set, nil
	}
	s.load.Lock()
	defer s.load.Unlock()
	now := s.o.Now()
	old := s.current.Load()
	if old != nil && now.Before(old.until) {
		return old, nil // another request loaded it while this one waited
	}
	rows, err := s.o.Store.SigningKeys(ctx, s.o.DB)
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "read signing keys")
	}
	set, err := newSet(s.o.Box, rows, now, old)
	if err != nil {
		return nil, err
	}
	set.until = now.Add(s.o.TTL)
	for _, r := range rows { // a key that expires within the TTL must not be believed beyond its end
		if r.ExpiresAt.After(now) && r.ExpiresAt.Before(set.until) {
			set.until = r.ExpiresAt
		}
	}
	s.current.Store(set)
	return set, nil
}

// Invalidate makes the next use read storage: called when another replica changed the keys. The old signers stay at hand.
func (s *Service) Invalidate() {
	s.load.Lock()
	defer s.load.Unlock()
	if old := s.current.Load(); old != nil {
		stale := *old
		stale.until = time.Time{}
		s.current.Store(&stale)
	}
}

// Run keeps the keys in order until ctx ends: at once, then every interval.
func (s *Service) Run(ctx context.Context) error {
	const every = 10 * time.Minute
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if err := s.Maintain(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.ErrorContext(ctx, "signing keys not maintained", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// List returns the stored keys, newest first, for the operator.
func (s *Service) List(ctx context.Context) ([]Row, error) {
	set, err := s.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(set.rows), nil
}
