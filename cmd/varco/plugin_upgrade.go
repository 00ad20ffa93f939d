package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/varco-id/varco/provider"
)

type pluginUpgradeCmd struct {
	Instance string   `arg:"" help:"The instance."`
	Command  []string `name:"command" sep:"none" help:"The new program, and its arguments if they change too, one flag each. Default: the program in the configuration, whose file was replaced."`
	DryRun   bool     `help:"Only try it and say what would change."`
}

func (pluginUpgradeCmd) Help() string {
	return `Starts the new program with the instance's configuration beside the one that runs. If it works, its path and digest are
written into the configuration file, which stays the only place that says what runs, and the running server puts it in
force without a failed login. If the server refuses it, the file is put back.

Example:
  varco plugin upgrade bank-token --command /usr/lib/varco/bank-token-1.3`
}

func (c *pluginUpgradeCmd) Run(s *session) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	up, err := provider.PreparePluginUpgrade(s, config, c.Instance, c.Command)
	if err != nil {
		return err
	}
	if s.options.Output != "json" {
		fmt.Fprintf(s.out, "%s: %s → %s, works with its configuration.\n", c.Instance, orUnknown(up.From), up.To)
	}
	if c.DryRun {
		return s.show(up, func(w io.Writer) { fmt.Fprint(w, up.Pin.YAML(c.Instance)) })
	}
	undo, err := up.Write()
	if err != nil {
		return err
	}
	if _, running := provider.DialServer(s, config); !running {
		return s.show(up, func(w io.Writer) {
			fmt.Fprintln(w, "Written into the configuration; no server runs, the next start takes it.")
		})
	}
	done, err := do(s, provider.PluginReload, provider.PluginNames{Instances: []string{c.Instance}})
	if err != nil || done.Refused() {
		err = errors.Join(err, undo())
	}
	if err != nil {
		return err
	}
	return s.showReload(done)
}

func orUnknown(version string) string {
	if version == "" {
		return "unknown"
	}
	return version
}
