package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/varco-id/varco/provider"
)

type pluginReloadCmd struct {
	Instances []string `arg:"" optional:"" name:"instance" help:"Replaced whether they changed or not. Default: those that changed."`
}

func (pluginReloadCmd) Help() string {
	return `The running server reads its configuration file again. A new process must describe itself, take its configuration and
work before it replaces the old one, which ends after its last call: no login fails, and a program that does not work
leaves the old one in place. SIGHUP to the server does the same. Exit code 1 when an instance was refused or does not answer.

Example:
  varco plugin reload
  varco plugin reload sms-otp`
}

func (c *pluginReloadCmd) Run(s *session) error {
	done, err := do(s, provider.PluginReload, provider.PluginNames{Instances: c.Instances})
	if err != nil {
		return err
	}
	return s.showReload(done)
}

// showReload tells what a reload did.
func (s *session) showReload(done provider.PluginsReloaded) error {
	err := s.show(done, func(w io.Writer) {
		row(w, "INSTANCE", "OUTCOME", "VERSION")
		for _, c := range done.Changes {
			row(w, c.Instance, c.Outcome, c.Version)
		}
		for _, c := range done.Changes {
			if c.Error != "" {
				fmt.Fprintf(w, "%s: %s\n", c.Instance, c.Error)
			}
			for _, m := range c.Problems {
				fmt.Fprintln(w, m)
			}
		}
		if len(done.Restart) > 0 {
			fmt.Fprintf(w, "Changed in the file too, and in force after the next start: %s.\n", strings.Join(done.Restart, ", "))
		}
	})
	if err == nil && done.Refused() {
		err = errFound
	}
	return err
}
