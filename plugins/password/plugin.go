package password

import (
	"context"
	_ "embed"
	"fmt"
	"sync"

	"github.com/varco-id/varco/plugins/password/internal/blocklist"
	"github.com/varco-id/varco/plugins/sdk"
)

// MethodID names the one method of the plugin.
const MethodID = "password"

// stateVersion is the newest form of flow state and credential data that this release reads and writes.
const stateVersion = 1

//go:embed config.schema.json
var configSchema []byte

// Plugin is the password authenticator. Make it with [New].
type Plugin struct {
	hasher *hasher
	listed func(password string) bool // tells common and breached passwords

	mu        sync.RWMutex
	instances map[string]*instance
}

var (
	_ sdk.Plugin        = (*Plugin)(nil)
	_ sdk.Authenticator = (*Plugin)(nil)
	_ sdk.Enrollment    = (*Plugin)(nil)
)

// instance is one configuration in force.
type instance struct {
	config Config
	dummy  hash // what the password of a subject without one is compared with
}

// New returns the plugin, knowing no instance yet.
func New() *Plugin {
	return &Plugin{hasher: newHasher(), listed: blocklist.Shipped().Has, instances: map[string]*instance{}}
}

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	opening := loginView("")
	return &sdk.Description{
		Name:           "password",
		Version:        "1.0.0",
		Services:       []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment},
		CredentialType: "password",
		ConfigSchema:   configSchema,
		Texts:          sdk.Texts(textFiles),
		StepTimeout:    stepTimeout,
		StateVersion:   stateVersion,
		Methods: []sdk.Method{{
			ID:             MethodID,
			Title:          "method.title",
			Factors:        []sdk.Factor{sdk.FactorKnowledge},
			AMR:            []string{"pwd"},
			Opening:        &opening,
			CanEnrol:       true,
			MaxCredentials: 1,
		}},
	}, nil
}

// ValidateConfig implements [sdk.Plugin].
func (*Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	config, problems := parseConfig(c.JSON)
	if len(problems) > 0 {
		return problems, nil
	}
	return config.problems(), nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	config, problems := parseConfig(c.JSON)
	if len(problems) == 0 {
		problems = config.problems()
	}
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("password: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.hasher.useAllCores()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[c.InstanceID] = &instance{config: config, dummy: dummyHash(config.Argon2)}
	return nil
}

// Remove implements [sdk.Plugin].
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.instances, instanceID)
	return nil
}

// Check implements [sdk.Plugin].
func (p *Plugin) Check(_ context.Context, instanceID string) (sdk.Health, error) {
	in, err := p.instance(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	if f := in.config.BlocklistFile; f != "" {
		if err := blocklist.File(f).Check(); err != nil {
			return sdk.Health{Message: err.Error()}, nil
		}
	}
	return sdk.Health{OK: true, Message: fmt.Sprintf("argon2id with %s, %d hashes at once", in.config.Argon2, p.hasher.limit())}, nil
}

func (p *Plugin) instance(id string) (*instance, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	in, ok := p.instances[id]
	if !ok {
		return nil, sdk.NotConfigured(fmt.Errorf("password: instance %q is not configured", id))
	}
	return in, nil
}
