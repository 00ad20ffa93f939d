package provider

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/replica"
)

// replicas is what this server knows of the plugins on the others; before the database is open, nothing.
type replicas struct {
	registry atomic.Pointer[replica.Registry]
}

// readable tells the plugin host how new a state may be.
func (r *replicas) readable(instance string, own uint32) uint32 {
	if registry := r.registry.Load(); registry != nil {
		return registry.Highest(instance, own)
	}
	return replica.Unknown(own)
}

// changed is called when a plugin came up, perhaps in another version.
func (r *replicas) changed() {
	if registry := r.registry.Load(); registry != nil {
		registry.Changed()
	}
}

// joinReplicas makes this server's plugins known to the others, and theirs to it.
func (s *Server) joinReplicas(ctx context.Context) (*replica.Registry, error) {
	registry := replica.New(replica.Options{ID: id.New(), DB: s.store, Store: s.store, Own: func() []replica.Plugin { return pluginVersions(s.host) },
		Now: time.Now, Log: s.log})
	s.replicas.registry.Store(registry)
	return registry, registry.Join(ctx)
}

// pluginVersions lists what the plugins here can read.
func pluginVersions(h *host.Host) []replica.Plugin {
	var list []replica.Plugin
	for _, st := range h.Status() {
		if d, ok := h.Describe(st.Instance); ok {
			list = append(list, replica.Plugin{Instance: st.Instance, StateVersion: d.StateVersion, PluginVersion: d.Version})
		}
	}
	return list
}
