package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/varco-id/varco/provider"
)

// pluginCmd is `varco plugin`.
type pluginCmd struct {
	List  pluginListCmd  `cmd:"" help:"List the plugins and how they are."`
	Serve pluginServeCmd `cmd:"" hidden:"" help:"Be a bundled plugin; the server starts it."`
}

type pluginListCmd struct{}

func (pluginListCmd) Help() string {
	return "Without a running server the plugins are started for the time of the command.\n\nExample:\n  varco plugin list"
}

func (pluginListCmd) Run(s *session) error {
	list, err := do(s, provider.PluginList, provider.None{})
	if err != nil {
		return err
	}
	return s.show(list, func(w io.Writer) {
		row(w, "INSTANCE", "PLUGIN", "VERSION", "STATE", "SINCE", "RESTARTS", "METHODS")
		for _, p := range list {
			var methods []string
			for _, m := range p.Methods {
				methods = append(methods, m.Ref+" ("+strings.Join(m.Factors, "+")+": "+strings.Join(m.AMR, " ")+")")
			}
			row(w, p.Instance, p.Plugin, p.Version, p.State, when(p.Since), fmt.Sprint(p.Restarts), strings.Join(methods, ", "))
		}
		for _, p := range list {
			if p.LastError != "" {
				fmt.Fprintf(w, "%s: %s\n", p.Instance, p.LastError)
			}
			for _, m := range p.Problems {
				fmt.Fprintln(w, m)
			}
		}
	})
}

// pluginServeCmd is reached by a name that no bundled plugin has; main serves the others before it reads the command line.
type pluginServeCmd struct {
	Name string `arg:""`
}

func (c *pluginServeCmd) Run(*session) error {
	return usage("there is no bundled plugin " + c.Name + ": bundled are " + strings.Join(provider.BundledNames(), ", "))
}
