package twilio

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/varco-id/varco/plugins/internal/httpsend"
	"github.com/varco-id/varco/plugins/internal/oncekey"
	"github.com/varco-id/varco/plugins/sdk"
)

var kinds = []string{kindSMS, kindVoice}

// Plugin is the channel. Make it with [New].
type Plugin struct {
	now       func() time.Time
	mu        sync.RWMutex
	instances map[string]*account
}

// account is a configured instance.
type account struct {
	Config
	now       func() time.Time
	transport *http.Transport
	timeout   time.Duration
	base      *url.URL // of the API; nil: Twilio's own
	callback  string   // for receipts; empty: none are asked for
	sent      *oncekey.Memory
}

var (
	_ sdk.Plugin          = (*Plugin)(nil)
	_ sdk.DeliveryChannel = (*Plugin)(nil)
	_ sdk.Callbacks       = (*Plugin)(nil)
)

// New returns the plugin, knowing no instance yet.
func New() *Plugin { return &Plugin{now: time.Now, instances: map[string]*account{}} }

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "twilio", Version: "1.0.0", Services: []sdk.Service{sdk.ServiceDeliveryChannel, sdk.ServiceCallbacks}, ConfigSchema: configSchema,
		Texts: map[string]map[string]string{"en": {}}, ChannelKinds: slices.Clone(kinds), Routes: routes(),
	}, nil
}

// ValidateConfig implements [sdk.Plugin]. It calls nobody.
func (*Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := parseConfig(c.JSON)
	return problems, nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	config, problems := parseConfig(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("twilio: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	transport, _ := httpsend.TLS{}.Transport() // without files there is nothing that can be wrong
	a := &account{Config: config, now: p.now, transport: transport, sent: new(oncekey.Memory)}
	a.timeout, _ = time.ParseDuration(config.Timeout) // checked before
	if config.APIURL != "" {
		a.base, _ = url.Parse(config.APIURL) // checked before
	}
	if config.PublicURL != "" {
		a.callback = config.PublicURL + "/plugins/" + url.PathEscape(c.InstanceID) + "/" + statusPath
	}
	p.replace(c.InstanceID, a)
	return nil
}

// Remove implements [sdk.Plugin].
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.replace(instanceID, nil)
	return nil
}

func (p *Plugin) replace(instanceID string, a *account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.instances[instanceID]
	if old != nil {
		old.transport.CloseIdleConnections()
	}
	if delete(p.instances, instanceID); a == nil {
		return
	}
	if old != nil && old.AccountSID == a.AccountSID {
		a.sent = old.sent // what was sent does not change with the configuration
	}
	p.instances[instanceID] = a
}

// Check implements [sdk.Plugin]: whether Twilio answers and takes the credentials. It reads one message of the account, which is also
// what looking a message up needs.
func (p *Plugin) Check(ctx context.Context, instanceID string) (sdk.Health, error) {
	a, err := p.account(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(a.timeout, checkTime))
	defer cancel()
	api, c := a.api(ctx)
	page, err := api.PageMessage(new(openapi.ListMessageParams).SetPageSize(1), "", "")
	switch {
	case c.fault != nil:
		return sdk.Health{Message: "Twilio does not answer: " + c.fault.Err.Error()}, nil
	case err != nil && c.answer != nil && c.answer.Status == http.StatusUnauthorized:
		return sdk.Health{Message: explain(20003).text}, nil
	case err != nil && code(err) != 0:
		return sdk.Health{Message: explain(code(err)).text}, nil
	case err != nil || c.answer.Status != http.StatusOK || page.Messages == nil:
		return sdk.Health{Message: "what answers is not Twilio's API"}, nil
	}
	if a.callback == "" {
		return sdk.Health{OK: true, Message: "no public_url is configured: what becomes of messages is not known"}, nil
	}
	return sdk.Health{OK: true}, nil
}

// Send implements [sdk.DeliveryChannel]. A key that this process handed over before is accepted again and not sent again.
func (p *Plugin) Send(ctx context.Context, m sdk.Message) (result *sdk.SendResult, err error) {
	a, err := p.account(m.InstanceID)
	if err != nil {
		return nil, err
	}
	now := p.now()
	if r := a.refuse(m, now); r != nil {
		return r, nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	id, again := a.sent.Do(m.IdempotencyKey, func() (string, bool) {
		result, err = a.send(ctx, m, now)
		if err != nil || !result.Accepted {
			return "", false
		}
		return result.ProviderID, true
	})
	if again {
		result = &sdk.SendResult{Accepted: true, ProviderID: id}
	}
	if err == nil && result.Accepted {
		tell(m, id, again)
	}
	return result, err
}

func (p *Plugin) account(instanceID string) (*account, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	a, ok := p.instances[instanceID]
	if !ok {
		return nil, sdk.NotConfigured(fmt.Errorf("twilio: instance %q is not configured", instanceID))
	}
	return a, nil
}
