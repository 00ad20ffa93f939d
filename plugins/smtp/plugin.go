package smtp

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/internal/oncekey"
	"github.com/varco-id/varco/plugins/sdk"
)

const kind = "email"

// Plugin is the channel. Make it with [New].
type Plugin struct {
	now       func() time.Time
	mu        sync.RWMutex
	instances map[string]*instance
}

type instance struct {
	*relay
	sent *oncekey.Memory
}

var (
	_ sdk.Plugin          = (*Plugin)(nil)
	_ sdk.DeliveryChannel = (*Plugin)(nil)
)

// New returns the plugin, knowing no instance yet.
func New() *Plugin { return &Plugin{now: time.Now, instances: map[string]*instance{}} }

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "smtp", Version: "1.0.0", Services: []sdk.Service{sdk.ServiceDeliveryChannel}, ConfigSchema: configSchema,
		Texts: map[string]map[string]string{"en": {}}, ChannelKinds: []string{kind},
	}, nil
}

// ValidateConfig implements [sdk.Plugin]. It reads the file that is named, and calls nobody.
func (p *Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := configured(c.JSON, p.now)
	return problems, nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	r, problems := configured(c.JSON, p.now)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("smtp: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := &instance{relay: r, sent: new(oncekey.Memory)}
	if old := p.instances[c.InstanceID]; old != nil && old.Host == r.Host {
		i.sent = old.sent // what was sent does not change with the configuration
	}
	p.instances[c.InstanceID] = i
	return nil
}

// Remove implements [sdk.Plugin].
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.instances, instanceID)
	return nil
}

// Check implements [sdk.Plugin]: whether the server lets us in.
func (p *Plugin) Check(ctx context.Context, instanceID string) (sdk.Health, error) {
	i, err := p.instance(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(i.timeout, checkTime))
	defer cancel()
	if err := i.healthy(ctx); err != nil {
		return sdk.Health{Message: err.Error()}, nil
	}
	return sdk.Health{OK: true}, nil
}

// Send implements [sdk.DeliveryChannel]. A key that this process handed over before is accepted again and not sent again.
func (p *Plugin) Send(ctx context.Context, m sdk.Message) (result *sdk.SendResult, err error) {
	i, err := p.instance(m.InstanceID)
	if err != nil {
		return nil, err
	}
	if reason := refuse(m, p.now()); reason != "" {
		return &sdk.SendResult{Permanent: true, Reason: reason}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, i.timeout)
	defer cancel()
	id, again := i.sent.Do(m.IdempotencyKey, func() (string, bool) {
		result, err = i.send(ctx, m)
		if err != nil || !result.Accepted {
			return "", false
		}
		return result.ProviderID, true
	})
	if again {
		result = &sdk.SendResult{Accepted: true, ProviderID: id}
	}
	if err == nil && result.Accepted {
		slog.Info("the mail server accepted a message", "message", result.ProviderID, "repeated", again)
	}
	return result, err
}

func (p *Plugin) instance(instanceID string) (*instance, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	i, ok := p.instances[instanceID]
	if !ok {
		return nil, sdk.NotConfigured(fmt.Errorf("smtp: instance %q is not configured", instanceID))
	}
	return i, nil
}
