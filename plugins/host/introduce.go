package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

// introduce asks the plugin what it is and hands it its configuration.
func (i *instance) introduce(ctx context.Context, r *running) (*sdk.Description, error) {
	about, err := within(ctx, describeTimeout, r.client.Describe)
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	if err := about.Validate(); err != nil {
		i.lied(ctx, err)
		return nil, err
	}
	if i.config.Plugin != "" && about.Name != i.config.Plugin {
		return nil, &sdk.Violation{Rule: sdk.RuleDescription, Detail: fmt.Sprintf("it calls itself %q", about.Name)}
	}
	cfg := sdk.Configuration{InstanceID: i.config.ID, Revision: i.revision, JSON: i.config.Config}
	if cfg.Keys, err = i.keys(ctx, about.InstanceKeys); err != nil {
		return nil, err
	}
	if !json.Valid(cfg.JSON) {
		return nil, &misconfigured{Problems: []sdk.Problem{{Message: "the configuration is not JSON"}}}
	}
	problems, err := within(ctx, configureTimeout, func(ctx context.Context) ([]sdk.Problem, error) {
		return r.client.ValidateConfig(ctx, cfg)
	})
	if err != nil {
		return nil, fmt.Errorf("validate the configuration: %w", err)
	}
	if len(problems) > 0 {
		return nil, &misconfigured{Problems: problems}
	}
	_, err = within(ctx, configureTimeout, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, r.client.Configure(ctx, cfg)
	})
	if err != nil {
		return nil, fmt.Errorf("configure: %w", err)
	}
	return about, nil
}

// keys returns the instance keys the plugin asks for. One that is missing fails the start: a plugin that signs with an empty
// key would sign what anybody can sign.
func (i *instance) keys(ctx context.Context, want []sdk.InstanceKey) (map[string][]byte, error) {
	if len(want) == 0 {
		return nil, nil
	}
	have := maps.Clone(i.config.Keys)
	if provide := i.host.options.Keys; provide != nil {
		made, err := within(ctx, configureTimeout, func(ctx context.Context) (map[string][]byte, error) {
			return provide(ctx, i.config.ID, want)
		})
		if err != nil {
			return nil, fmt.Errorf("instance keys: %w", err)
		}
		if have == nil {
			have = make(map[string][]byte, len(made))
		}
		maps.Copy(have, made)
	}
	keys := make(map[string][]byte, len(want))
	for _, k := range want {
		if keys[k.Name] = have[k.Name]; len(keys[k.Name]) == 0 {
			return nil, fmt.Errorf("instance keys: there is no %q, which the plugin asks for", k.Name)
		}
	}
	return keys, nil
}

// misconfigured is a configuration that its plugin refused.
type misconfigured struct{ Problems []sdk.Problem }

// Error implements error.
func (m *misconfigured) Error() string {
	s := "the configuration cannot be used"
	for _, p := range m.Problems {
		s += "; " + p.Pointer + ": " + p.Message
	}
	return s
}

// unusable tells what starting again soon will not mend: the program or its configuration is wrong.
func unusable(err error) bool {
	var refused *misconfigured
	var violation *sdk.Violation
	switch status.Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.Unimplemented:
		return true
	}
	return errors.As(err, &refused) || errors.As(err, &violation) || errors.Is(err, errPin)
}
