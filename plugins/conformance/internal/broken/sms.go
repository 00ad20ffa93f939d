package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// sms is a delivery channel behind an HTTP service.
type sms struct {
	*base
	remote *remote
	sent   int
}

var _ sdk.DeliveryChannel = (*sms)(nil)

func newSMS(bad defect) *sms {
	return &sms{remote: newRemote(bad), base: newBase(bad, &sdk.Description{Name: "sms", ChannelKinds: []string{"sms"},
		Texts: map[string]map[string]string{"en": {}}})}
}

// Check implements sdk.Plugin: it asks the service.
func (s *sms) Check(ctx context.Context, id string) (sdk.Health, error) {
	c, err := s.config(id)
	if err != nil {
		return sdk.Health{}, err
	}
	var answer struct {
		OK bool `json:"ok"`
	}
	err = s.remote.exchange(ctx, c.URL+"/health", []byte("{}"), &answer)
	switch {
	case s.bad == "deadlines.check":
		return sdk.Health{OK: true}, nil
	case err != nil:
		return sdk.Health{Message: err.Error()}, nil
	}
	return sdk.Health{OK: answer.OK, Message: "asked"}, nil
}

// Send implements sdk.DeliveryChannel.
func (s *sms) Send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	c, err := s.config(m.InstanceID)
	if err != nil {
		return nil, err
	}
	no := func(reason string) (*sdk.SendResult, error) {
		return &sdk.SendResult{Permanent: s.bad != "delivery.refused for now", Reason: reason}, nil
	}
	if s.bad == "delivery.shapes" && strings.Contains(m.To, "\n") {
		return nil, errors.New("header injection")
	}
	switch {
	case m.Kind != "sms" && s.bad != "delivery.refused kind":
		return no("there is no such kind here")
	case m.To == "" && s.bad != "delivery.refused nobody":
		return no("there is no address")
	case !m.ExpiresAt.IsZero() && time.Now().After(m.ExpiresAt) && s.bad != "delivery.refused late":
		return no("it came too late")
	case m.To == "+390000000000":
		return no("the service refuses the address")
	}
	if s.bad == "delivery.secrets" {
		slog.Info("sending", "to", m.To, "body", m.Body)
	}
	var answer struct {
		ID string `json:"id"`
	}
	err = s.remote.post(ctx, c.URL+"/send", map[string]string{"key": m.IdempotencyKey, "to": m.To, "body": m.Body}, &answer)
	switch {
	case err != nil && s.bad == "deadlines.closed":
		return &sdk.SendResult{Accepted: true, ProviderID: "perhaps"}, nil
	case err != nil && s.bad == "deadlines.status blamed":
		return &sdk.SendResult{Permanent: true, Reason: "it does not work"}, nil
	case err != nil:
		return nil, err
	case answer.ID == "":
		return nil, sdk.Unavailable(errors.New("the service names no message"))
	}
	id := fmt.Sprintf("%s-%x", answer.ID, sha256.Sum256([]byte(m.IdempotencyKey)))
	if s.bad == "delivery.repeat" {
		s.sent++
		id = fmt.Sprint(s.sent)
	}
	if s.bad == "delivery.send" {
		return &sdk.SendResult{Reason: "not today"}, nil
	}
	return &sdk.SendResult{Accepted: true, ProviderID: id}, nil
}
