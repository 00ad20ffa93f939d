package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"sync"

	"go.step.sm/crypto/kms/apiv1"
	_ "go.step.sm/crypto/kms/awskms"   // offered
	_ "go.step.sm/crypto/kms/cloudkms" // offered
	_ "go.step.sm/crypto/kms/softkms"  // offered

	"github.com/varco-id/varco/plugins/sdk"
)

// Plugin is the key service. Make it with [New].
type Plugin struct {
	mu        sync.RWMutex
	instances map[string]*keys
}

var (
	_ sdk.Plugin     = (*Plugin)(nil)
	_ sdk.KeyService = (*Plugin)(nil)
)

// New returns the plugin, knowing no instance yet.
func New() *Plugin { return &Plugin{instances: map[string]*keys{}} }

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name:         "kms",
		Version:      "1.0.0",
		Services:     []sdk.Service{sdk.ServiceKeyService},
		ConfigSchema: configSchema,
		Texts:        map[string]map[string]string{"en": {}},
	}, nil
}

// ValidateConfig implements [sdk.Plugin].
func (*Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := parseConfig(c.JSON)
	return problems, nil
}

// Configure implements [sdk.Plugin]. The KMS is not asked for anything yet: one that is away must not keep the plugin down.
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	config, problems := parseConfig(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("kms: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.instances[c.InstanceID]
	p.instances[c.InstanceID] = &keys{config: config, byID: map[string]crypto.Decrypter{}}
	return old.close()
}

// Remove implements [sdk.Plugin].
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.instances[instanceID]
	delete(p.instances, instanceID)
	return old.close()
}

// Check implements [sdk.Plugin]: whether the KMS can be talked to at all. It does not know which key will be used.
func (p *Plugin) Check(_ context.Context, instanceID string) (sdk.Health, error) {
	ks, err := p.keys(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	ks.mu.Lock()
	defer ks.mu.Unlock()
	if err := ks.open(); err != nil {
		return sdk.Health{Message: err.Error()}, nil
	}
	return sdk.Health{OK: true}, nil
}

// Wrap implements [sdk.KeyService].
func (p *Plugin) Wrap(_ context.Context, instanceID, keyID string, plaintext, associatedData []byte) ([]byte, error) {
	ks, key, err := p.key(instanceID, keyID)
	if err != nil {
		return nil, err
	}
	blob, err := wrap(key.Public(), ks.config.authentication, plaintext, associatedData)
	if err != nil {
		return nil, sdk.NotConfigured(fmt.Errorf("kms: key %q: %w", keyID, err))
	}
	return blob, nil
}

// Unwrap implements [sdk.KeyService].
func (p *Plugin) Unwrap(_ context.Context, instanceID, keyID string, ciphertext, associatedData []byte) ([]byte, error) {
	ks, key, err := p.key(instanceID, keyID)
	if err != nil {
		return nil, err
	}
	plaintext, err := unwrap(key, ks.config.authentication, ciphertext, associatedData)
	switch {
	case errors.Is(err, errBlob):
		return nil, sdk.NotConfigured(fmt.Errorf("kms: key %q: %w", keyID, err))
	case err != nil:
		return nil, sdk.Unavailable(fmt.Errorf("kms: key %q: %w", keyID, err))
	}
	return plaintext, nil
}

// Sign implements [sdk.KeyService]: a key that decrypts must not also sign.
func (*Plugin) Sign(context.Context, string, string, []byte) ([]byte, error) {
	return nil, sdk.NotConfigured(errors.New("kms: this key service wraps and does not sign"))
}

func (p *Plugin) keys(instanceID string) (*keys, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	ks, ok := p.instances[instanceID]
	if !ok {
		return nil, sdk.NotConfigured(fmt.Errorf("kms: instance %q is not configured", instanceID))
	}
	return ks, nil
}

func (p *Plugin) key(instanceID, keyID string) (*keys, crypto.Decrypter, error) {
	ks, err := p.keys(instanceID)
	if err != nil {
		return nil, nil, err
	}
	key, err := ks.get(keyID)
	if err != nil {
		var missing apiv1.NotFoundError
		if errors.As(err, &missing) || errors.Is(err, errKeyID) {
			return nil, nil, sdk.NotConfigured(fmt.Errorf("kms: key %q: %w", keyID, err))
		}
		return nil, nil, sdk.Unavailable(fmt.Errorf("kms: key %q: %w", keyID, err))
	}
	return ks, key, nil
}
