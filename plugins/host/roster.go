package host

import (
	"context"
	"slices"
	"sync"
)

// roster is who is hosted. It is replaced as a whole, so that a call reads it without a lock.
type roster struct {
	order []*instance
	byID  map[string]*instance
}

func newRoster(order []*instance) *roster {
	r := &roster{order: order, byID: make(map[string]*instance, len(order))}
	for _, i := range order {
		r.byID[i.config.ID] = i
	}
	return r
}

// with returns a copy in which i has the place of the instance of the same name, or the last one.
func (r *roster) with(i *instance) *roster {
	order := slices.Clone(r.order)
	if at := slices.IndexFunc(order, func(o *instance) bool { return o.config.ID == i.config.ID }); at >= 0 {
		order[at] = i
	} else {
		order = append(order, i)
	}
	return newRoster(order)
}

// without returns a copy without i.
func (r *roster) without(i *instance) *roster {
	return newRoster(slices.DeleteFunc(slices.Clone(r.order), func(o *instance) bool { return o == i }))
}

// sorted returns a copy in the order of the configuration.
func (r *roster) sorted(list []InstanceConfig) *roster {
	var order []*instance
	for n := range list {
		if i, ok := r.byID[list[n].ID]; ok {
			order = append(order, i)
		}
	}
	return newRoster(order)
}

// find returns who has the name now.
func (h *Host) find(id string) (*instance, bool) {
	i, ok := h.roster.Load().byID[id]
	return i, ok
}

// crew is the supervisors and reloads under way. Nobody joins after it was asked to end.
type crew struct {
	mu    sync.Mutex
	ctx   context.Context // nil before the host runs
	ended bool
	all   sync.WaitGroup
}

// begin lets supervisors join until ctx ends.
func (c *crew) begin(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ctx = ctx
}

// join runs f, unless the host is not running, or ending.
func (c *crew) join(f func(ctx context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil || c.ended {
		return false
	}
	ctx := c.ctx
	c.all.Go(func() { f(ctx) })
	return true
}

// along returns a context that ends with ctx and with the host, which waits until done is called.
func (c *crew) along(ctx context.Context) (_ context.Context, done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil || c.ended {
		return nil, nil, false
	}
	c.all.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.ctx, cancel)
	return ctx, func() { stop(); cancel(); c.all.Done() }, true
}

// wait returns when the context has ended and everybody has left.
func (c *crew) wait() {
	<-c.ctx.Done()
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.all.Wait()
}
