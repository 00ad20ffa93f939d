package provider

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
)

// PluginChange is what a reload did to one instance of a plugin.
type PluginChange struct {
	Instance string    `json:"instance"`
	Outcome  string    `json:"outcome"` // added, replaced, removed, unchanged, refused
	Version  string    `json:"version,omitempty"`
	Digest   string    `json:"digest,omitempty"`
	Error    string    `json:"error,omitempty"`    // why it was refused, or does not answer yet
	Problems []Mistake `json:"problems,omitempty"` // with its configuration
}

// PluginsReloaded is what a reload did.
type PluginsReloaded struct {
	Changes []PluginChange `json:"changes"`
	// Restart lists the keys of the file that are different from those the server runs with and that a reload does not touch.
	Restart []string `json:"restart,omitempty"`
}

// Refused says whether an instance goes on as before although the file says otherwise, or does not answer.
func (r PluginsReloaded) Refused() bool {
	return slices.ContainsFunc(r.Changes, func(c PluginChange) bool { return c.Error != "" })
}

// ReloadPlugins reads the configuration file again and makes the plugins those that are written there, without a failed
// login: a new process has taken its configuration and works before it replaces the old one, and one that does not leaves
// the old one in place. The named instances are replaced whether they changed or not. Other parts of the file take effect
// at the next start.
func (s *Server) ReloadPlugins(ctx context.Context, names ...string) (*PluginsReloaded, error) {
	fresh, err := s.config.again()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, ok := fresh.Plugins[name]; !ok {
			return nil, fault.New(fault.NotFound, "there is no plugin "+name+" in the configuration: "+
				suggestion(name, slices.Collect(maps.Keys(fresh.Plugins))))
		}
	}
	if err := s.config.stillUsed(fresh); err != nil {
		return nil, err
	}
	instances, err := fresh.instances()
	if err != nil {
		return nil, err
	}
	changes, err := s.host.Reload(ctx, instances, names...)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the plugins cannot be reloaded")
	}
	s.plugins.Store(fresh)
	s.replicas.changed()
	return s.reloaded(ctx, fresh, changes), nil
}

// again reads the file of the configuration again, with the environment of the start.
func (c *Config) again() (*Config, error) {
	if c.source.path == "" {
		return nil, fault.New(fault.Invalid, "the server was started without a configuration file: there is nothing to read again")
	}
	fresh, err := Load(c.source.path, c.environ())
	if mistakes := Mistakes(nil); errors.As(err, &mistakes) {
		return nil, fault.Wrap(fault.Invalid, err, "the configuration has mistakes, so nothing was changed")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "nothing was changed")
	}
	return fresh, nil
}

// environ is the environment that the configuration was read with.
func (c *Config) environ() []string {
	environ := make([]string, 0, len(c.source.environ))
	for name, value := range c.source.environ {
		environ = append(environ, name+"="+value)
	}
	return environ
}

// stillUsed keeps what the running server refers to from going away under it: its policy, its risk sources and its keys are
// those of the start.
func (c *Config) stillUsed(fresh *Config) error {
	for _, use := range c.pluginUses() {
		_, before := c.Plugins[use.instance]
		if _, after := fresh.Plugins[use.instance]; before && !after {
			return fault.New(fault.Conflict, "the plugin "+use.instance+" is not in the configuration any more, but "+use.key+
				" of the running server needs it: restart the server to change both")
		}
	}
	return nil
}

// pluginUse is a place of the configuration that refers to an instance.
type pluginUse struct{ instance, key string }

func (c *Config) pluginUses() []pluginUse {
	var uses []pluginUse
	method := func(key, ref string) {
		instance, _, _ := strings.Cut(ref, "/")
		uses = append(uses, pluginUse{instance, key})
	}
	for _, l := range c.Policy.Levels {
		for _, combination := range l.AnyOf {
			for _, ref := range combination {
				method("policy.levels", ref)
			}
		}
	}
	for _, ref := range c.Policy.BindAtLogin {
		method("policy.bind_at_login", ref)
	}
	for lost, ways := range c.Recovery.Ways {
		method("recovery.ways", lost)
		for _, way := range ways {
			for _, ref := range way {
				method("recovery.ways", ref)
			}
		}
	}
	for _, r := range c.Risk {
		method("risk", r.Source)
	}
	for _, k := range c.Sealing.KEK {
		if k.KMS != "" {
			method("sealing.kek", k.KMS)
		}
	}
	return uses
}

// differs lists the top-level keys, other than plugins, whose values are not those of the running server.
func (c *Config) differs(fresh *Config) []string {
	var keys []string
	now, then := reflect.ValueOf(*fresh), reflect.ValueOf(*c)
	for name, index := range fieldsOf(now.Type()) {
		if len(index) == 1 && name != "plugins" && !reflect.DeepEqual(now.FieldByIndex(index).Interface(), then.FieldByIndex(index).Interface()) {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return keys
}

// reloaded tells what was done, to whoever asked, the log and the record of security decisions.
func (s *Server) reloaded(ctx context.Context, fresh *Config, changes []host.Change) *PluginsReloaded {
	status := make(map[string]host.Status)
	for _, st := range s.host.Status() {
		status[st.Instance] = st
	}
	out := &PluginsReloaded{Restart: s.config.differs(fresh)}
	for _, c := range changes {
		st := status[c.Instance]
		change := PluginChange{Instance: c.Instance, Outcome: string(c.Outcome), Version: st.Version, Digest: st.Digest}
		if c.Err != nil {
			change.Error = c.Err.Error()
		}
		for _, p := range host.Problems(c.Err) {
			change.Problems = append(change.Problems, fresh.pluginMistake(c.Instance, p.Pointer, p.Message))
		}
		out.Changes = append(out.Changes, change)
		if c.Outcome == host.Unchanged {
			continue
		}
		s.log.InfoContext(ctx, "plugin reloaded", "instance", c.Instance, "outcome", string(c.Outcome), "version", st.Version, "digest", st.Digest,
			"error", change.Error)
		err := audit.Write(context.WithoutCancel(ctx), s.store, s.store, audit.Event{At: time.Now(), Kind: audit.PluginReloaded, Actor: actorOf(ctx),
			Data: map[string]string{"instance": c.Instance, "outcome": string(c.Outcome), "version": st.Version, "digest": st.Digest}})
		if err != nil {
			s.log.ErrorContext(ctx, "audit event of a plugin's reload was not written", "error", err)
		}
	}
	return out
}
