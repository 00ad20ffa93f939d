package passkey

import (
	"context"
	_ "embed"
	"fmt"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

// The names of the two plugins, each with one method of the same name.
const (
	Passkey     = "passkey"
	SecurityKey = "security-key"
)

const (
	// stateVersion is the newest form of flow state and credential data that this release reads and writes.
	stateVersion = 1
	// maxCredentials: phone, tablet, laptops, password managers and spare keys. Their ids must fit in one page.
	maxCredentials = 10
)

//go:embed config.schema.json
var configSchema []byte

// Plugin is one of the two authenticators. Make it with [New] or [NewSecurityKey].
type Plugin struct {
	name string

	mu        sync.RWMutex
	instances map[string]instance
}

var (
	_ sdk.Plugin        = (*Plugin)(nil)
	_ sdk.Authenticator = (*Plugin)(nil)
	_ sdk.Enrollment    = (*Plugin)(nil)
)

// New returns the plugin for passkeys, knowing no instance yet.
func New() *Plugin { return &Plugin{name: Passkey, instances: map[string]instance{}} }

// NewSecurityKey returns the plugin for security keys as a second factor.
func NewSecurityKey() *Plugin { return &Plugin{name: SecurityKey, instances: map[string]instance{}} }

// verifies says whether the authenticator checks its owner and names them.
func (p *Plugin) verifies() bool { return p.name == Passkey }

// Describe implements [sdk.Plugin].
func (p *Plugin) Describe(context.Context) (*sdk.Description, error) {
	m := sdk.Method{
		ID: p.name, Title: p.key("method.title"), Factors: []sdk.Factor{sdk.FactorPossession},
		AMR: []string{"hwk", "swk", "user"}, CanEnrol: true, MaxCredentials: maxCredentials,
	}
	if p.verifies() {
		// How the owner was checked stays in the device: a PIN, or a finger or face, in whose place the PIN always does. So it is
		// knowledge that can be relied on, and never a third factor beside a password.
		m.Factors = append(m.Factors, sdk.FactorKnowledge)
		m.IdentifiesSubject = true
	}
	return &sdk.Description{
		Name: p.name, Version: "1.0.0", CredentialType: p.name, StateVersion: stateVersion,
		Services: []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment}, Methods: []sdk.Method{m},
		ConfigSchema: configSchema, Texts: sdk.Texts(textFiles),
	}, nil
}

// key is that of a text of which each plugin has its own.
func (p *Plugin) key(name string) string { return p.name + "." + name }

// ValidateConfig implements [sdk.Plugin].
func (*Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := parseConfig(c.JSON)
	return problems, nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	i, problems := parseConfig(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("%s: %s: %s", p.name, problems[0].Pointer, problems[0].Message))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
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

// Check implements [sdk.Plugin]; there is no back end that could be down.
func (p *Plugin) Check(_ context.Context, instanceID string) (sdk.Health, error) {
	i, err := p.instance(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	synced := "synced ones too"
	if !i.AllowSynced {
		synced = "bound to one device"
	}
	return sdk.Health{OK: true, Message: fmt.Sprintf("attestation %s, %s", i.Attestation, synced)}, nil
}

func (p *Plugin) instance(id string) (instance, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	i, ok := p.instances[id]
	if !ok {
		return instance{}, sdk.NotConfigured(fmt.Errorf("%s: instance %q is not configured", p.name, id))
	}
	return i, nil
}
