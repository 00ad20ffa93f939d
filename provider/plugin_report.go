package provider

import (
	"context"
	"errors"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/telemetry"
)

// pluginEvents is how many events of plugins may wait for the database.
const pluginEvents = 256

// pluginReports passes on what happens to plugins: to the log, the metrics and the record of security decisions. A plugin that
// broke the contract is a security event.
type pluginReports struct {
	server *Server
	events chan audit.Event
}

var _ host.Reporter = (*pluginReports)(nil)

// Lied tells of an answer that was refused.
func (p *pluginReports) Lied(ctx context.Context, instance, rule string) {
	p.server.log.ErrorContext(ctx, "plugin broke the contract", "instance", instance, "rule", rule)
	p.record(ctx, audit.PluginLied, instance, "rule", rule)
}

// State tells of the life of an instance.
func (p *pluginReports) State(instance string, state host.State) {
	p.server.metrics.PluginUp(instance, state == host.StateUp)
	ctx := context.Background()
	switch state {
	case host.StateUp:
		p.server.replicas.changed()
		p.record(ctx, audit.PluginStarted, instance)
	case host.StateRestarting, host.StateFailed:
		p.record(ctx, audit.PluginStopped, instance, "reason", string(state))
	case host.StateBroken:
		p.record(ctx, audit.PluginBroken, instance, "reason", "it crashed or broke the contract too often")
	}
}

// Called counts a call.
func (p *pluginReports) Called(instance, op string, d time.Duration, err error) {
	outcome := "ok"
	var e *host.Error
	if errors.As(err, &e) {
		outcome = string(e.Kind)
	}
	p.server.metrics.PluginCall(instance, op, outcome, d)
}

// record has an event written. It does not wait: plugins come up before the database is open, and a call must not last longer
// because a plugin broke.
func (p *pluginReports) record(ctx context.Context, kind audit.Kind, instance string, data ...string) {
	e := audit.Event{At: time.Now(), Kind: kind, Actor: instance, Request: telemetry.RequestID(ctx), Data: map[string]string{"instance": instance}}
	for n := 0; n+1 < len(data); n += 2 {
		e.Data[data[n]] = data[n+1]
	}
	select {
	case p.events <- e:
	default:
		p.server.log.ErrorContext(ctx, "audit event of a plugin was not written: too many wait", "instance", instance, "kind", string(kind))
	}
}

// Run writes the events until ctx ends, and then those that still wait.
func (p *pluginReports) Run(ctx context.Context) error {
	for {
		select {
		case e := <-p.events:
			p.write(context.WithoutCancel(ctx), e) // what happened last happened too
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			for {
				select {
				case e := <-p.events:
					p.write(last, e)
				default:
					return nil
				}
			}
		}
	}
}

func (p *pluginReports) write(ctx context.Context, e audit.Event) {
	s := p.server
	if e.Kind == audit.PluginStarted {
		for _, st := range s.host.Status() {
			if st.Instance == e.Actor {
				e.Data["version"], e.Data["digest"] = st.Version, st.Digest
			}
		}
	}
	if err := audit.Write(ctx, s.store, s.store, e); err != nil {
		s.log.ErrorContext(ctx, "audit event of a plugin was not written", "instance", e.Actor, "kind", string(e.Kind), "error", err)
	}
}
