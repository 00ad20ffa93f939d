package main

import (
	"fmt"
	"io"

	"github.com/varco-id/varco/provider"
)

// configCmd is `varco config`.
type configCmd struct {
	Check   configCheckCmd   `cmd:"" help:"Check the configuration, the plugins' included."`
	Schema  configSchemaCmd  `cmd:"" help:"Print the JSON Schema of the configuration, for editors."`
	Example configExampleCmd `cmd:"" help:"Print a configuration to begin with."`
}

type configCheckCmd struct {
	Offline bool `help:"Do not start the plugins to check their part."`
}

func (configCheckCmd) Help() string {
	return "Every mistake is told at once, with its place, its key and what to do; the exit code is then 2.\n\nExample:\n  varco config check --config /etc/varco/varco.yaml"
}

func (c *configCheckCmd) Run(s *session) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	if !c.Offline {
		if err := provider.CheckPlugins(s, config); err != nil {
			return err
		}
	}
	return s.show(map[string]bool{"ok": true}, func(w io.Writer) { fmt.Fprintf(w, "%s is fine.\n", s.options.Config) })
}

type configSchemaCmd struct{}

func (configSchemaCmd) Help() string {
	return `With the YAML extension of an editor, begin the file with
  # yaml-language-server: $schema=varco.schema.json

Example:
  varco config schema > varco.schema.json`
}

func (configSchemaCmd) Run(s *session) error {
	_, err := s.out.Write(provider.Schema())
	return err
}

type configExampleCmd struct{}

func (configExampleCmd) Help() string { return "Example:\n  varco config example > varco.yaml" }

func (configExampleCmd) Run(s *session) error {
	_, err := s.out.Write(provider.Example())
	return err
}
