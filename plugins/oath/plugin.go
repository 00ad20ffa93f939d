package oath

import (
	"context"
	"embed"
	"fmt"
	"sync"

	"github.com/varco-id/varco/plugins/internal/oathcode"
	"github.com/varco-id/varco/plugins/sdk"
)

// MethodID names the one method of the plugin.
const MethodID = "oath"

const (
	// stateVersion is the newest form of flow state and credential data that this release reads and writes.
	stateVersion = 1
	// maxCredentials: the token in use, the one that replaces it, and a spare.
	maxCredentials = 3
)

//go:embed config.schema.json
var configSchema []byte

// The catalogue. An error says what to do, not only what is wrong (WCAG 2.2, 3.3.3).
//
//go:embed texts/*.json
var texts embed.FS

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	// Skew is how many periods the code of a time token may be early or late, 0 to 2; default 1.
	Skew int `json:"skew"`
	// LookAhead is how many presses of a button token may have got lost, 1 to 50; default 10.
	LookAhead int `json:"look_ahead"`
	// ResyncPeriods is how many periods a time token may be off when two codes in a row are given, 5 to 120; default 20.
	ResyncPeriods int `json:"resync_periods"`
	// ResyncPresses is the same of a button token, 50 to 1000; default 100.
	ResyncPresses int `json:"resync_presses"`
}

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	c := Config{Skew: 1, LookAhead: 10, ResyncPeriods: 20, ResyncPresses: 100}
	problems := sdk.DecodeConfig(raw, &c)
	if len(problems) > 0 {
		return Config{}, problems
	}
	for _, b := range []struct {
		name      string
		v, lo, hi int
	}{{"skew", c.Skew, 0, 2}, {"look_ahead", c.LookAhead, 1, 50}, {"resync_periods", c.ResyncPeriods, 5, 120}, {"resync_presses", c.ResyncPresses, 50, oathcode.MaxReach}} {
		if b.v < b.lo || b.v > b.hi {
			problems = append(problems, sdk.Problem{Pointer: "/" + b.name, Message: fmt.Sprintf("set it between %d and %d; it is %d", b.lo, b.hi, b.v)})
		}
	}
	return c, problems
}

// window: the clocks of hardware tokens go wrong little by little, so they are followed.
func (c Config) window() oathcode.Window {
	return oathcode.Window{Skew: c.Skew, MaxDrift: c.ResyncPeriods}
}

// Plugin is the authenticator for hardware tokens. Make it with [New].
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
	opening := firstView("")
	return &sdk.Description{
		Name:           "oath",
		Version:        "1.0.0",
		Services:       []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment},
		CredentialType: "oath",
		ConfigSchema:   configSchema,
		Texts:          sdk.Texts(texts),
		StateVersion:   stateVersion,
		Methods: []sdk.Method{{
			ID: MethodID, Title: "method.title", Opening: &opening, MaxCredentials: maxCredentials,
			Factors: []sdk.Factor{sdk.FactorPossession},
			// Not "hwk": that is proof of a key which never leaves its hardware, and the seed of these lies here too.
			AMR: []string{"otp"},
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
		return sdk.NotConfigured(fmt.Errorf("oath: %s: %s", problems[0].Pointer, problems[0].Message))
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
	return sdk.Health{OK: true, Message: fmt.Sprintf("codes of %d periods either way or %d presses ahead", c.Skew, c.LookAhead)}, nil
}

func (p *Plugin) config(instanceID string) (Config, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c, ok := p.instances[instanceID]
	if !ok {
		return Config{}, sdk.NotConfigured(fmt.Errorf("oath: instance %q is not configured", instanceID))
	}
	return c, nil
}
