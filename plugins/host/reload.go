package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

// Outcome is what a reload did to an instance.
type Outcome string

// The outcomes of a reload.
const (
	Added     Outcome = "added"     // it was not there before
	Replaced  Outcome = "replaced"  // a new process answers, with the new configuration
	Removed   Outcome = "removed"   // it is not configured any more
	Unchanged Outcome = "unchanged" // its configuration is the same: its process goes on
	Refused   Outcome = "refused"   // the new one does not work: the old one goes on
)

// Change is what a reload did to one instance. Err says why it was Refused; or why an instance that was Added, or
// Replaced when it did not work before either, does not answer yet: it is tried again from time to time.
type Change struct {
	Instance string
	Outcome  Outcome
	Err      error
}

var errNotRunning = errors.New("the plugins are not running")

// Reload makes the running instances those of list: new ones start, changed ones are replaced, absent ones are removed,
// and those in renew are replaced whether they changed or not, as is an unpinned program, of which nobody knows. A
// replacement has been started, described itself, taken its configuration and said that it works before the first call
// goes to it; the old process ends after its last call. So no call fails by a reload, and a version that does not work
// leaves the old one in place.
//
// The changes come in the order of list, then the removed ones. The error tells that nothing was done at all: list cannot be
// hosted, or the host is not running.
func (h *Host) Reload(ctx context.Context, list []InstanceConfig, renew ...string) ([]Change, error) {
	o := Options{Instances: list, AllowUnpinned: h.options.AllowUnpinned}
	if err := o.validate(); err != nil {
		return nil, err
	}
	h.reloading.Lock()
	defer h.reloading.Unlock()
	ctx, done, ok := h.crew.along(ctx)
	if !ok {
		return nil, errNotRunning
	}
	defer done()
	changes := make([]Change, len(list))
	var each sync.WaitGroup
	for n := range list {
		each.Go(func() { changes[n] = h.reload(ctx, list[n], slices.Contains(renew, list[n].ID)) })
	}
	each.Wait()
	for _, i := range h.roster.Load().order {
		if !slices.ContainsFunc(list, func(c InstanceConfig) bool { return c.ID == i.config.ID }) {
			h.swap(func(r *roster) *roster { return r.without(i) })
			i.retire(true)
			changes = append(changes, Change{Instance: i.config.ID, Outcome: Removed})
		}
	}
	h.swap(func(r *roster) *roster { return r.sorted(list) })
	h.pins.keep(h.roster.Load().order)
	return changes, nil
}

// Renew replaces the processes of the named instances, all of them when none is named, under the configuration they have:
// for instance keys that were rotated, or secrets that a program reads by itself.
func (h *Host) Renew(ctx context.Context, ids ...string) ([]Change, error) {
	var list []InstanceConfig
	var all []string
	for _, i := range h.roster.Load().order {
		list = append(list, i.config)
		all = append(all, i.config.ID)
	}
	if len(ids) == 0 {
		ids = all
	}
	for _, id := range ids {
		if !slices.Contains(all, id) {
			return nil, fmt.Errorf("plugin instance %q: %w", id, errUnknownInstance)
		}
	}
	return h.Reload(ctx, list, ids...)
}

// reload brings one instance up to date.
func (h *Host) reload(ctx context.Context, c InstanceConfig, renew bool) Change {
	old, there := h.find(c.ID)
	fresh := newInstance(h, c)
	if there && !renew && fresh.config.same(&old.config) {
		return Change{Instance: c.ID, Outcome: Unchanged}
	}
	change := Change{Instance: c.ID, Outcome: Added}
	if there {
		change.Outcome = Replaced
		r, err := fresh.bring(ctx)
		if err != nil && old.serves() {
			h.log.WarnContext(ctx, "plugin instance not replaced", "instance", c.ID, "error", err)
			change.Outcome, change.Err = Refused, err
			return change
		}
		fresh.first = r
		if r != nil {
			fresh.enter(StateUp, r, nil)
		}
	}
	fresh.live.Store(true)
	h.swap(func(r *roster) *roster { return r.with(fresh) })
	if there {
		old.retire(false)
	}
	if !h.crew.join(fresh.run) {
		if fresh.first != nil {
			fresh.first.kill()
		}
		change.Err = errNotRunning
		return change
	}
	select {
	case <-fresh.settled:
		change.Err = fresh.failure()
	case <-ctx.Done():
		change.Err = ctx.Err()
	}
	if there {
		h.log.InfoContext(ctx, "plugin instance replaced", "instance", c.ID)
	}
	return change
}

func (h *Host) swap(f func(*roster) *roster) {
	h.swapping.Lock()
	defer h.swapping.Unlock()
	h.roster.Store(f(h.roster.Load()))
}

// bring starts a process that is to replace one that works, so it must say that it works too.
func (i *instance) bring(ctx context.Context) (*running, error) {
	r, err := i.start(ctx)
	if err != nil {
		return nil, err
	}
	health, err := within(ctx, checkTimeout, func(ctx context.Context) (sdk.Health, error) { return r.client.Check(ctx, i.config.ID) })
	switch {
	case err != nil:
		err = fmt.Errorf("check: %w", err)
	case !health.OK:
		err = fmt.Errorf("it says of itself: %s", health.Message)
	default:
		return r, nil
	}
	r.kill()
	return nil, err
}

// retire ends an instance that is not in the roster any more.
func (i *instance) retire(removed bool) {
	i.removed.Store(removed)
	i.live.Store(false)
	i.superseded.Store(true)
	i.end()
	if removed {
		i.host.report.State(i.config.ID, StateStopped)
	}
}

// serves says whether there is something to lose: an instance that cannot start is no reason to keep it.
func (i *instance) serves() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.about != nil && i.state != StateFailed && i.state != StateBroken
}

// failure is why the instance is not up, nil if it is.
func (i *instance) failure() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.state == StateUp {
		return nil
	}
	return i.lastErr
}

// same says whether a process started under one configuration serves for the other.
func (c *InstanceConfig) same(o *InstanceConfig) bool {
	if len(c.Command) > 0 && c.SHA256 == "" && c.Manifest == "" {
		return false
	}
	return c.Plugin == o.Plugin && slices.Equal(c.Command, o.Command) && c.SHA256 == o.SHA256 && c.Manifest == o.Manifest &&
		string(c.Config) == string(o.Config) && slices.Equal(c.AMR, o.AMR) && slices.Equal(c.Attributes, o.Attributes) &&
		slices.Equal(c.Env, o.Env) && c.Limits == o.Limits && maps.EqualFunc(c.Keys, o.Keys, slices.Equal) &&
		maps.EqualFunc(c.Texts, o.Texts, maps.Equal)
}
