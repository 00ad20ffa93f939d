package relyingparty

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Registered is a registration with what is computed from it once. Shared by all requests: nobody may change it.
type Registered struct {
	Client
	Keys []jose.JSONWebKey // of private_key_jwt
}

// Cache keeps registrations in memory, because every request needs one. An entry lives for TTL or until Invalidate, which the
// notification of another replica's change calls; when storage is down an entry past its TTL is not served, so that a removed
// relying party is never kept alive by an outage. Safe for concurrent use.
type Cache struct {
	store Store
	q     tx.Q
	ttl   time.Duration
	now   func() time.Time

	mu      sync.RWMutex
	entries map[string]entry
	origins originSet
	epoch   uint64 // raised by Invalidate: what was read before must not be stored after
}

type entry struct {
	client *Registered
	until  time.Time
}

type originSet struct {
	allowed map[string]bool
	until   time.Time
}

// DefaultTTL bounds how long a change that was not notified stays unseen.
const DefaultTTL = 15 * time.Second

// NewCache returns an empty cache. ttl 0 means DefaultTTL, now nil time.Now.
func NewCache(store Store, q tx.Q, ttl time.Duration, now func() time.Time) *Cache {
	if ttl == 0 {
		ttl = DefaultTTL
	}
	if now == nil {
		now = time.Now
	}
	return &Cache{store: store, q: q, ttl: ttl, now: now, entries: map[string]entry{}}
}

// Client returns a registration; fault.NotFound if there is none. Nothing is kept of ids that do not exist: they would fill
// the memory.
func (c *Cache) Client(ctx context.Context, id string) (*Client, error) {
	r, err := c.Registered(ctx, id)
	if err != nil {
		return nil, err
	}
	return &r.Client, nil
}

// Registered is Client with the computed parts.
func (c *Cache) Registered(ctx context.Context, id string) (*Registered, error) {
	if id == "" || len(id) > 128 {
		return nil, fault.New(fault.NotFound, "no such client")
	}
	now := c.now()
	c.mu.RLock()
	e, ok := c.entries[id]
	epoch := c.epoch
	c.mu.RUnlock()
	if ok && now.Before(e.until) {
		return e.client, nil
	}
	stored, err := c.store.Client(ctx, c.q, id)
	if err != nil {
		if ok && fault.Is(err, fault.NotFound) {
			// Only this entry: ids that never existed come from strangers, who must not be able to empty the cache.
			c.mu.Lock()
			delete(c.entries, id)
			c.mu.Unlock()
		}
		return nil, fault.Wrap(fault.KindOf(err), err, "read client")
	}
	r := &Registered{Client: *stored}
	if len(r.JWKS) > 0 {
		if r.Keys, err = parseKeys(r.JWKS); err != nil {
			return nil, fault.Wrap(fault.Internal, err, "stored jwks of client "+id)
		}
	}
	c.mu.Lock()
	if c.epoch == epoch {
		c.entries[id] = entry{r, now.Add(c.ttl)}
	}
	c.mu.Unlock()
	return r, nil
}

// AllowsOrigin says whether a browser application of this origin is registered: origins of redirect URIs of public clients,
// which are the ones whose code runs in a browser.
func (c *Cache) AllowsOrigin(ctx context.Context, origin string) (bool, error) {
	now := c.now()
	c.mu.RLock()
	set, epoch := c.origins, c.epoch
	c.mu.RUnlock()
	if now.Before(set.until) {
		return set.allowed[origin], nil
	}
	list, err := c.store.Clients(ctx, c.q)
	if err != nil {
		return false, fault.Wrap(fault.KindOf(err), err, "read clients")
	}
	set = originSet{map[string]bool{}, now.Add(c.ttl)}
	for i := range list {
		if !list[i].Public() {
			continue
		}
		for _, uri := range list[i].RedirectURIs {
			if o := originOf(uri); o != "" {
				set.allowed[o] = true
			}
		}
	}
	c.mu.Lock()
	if c.epoch == epoch {
		c.origins = set
	}
	c.mu.Unlock()
	return set.allowed[origin], nil
}

// originOf writes an origin as browsers do (RFC 6454 section 6.2): lower case, without the scheme's own port.
func originOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return "https://" + strings.TrimSuffix(host, ":443")
	case "http":
		return "http://" + strings.TrimSuffix(host, ":80")
	}
	return ""
}

// Invalidate forgets the ids given, everything when none is.
func (c *Cache) Invalidate(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.origins = originSet{}
	if len(ids) == 0 {
		clear(c.entries)
		return
	}
	for _, id := range ids {
		delete(c.entries, id)
	}
}
