package recoverycodes

import (
	"context"
	"embed"
	"fmt"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

// MethodID names the one method of the plugin.
const MethodID = "recovery-codes"

// stateVersion is the newest form of flow state and credential data that this release reads and writes.
const stateVersion = 1

//go:embed config.schema.json
var configSchema []byte

// The catalogue. An error says what to do, not only what is wrong (WCAG 2.2, 3.3.3).
//
//go:embed texts/*.json
var texts embed.FS

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	// Count is how many codes a new list has, 5 to 20; default 10.
	Count int `json:"count"`
	// Brand is who a message says it is from; default: the relying party's name, else the domain of the sign-in page.
	Brand string `json:"brand"`
}

const maxBrand = 80 // characters

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	c := Config{Count: 10}
	problems := sdk.DecodeConfig(raw, &c)
	if len(problems) > 0 {
		return Config{}, problems
	}
	if c.Count < 5 || c.Count > 20 {
		problems = append(problems, sdk.Problem{Pointer: "/count", Message: fmt.Sprintf("set it between 5 and 20; it is %d", c.Count)})
	}
	if len([]rune(c.Brand)) > maxBrand {
		problems = append(problems, sdk.Problem{Pointer: "/brand", Message: fmt.Sprintf("give at most %d characters", maxBrand)})
	}
	return c, problems
}

// Plugin is the authenticator for recovery codes. Make it with [New].
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
		Name:           "recovery-codes",
		Version:        "1.0.0",
		Services:       []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment},
		CredentialType: "recovery-codes",
		ConfigSchema:   configSchema,
		Texts:          sdk.Texts(texts),
		StateVersion:   stateVersion,
		Methods: []sdk.Method{{
			ID: MethodID, Title: "method.title", Opening: &opening,
			Factors: []sdk.Factor{sdk.FactorPossession}, // NIST SP 800-63B-4 section 3.1.2: something you have
			AMR:     []string{"otp"},                    // RFC 8176 has nothing closer: each is a one-time password (RFC 4949)
			// One list: binding again replaces it.
			CanEnrol: true, MaxCredentials: 1,
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
		return sdk.NotConfigured(fmt.Errorf("recovery-codes: %s: %s", problems[0].Pointer, problems[0].Message))
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
	return sdk.Health{OK: true, Message: fmt.Sprintf("lists of %d codes of %d bits", c.Count, 5*symbols)}, nil
}

func (p *Plugin) config(instanceID string) (Config, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c, ok := p.instances[instanceID]
	if !ok {
		return Config{}, sdk.NotConfigured(fmt.Errorf("recovery-codes: instance %q is not configured", instanceID))
	}
	return c, nil
}
