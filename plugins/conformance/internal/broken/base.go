package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
)

// defect is how a plugin is broken; empty: not at all.
type defect string

// config is the configuration that every plugin here takes.
type config struct {
	Name   string `json:"name"`
	APIKey string `json:"api_key"`
	URL    string `json:"url"`
	Limits struct {
		Max int `json:"max"`
	} `json:"limits"`
}

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object", "additionalProperties": false, "required": ["name"],
  "properties": {
    "name": {"type": "string", "minLength": 1},
    "api_key": {"type": "string", "writeOnly": true},
    "url": {"type": "string"},
    "limits": {"type": "object", "additionalProperties": false, "required": ["max"], "properties": {"max": {"type": "integer"}}}
  }
}`

// base is the lifecycle of every plugin here.
type base struct {
	bad         defect
	description *sdk.Description

	mu        sync.Mutex
	instances map[string]config
	described int
}

func newBase(bad defect, d *sdk.Description) *base {
	d.Version, d.ConfigSchema = "1.0.0", []byte(schema)
	return &base{bad: bad, description: d, instances: map[string]config{}}
}

func (b *base) parse(raw []byte) (config, []sdk.Problem) {
	var c config
	d := json.NewDecoder(bytes.NewReader(raw))
	if b.bad != "config.unknown" {
		d.DisallowUnknownFields()
	}
	err := d.Decode(&c)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the object")
		}
	}
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field != "" && b.bad == "config.types":
		return config{Name: "x"}, nil
	case err != nil && !json.Valid(raw) && b.bad == "config.json":
		return config{Name: "x"}, nil
	case err != nil:
		p := sdk.Problem{Message: "give an object of the schema's members"}
		switch b.bad {
		case "config.pointers":
			p.Pointer = "zz_no_such_setting"
		case "config.pointers elsewhere":
			p.Pointer = "/name/first"
		case "config.pointers without words":
			p.Message = "no"
		case "config.secrets in problems":
			p.Message = "cannot read " + string(raw)
		}
		return c, []sdk.Problem{p}
	case c.Name == "" && b.bad != "config.required":
		return c, []sdk.Problem{{Pointer: "/name", Message: "give a name"}}
	case bytes.Contains(raw, []byte("limits")) && c.Limits.Max == 0:
		return c, []sdk.Problem{{Pointer: "/limits/max", Message: "give a maximum over 0"}}
	case b.bad == "config.accepted":
		return c, []sdk.Problem{{Pointer: "/name", Message: "there is a better name"}}
	}
	return c, nil
}

// ValidateConfig implements sdk.Plugin.
func (b *base) ValidateConfig(_ context.Context, c sdk.Configuration) ([]sdk.Problem, error) {
	_, problems := b.parse(c.JSON)
	return problems, nil
}

// Configure implements sdk.Plugin.
func (b *base) Configure(_ context.Context, c sdk.Configuration) error {
	if b.bad == "config.secrets in the log" {
		slog.Info("configured", "json", string(c.JSON))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bad == "config.kept" {
		delete(b.instances, c.InstanceID)
	}
	parsed, problems := b.parse(c.JSON)
	if len(problems) > 0 {
		if b.bad == "config.secrets in a status" {
			return sdk.NotConfigured(fmt.Errorf("refused: %s", c.JSON))
		}
		return sdk.NotConfigured(errors.New(problems[0].Message))
	}
	b.instances[c.InstanceID] = parsed
	return nil
}

// Remove implements sdk.Plugin.
func (b *base) Remove(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch _, there := b.instances[id]; {
	case b.bad == "config.instances all removed":
		clear(b.instances)
	case b.bad == "config.instances not removed":
		return nil
	case b.bad == "config.instances removed once" && !there:
		return errors.New("there is no such instance")
	}
	delete(b.instances, id)
	return nil
}

// Check implements sdk.Plugin.
func (b *base) Check(_ context.Context, id string) (sdk.Health, error) {
	if _, err := b.config(id); err != nil {
		return sdk.Health{}, err
	}
	return sdk.Health{OK: true}, nil
}

func (b *base) config(id string) (config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.instances[id]
	if !ok {
		return c, sdk.NotConfigured(errors.New("no such instance"))
	}
	return c, nil
}
