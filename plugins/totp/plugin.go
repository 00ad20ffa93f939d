package totp

import (
	"context"
	_ "embed"
	"fmt"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

// MethodID names the one method of the plugin.
const MethodID = "totp"

const (
	// stateVersion is the newest form of flow state and credential data that this release reads and writes.
	stateVersion = 1
	// maxCredentials: an app on the old phone, the new one, a tablet, a spare and a password manager.
	maxCredentials = 5
)

//go:embed config.schema.json
var configSchema []byte

// Plugin is the authenticator for codes of an authenticator app. Make it with [New].
type Plugin struct {
	mu        sync.RWMutex
	instances map[string]Config
}

var (
	_ sdk.Plugin        = (*Plugin)(nil)
	_ sdk.Authenticator = (*Plugin)(nil)
	_ sdk.Enrollment    = (*Plugin)(nil)
)

// New returns the plugin, knowing no instance yet.
func New() *Plugin { return &Plugin{instances: map[string]Config{}} }

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	opening := loginView("")
	return &sdk.Description{
		Name:           "totp",
		Version:        "1.0.0",
		Services:       []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment},
		CredentialType: "totp",
		ConfigSchema:   configSchema,
		Texts:          sdk.Texts(textFiles),
		StateVersion:   stateVersion,
		Methods: []sdk.Method{{
			ID:             MethodID,
			Title:          "method.title",
			Factors:        []sdk.Factor{sdk.FactorPossession},
			AMR:            []string{"otp"},
			Opening:        &opening,
			CanEnrol:       true,
			MaxCredentials: maxCredentials,
		}},
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
		return sdk.NotConfigured(fmt.Errorf("totp: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[c.InstanceID] = config
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
	c, err := p.config(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	return sdk.Health{OK: true, Message: fmt.Sprintf("%d digits every %d s, %s", c.Digits, c.Period, c.Algorithm)}, nil
}

func (p *Plugin) config(instanceID string) (Config, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c, ok := p.instances[instanceID]
	if !ok {
		return Config{}, sdk.NotConfigured(fmt.Errorf("totp: instance %q is not configured", instanceID))
	}
	return c, nil
}
