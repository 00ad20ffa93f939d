package replica

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

const (
	// Every is how often a replica announces itself and reads the others' announcements.
	Every = 10 * time.Second
	// liveFor is how long a replica counts after its last announcement.
	liveFor = 3 * Every
	// staleAfter is how old what is known of the others may be.
	staleAfter = 2 * liveFor
	// buryAfter is when the announcements of a dead replica are removed.
	buryAfter = time.Hour
)

// Plugin is an instance of a plugin on a replica.
type Plugin struct {
	Replica, Instance string
	StateVersion      uint32 // the highest it reads
	PluginVersion     string
	SeenAt            time.Time // by the replica's clock: it tells announcements apart, and no more
}

// Store keeps the announcements.
type Store interface {
	// AnnounceReplica writes an announcement in the place of the replica's former one of the instance.
	AnnounceReplica(ctx context.Context, q tx.Q, p Plugin) error
	// Replicas lists the announcements of all replicas, dead ones too.
	Replicas(ctx context.Context, q tx.Q) ([]Plugin, error)
	// ForgetReplica removes the replica's announcements up to the time in them.
	ForgetReplica(ctx context.Context, q tx.Q, replica string, until time.Time) error
}

// Options say how a replica takes part.
type Options struct {
	ID    string // of this replica, fresh at every start
	DB    tx.DB
	Store Store
	Own   func() []Plugin // what runs here now; Replica and SeenAt are filled in
	Now   func() time.Time
	Log   *slog.Logger
}

// Registry is this replica's view of all.
type Registry struct {
	o    Options
	poke chan struct{}

	mu     sync.Mutex
	read   time.Time // of the last successful look
	others map[key]sighting
}

type key struct{ replica, instance string }

// sighting is an announcement and when it was first seen, by this replica's clock.
type sighting struct {
	Plugin
	at time.Time
}

// New returns a Registry that knows nobody yet.
func New(o Options) *Registry {
	return &Registry{o: o, poke: make(chan struct{}, 1), others: make(map[key]sighting)}
}

// Highest returns the highest state version of an instance that every live replica reads, where this one reads own. It
// neither waits nor fails.
func (r *Registry) Highest(instance string, own uint32) uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Now()
	if r.read.IsZero() || now.Sub(r.read) > staleAfter {
		return Unknown(own)
	}
	highest := own
	for _, s := range r.others {
		if s.Instance == instance && s.StateVersion > 0 && now.Sub(s.at) <= liveFor {
			highest = min(highest, s.StateVersion)
		}
	}
	return highest
}

// Unknown is what may be written where nobody knows who else lives: the version before the own one, which every plugin must be
// able to write.
func Unknown(own uint32) uint32 { return min(own, max(own, 2)-1) }

// Changed says that something else runs here than before; it is announced soon.
func (r *Registry) Changed() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// Join announces this replica and reads the others. Where one of them runs a newer version of a plugin, it waits until they have
// read the announcement and write nothing this replica cannot read.
func (r *Registry) Join(ctx context.Context) error {
	newer, err := r.refresh(ctx)
	if err != nil || !newer {
		return err
	}
	r.o.Log.InfoContext(ctx, "waiting for replicas with newer plugins to take notice", "for", Every+Every/4)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(Every + Every/4):
		return nil
	}
}

// Run keeps the announcements fresh until ctx ends, and then takes them back.
func (r *Registry) Run(ctx context.Context) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if err := r.o.Store.ForgetReplica(last, r.o.DB, r.o.ID, r.o.Now()); err != nil {
				r.o.Log.WarnContext(last, "this replica's plugins were not taken off the list: the others wait for it a little", "error", err)
			}
			return nil
		case <-tick.C:
		case <-r.poke:
		}
		if _, err := r.refresh(ctx); err != nil && ctx.Err() == nil {
			r.o.Log.WarnContext(ctx, "plugins write states of the version before their own: which replicas there are is not known", "error", err)
		}
	}
}

// refresh announces and reads, and says whether another replica reads more than this one.
func (r *Registry) refresh(ctx context.Context) (newer bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, Every/2)
	defer cancel()
	now := r.o.Now()
	own := make(map[string]uint32)
	for _, p := range r.o.Own() {
		p.Replica, p.SeenAt = r.o.ID, now
		own[p.Instance] = p.StateVersion
		if err := r.o.Store.AnnounceReplica(ctx, r.o.DB, p); err != nil {
			return false, err
		}
	}
	all, err := r.o.Store.Replicas(ctx, r.o.DB)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, dead := range r.take(all, now) {
		errs = append(errs, r.o.Store.ForgetReplica(ctx, r.o.DB, dead.Replica, dead.SeenAt))
	}
	for _, p := range all {
		if mine, ok := own[p.Instance]; ok && p.StateVersion > mine && p.Replica != r.o.ID {
			newer = true
		}
	}
	return newer, errors.Join(errs...)
}

// take notes what is announced and returns what has not changed for long.
func (r *Registry) take(all []Plugin, now time.Time) []Plugin {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := make(map[key]sighting, len(all))
	var dead []Plugin
	for _, p := range all {
		if p.Replica == r.o.ID {
			continue
		}
		k := key{p.Replica, p.Instance}
		s, known := r.others[k]
		if !known || !s.SeenAt.Equal(p.SeenAt) {
			s = sighting{Plugin: p, at: now}
		}
		seen[k] = s
		if now.Sub(s.at) > buryAfter {
			dead = append(dead, p)
		}
	}
	r.others, r.read = seen, now
	return dead
}
