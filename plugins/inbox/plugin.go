package inbox

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// kinds are the kinds of channel that the inbox stands in for.
var kinds = []string{"sms", "email", "voice"}

//go:embed config.schema.json
var configSchema []byte

// Plugin is the channel. Make it with [New].
type Plugin struct {
	now       func() time.Time
	mu        sync.RWMutex
	instances map[string]Config
}

var (
	_ sdk.Plugin          = (*Plugin)(nil)
	_ sdk.DeliveryChannel = (*Plugin)(nil)
)

// New returns the plugin, knowing no instance yet.
func New() *Plugin { return &Plugin{now: time.Now, instances: map[string]Config{}} }

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name:         "inbox",
		Version:      "1.0.0",
		Services:     []sdk.Service{sdk.ServiceDeliveryChannel},
		ConfigSchema: configSchema,
		Texts:        map[string]map[string]string{"en": {}},
		ChannelKinds: slices.Clone(kinds),
	}, nil
}

// ValidateConfig implements [sdk.Plugin].
func (*Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := parseConfig(c.JSON)
	return problems, nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	config, problems := parseConfig(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("inbox: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[c.InstanceID] = config
	return nil
}

// Remove implements [sdk.Plugin]. The file stays.
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.instances, instanceID)
	return nil
}

// Check implements [sdk.Plugin]: whether the file can be written.
func (p *Plugin) Check(_ context.Context, instanceID string) (sdk.Health, error) {
	c, err := p.config(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	if err := locked(c.Directory, func() error { return nil }); err != nil {
		return sdk.Health{Message: err.Error()}, nil
	}
	return sdk.Health{OK: true, Message: "messages are not sent but written in the clear, for demonstration, to " + path(c.Directory)}, nil
}

// Send implements [sdk.DeliveryChannel]. A key that was written before is accepted again and not written again.
func (p *Plugin) Send(_ context.Context, m sdk.Message) (*sdk.SendResult, error) {
	c, err := p.config(m.InstanceID)
	if err != nil {
		return nil, err
	}
	now := p.now()
	switch {
	case !slices.Contains(kinds, m.Kind):
		return &sdk.SendResult{Permanent: true, Reason: "the inbox takes sms, email and voice"}, nil
	case m.IdempotencyKey == "" || m.To == "":
		return &sdk.SendResult{Permanent: true, Reason: "the message has no key or no address"}, nil
	case len(m.IdempotencyKey)+len(m.To)+len(m.Subject)+len(m.Body) > maxMessage:
		return &sdk.SendResult{Permanent: true, Reason: "the message is too long"}, nil
	case !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt):
		return &sdk.SendResult{Permanent: true, Reason: "the message came after its time"}, nil
	}
	e, repeated, err := write(c.Directory, Entry{
		Key: m.IdempotencyKey, At: now.UTC(), Kind: m.Kind, To: m.To, Subject: m.Subject, Body: m.Body, ExpiresAt: m.ExpiresAt.UTC(),
	})
	if err != nil {
		return nil, sdk.Unavailable(fmt.Errorf("inbox: %w", err))
	}
	slog.Info("a message was written to the inbox", "message", e.ID, "kind", m.Kind, "repeated", repeated)
	return &sdk.SendResult{Accepted: true, ProviderID: e.ID}, nil
}

func (p *Plugin) config(instanceID string) (Config, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c, ok := p.instances[instanceID]
	if !ok {
		return Config{}, sdk.NotConfigured(fmt.Errorf("inbox: instance %q is not configured", instanceID))
	}
	return c, nil
}
