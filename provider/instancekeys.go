package provider

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
)

// renewEvery is how often a replica looks whether a key that it handed over has expired.
const renewEvery = 10 * time.Minute

// handed is what instances got of their keys, and whether there are any to hand over yet: plugins come up while the database is being
// opened. The zero value says no.
type handed struct {
	mu    sync.Mutex
	once  sync.Once
	open  chan struct{}
	keys  map[string]map[string][]byte // instance → name → set
	wants map[string][]sdk.InstanceKey
}

func (h *handed) init() { h.once.Do(func() { h.open = make(chan struct{}) }) }

// opened lets those who wait for keys have them.
func (h *handed) opened() {
	h.init()
	close(h.open)
}

// handKeys returns an instance's keys to the plugin host.
func (s *Server) handKeys(ctx context.Context, instance string, want []sdk.InstanceKey) (map[string][]byte, error) {
	s.handed.init()
	if s.config.Sealing.usesKMS() {
		// Opening the database waits for the plugins, one of which has the key to it: they must not wait for the database.
		select {
		case <-s.handed.open:
		default:
			return nil, fault.New(fault.Unavailable, "the sealing keys are not open yet")
		}
	}
	select {
	case <-s.handed.open:
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "the database is not open yet")
	}
	keys, err := s.domains.instance.Keys(ctx, instance, want)
	if err != nil {
		return nil, err
	}
	s.handed.mu.Lock()
	defer s.handed.mu.Unlock()
	if s.handed.keys == nil {
		s.handed.keys, s.handed.wants = map[string]map[string][]byte{}, map[string][]sdk.InstanceKey{}
	}
	s.handed.keys[instance], s.handed.wants[instance] = keys, want
	return keys, nil
}

// renewKeys configures instances anew whose keys have changed since they got them: by an operator's command on any replica, or because
// one expired.
func (s *Server) renewKeys(ctx context.Context) error {
	woken, cancel := s.store.Subscribe(topicInstanceKeys)
	defer cancel()
	t := time.NewTicker(renewEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-t.C:
		}
		if stale := s.staleKeys(ctx); len(stale) > 0 {
			changes, err := s.host.Renew(ctx, stale...)
			for _, c := range changes {
				if c.Err != nil {
					s.log.WarnContext(ctx, "an instance did not take its new keys", "instance", c.Instance, "error", c.Err)
				}
			}
			if err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "instances did not get their new keys", "error", err)
			}
		}
	}
}

// staleKeys lists the instances whose keys are not those they got.
func (s *Server) staleKeys(ctx context.Context) []string {
	s.handed.mu.Lock()
	defer s.handed.mu.Unlock()
	var stale []string
	for instance, want := range s.handed.wants {
		keys, err := s.domains.instance.Keys(ctx, instance, want)
		if err != nil {
			s.log.WarnContext(ctx, "instance keys were not read", "instance", instance, "error", err)
			continue
		}
		for name, set := range keys {
			if !bytes.Equal(set, s.handed.keys[instance][name]) {
				stale = append(stale, instance)
				break
			}
		}
	}
	return stale
}
