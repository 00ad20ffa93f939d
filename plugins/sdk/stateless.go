package sdk

import "context"

// Stateless answers the lifecycle calls of a plugin that has nothing to validate, keep, forget or check. Embed it and
// write Describe.
type Stateless struct{}

// ValidateConfig finds nothing wrong beyond the schema.
func (Stateless) ValidateConfig(context.Context, Configuration) ([]Problem, error) { return nil, nil }

// Configure keeps nothing.
func (Stateless) Configure(context.Context, Configuration) error { return nil }

// Remove has nothing to forget.
func (Stateless) Remove(context.Context, string) error { return nil }

// Check is always fine: there is no back end.
func (Stateless) Check(context.Context, string) (Health, error) { return Health{OK: true}, nil }
