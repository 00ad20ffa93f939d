package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/internal/httpsend"
	"github.com/varco-id/varco/plugins/internal/oncekey"
	"github.com/varco-id/varco/plugins/sdk"
)

var kinds = []string{"sms", "email", "voice", "push"}

const (
	maxMessage = 64 << 10        // bytes
	checkTime  = 4 * time.Second // of Check, which has five
)

// Plugin is the channel. Make it with [New].
type Plugin struct {
	now       func() time.Time
	mu        sync.RWMutex
	instances map[string]*gateway
}

// gateway is a configured instance.
type gateway struct {
	Config
	timeout   time.Duration
	transport *http.Transport
	sent      *oncekey.Memory
}

var (
	_ sdk.Plugin          = (*Plugin)(nil)
	_ sdk.DeliveryChannel = (*Plugin)(nil)
	_ sdk.Callbacks       = (*Plugin)(nil)
)

// New returns the plugin, knowing no instance yet.
func New() *Plugin { return &Plugin{now: time.Now, instances: map[string]*gateway{}} }

// Describe implements [sdk.Plugin].
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "webhook", Version: "1.0.0", Services: []sdk.Service{sdk.ServiceDeliveryChannel, sdk.ServiceCallbacks}, ConfigSchema: configSchema,
		Texts: map[string]map[string]string{"en": {}}, ChannelKinds: slices.Clone(kinds), Routes: routes(),
	}, nil
}

// ValidateConfig implements [sdk.Plugin]. It reads the files that are named, and calls nobody.
func (*Plugin) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := configured(c.JSON)
	return problems, nil
}

// Configure implements [sdk.Plugin].
func (p *Plugin) Configure(_ context.Context, c sdk.Configuration) error {
	g, problems := configured(c.JSON)
	if len(problems) > 0 {
		return sdk.NotConfigured(fmt.Errorf("webhook: %s: %s", problems[0].Pointer, problems[0].Message))
	}
	p.replace(c.InstanceID, g)
	return nil
}

func configured(raw []byte) (*gateway, []sdk.Problem) {
	c, problems := parseConfig(raw)
	if len(problems) > 0 {
		return nil, problems
	}
	t, problems := c.Transport()
	if len(problems) > 0 {
		return nil, problems
	}
	g := &gateway{Config: c, transport: t, sent: new(oncekey.Memory)}
	g.timeout, _ = time.ParseDuration(c.Timeout) // checked before
	return g, nil
}

// Remove implements [sdk.Plugin].
func (p *Plugin) Remove(_ context.Context, instanceID string) error {
	p.replace(instanceID, nil)
	return nil
}

func (p *Plugin) replace(instanceID string, g *gateway) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.instances[instanceID]
	if old != nil {
		old.transport.CloseIdleConnections()
	}
	if delete(p.instances, instanceID); g == nil {
		return
	}
	if old != nil && old.URL == g.URL {
		g.sent = old.sent // what was sent does not change with the configuration
	}
	p.instances[instanceID] = g
}

// Check implements [sdk.Plugin].
func (p *Plugin) Check(ctx context.Context, instanceID string) (sdk.Health, error) {
	g, err := p.gateway(instanceID)
	if err != nil {
		return sdk.Health{}, err
	}
	if g.HealthURL == "" {
		return sdk.Health{OK: true, Message: "no health_url is configured: whether the gateway answers is known when it is asked"}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, min(g.timeout, checkTime))
	defer cancel()
	answer, err := g.do(ctx, http.MethodGet, g.HealthURL, "", p.now(), nil)
	if e := (*httpsend.Error)(nil); errors.As(err, &e) {
		return sdk.Health{Message: "the gateway does not answer: " + e.Err.Error()}, nil
	}
	if err != nil {
		return sdk.Health{Message: err.Error()}, nil
	}
	if answer.Status < 200 || answer.Status > 299 {
		return sdk.Health{Message: "the gateway answered " + strconv.Itoa(answer.Status)}, nil
	}
	return sdk.Health{OK: true}, nil
}

// request is a message as the gateway gets it. Members are added, never renamed: others' programs read it.
type request struct {
	Key       string     `json:"key"`
	Kind      string     `json:"kind"`
	To        string     `json:"to"`
	Subject   string     `json:"subject,omitempty"`
	Body      string     `json:"body"`
	Locale    string     `json:"locale,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// MaybeSentSince is set when an earlier request with this key got no answer.
	MaybeSentSince *time.Time `json:"maybe_sent_since,omitempty"`
}

// Send implements [sdk.DeliveryChannel].
func (p *Plugin) Send(ctx context.Context, m sdk.Message) (result *sdk.SendResult, err error) {
	g, err := p.gateway(m.InstanceID)
	if err != nil {
		return nil, err
	}
	if reason := g.refuse(m, p.now()); reason != "" {
		return &sdk.SendResult{Permanent: true, Reason: reason}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	id, again := g.sent.Do(m.IdempotencyKey, func() (string, bool) {
		result, err = g.post(ctx, m, p.now())
		if err != nil || !result.Accepted {
			return "", false
		}
		return result.ProviderID, true
	})
	if again {
		result = &sdk.SendResult{Accepted: true, ProviderID: id}
	}
	if err == nil && result.Accepted {
		slog.Info("the gateway accepted a message", "key", m.IdempotencyKey, "kind", m.Kind, "repeated", again) // its id is the gateway's words
	}
	return result, err
}

func (g *gateway) refuse(m sdk.Message, now time.Time) string {
	switch {
	case !slices.Contains(g.Kinds, m.Kind):
		return "this gateway does not take messages of this kind: see kinds"
	case m.IdempotencyKey == "" || m.To == "":
		return "the message has no key or no address"
	case len(m.IdempotencyKey) > maxID || !plain(m.IdempotencyKey):
		return "the key is too long, or has characters that no header has"
	case len(m.To)+len(m.Subject)+len(m.Body) > maxMessage:
		return "the message is too long"
	case !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt):
		return "the message came after its time"
	}
	return ""
}

// plain says whether s may be a header's value as it is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func (g *gateway) post(ctx context.Context, m sdk.Message, now time.Time) (*sdk.SendResult, error) {
	body, err := json.Marshal(request{Key: m.IdempotencyKey, Kind: m.Kind, To: m.To, Subject: m.Subject, Body: m.Body, Locale: m.Locale,
		ExpiresAt: moment(m.ExpiresAt), MaybeSentSince: moment(m.MaybeSentSince)})
	if err != nil {
		return nil, err
	}
	answer, err := g.do(ctx, http.MethodPost, g.URL, m.IdempotencyKey, now, body)
	if e := (*httpsend.Error)(nil); errors.As(err, &e) {
		return nil, e.Status("webhook")
	}
	if err != nil {
		return nil, err
	}
	return judge(answer, now)
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (g *gateway) do(ctx context.Context, method, url, key string, now time.Time, body []byte) (*httpsend.Answer, error) {
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "varco-webhook")
	r.Header.Set(header, sign(g.SigningKey, now, body))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
	}
	if g.Bearer != "" {
		r.Header.Set("Authorization", "Bearer "+g.Bearer)
	}
	return httpsend.Do(ctx, g.transport, r)
}

func (p *Plugin) gateway(instanceID string) (*gateway, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	g, ok := p.instances[instanceID]
	if !ok {
		return nil, sdk.NotConfigured(fmt.Errorf("webhook: instance %q is not configured", instanceID))
	}
	return g, nil
}
