package messageotp

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

const (
	// stateVersion is the newest form of flow state and credential data that this release reads and writes.
	stateVersion = 1
	// maxCredentials: the address in use and the new one, while the person changes over.
	maxCredentials = 2
)

//go:embed texts/*.json
var sharedTexts embed.FS

// Plugin is an authenticator that sends codes. Make it with [New].
type Plugin struct {
	Definition
	mu        sync.RWMutex
	instances map[string]Settings
}

var (
	_ sdk.Plugin        = (*Plugin)(nil)
	_ sdk.Authenticator = (*Plugin)(nil)
	_ sdk.Enrollment    = (*Plugin)(nil)
)

// New returns the plugin of a definition, knowing no instance yet.
func New(d Definition) *Plugin { return &Plugin{Definition: d, instances: map[string]Settings{}} }

// Describe implements [sdk.Plugin]. There is no opening view: what the first screen says depends on what was sent.
func (p *Plugin) Describe(context.Context) (*sdk.Description, error) {
	d := &sdk.Description{
		Name:           p.Name,
		Version:        "1.0.0",
		Services:       []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment},
		CredentialType: p.Name,
		ConfigSchema:   p.ConfigSchema,
		Texts:          sdk.Texts(sharedTexts),
		StateVersion:   stateVersion,
	}
	for locale, own := range sdk.Texts(p.Definition.Texts) {
		maps.Copy(d.Texts[locale], own)
	}
	for _, m := range p.Methods {
		d.Methods = append(d.Methods, sdk.Method{
			ID: m.ID, Title: "method." + m.Channel, Factors: []sdk.Factor{m.Factor}, AMR: []string{m.AMR},
			CanEnrol: true, MaxCredentials: maxCredentials,
		})
	}
	return d, nil
}

// ValidateConfig implements [sdk.Plugin].
func (p *Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := p.Definition.Configure(c.JSON)
	return problems, nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	settings, problems := p.Definition.Configure(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("%s: %s: %s", p.Name, problems[0].Pointer, problems[0].Message))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[c.InstanceID] = settings
	return nil
}

// Remove implements [sdk.Plugin].
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.instances, instanceID)
	return nil
}

// Check implements [sdk.Plugin]; whether messages arrive is the delivery channel's to know.
func (p *Plugin) Check(_ context.Context, instanceID string) (sdk.Health, error) {
	s, err := p.settings(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	return sdk.Health{OK: true, Message: fmt.Sprintf("%d digits for %d min; delivery is the channel's", s.Digits, s.LifetimeMinutes)}, nil
}

func (p *Plugin) settings(instanceID string) (Settings, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s, ok := p.instances[instanceID]
	if !ok {
		return Settings{}, sdk.NotConfigured(fmt.Errorf("%s: instance %q is not configured", p.Name, instanceID))
	}
	return s, nil
}
