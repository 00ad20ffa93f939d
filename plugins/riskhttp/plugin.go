package riskhttp

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Plugin is the risk source. Make it with [New].
type Plugin struct {
	now       func() time.Time
	mu        sync.RWMutex
	instances map[string]*service
}

var (
	_ sdk.Plugin     = (*Plugin)(nil)
	_ sdk.RiskSource = (*Plugin)(nil)
)

// New returns the plugin, knowing no instance yet.
func New() *Plugin { return &Plugin{now: time.Now, instances: map[string]*service{}} }

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "risk-http", Version: "1.0.0", Services: []sdk.Service{sdk.ServiceRiskSource}, ConfigSchema: configSchema,
		Texts: map[string]map[string]string{"en": {}},
	}, nil
}

// ValidateConfig implements [sdk.Plugin]. It reads the files that are named, and calls nobody.
func (*Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := configured(c.JSON)
	return problems, nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	s, problems := configured(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("risk-http: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.replace(c.InstanceID, s)
	return nil
}

func configured(raw []byte) (*service, []sdk.Problem) {
	c, problems := parseConfig(raw)
	if len(problems) > 0 {
		return nil, problems
	}
	return newService(c)
}

// Remove implements [sdk.Plugin].
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.replace(instanceID, nil)
	return nil
}

func (p *Plugin) replace(instanceID string, s *service) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.instances[instanceID]; old != nil {
		old.close()
	}
	if delete(p.instances, instanceID); s != nil {
		p.instances[instanceID] = s
	}
}

// Check implements [sdk.Plugin].
func (p *Plugin) Check(ctx context.Context, instanceID string) (sdk.Health, error) {
	s, err := p.service(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	if s.HealthURL == "" {
		return sdk.Health{OK: true, Message: "no health_url is configured: whether the service answers is known when it is asked"}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.healthy(ctx); err != nil {
		return sdk.Health{Message: err.Error()}, nil
	}
	return sdk.Health{OK: true}, nil
}

// Assess implements [sdk.RiskSource]. Whatever keeps it from a verdict is a technical fault: what that means is not for it to say.
func (p *Plugin) Assess(ctx context.Context, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	s, err := p.service(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body, err := s.body(r)
	if err != nil {
		return nil, fault(err)
	}
	answer, err := s.ask(ctx, r.Context.IdempotencyKey, p.now(), body)
	if err != nil {
		return nil, fault(err)
	}
	assessment, err := s.read(answer)
	if err != nil {
		return nil, fault(err)
	}
	return assessment, nil
}

func fault(err error) error { return sdk.Unavailable(fmt.Errorf("risk-http: %w", err)) }

func (p *Plugin) service(instanceID string) (*service, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s, ok := p.instances[instanceID]
	if !ok {
		return nil, sdk.NotConfigured(fmt.Errorf("risk-http: instance %q is not configured", instanceID))
	}
	return s, nil
}
