package main

import (
	"strings"

	"github.com/varco-id/varco/provider"
)

// pluginCmd is `varco plugin`.
type pluginCmd struct {
	List    pluginListCmd    `cmd:"" help:"List the plugins and how they are."`
	Reload  pluginReloadCmd  `cmd:"" help:"Put the plugins of the configuration file in force in the running server."`
	Upgrade pluginUpgradeCmd `cmd:"" help:"Try a new program of a plugin, write it into the configuration and put it in force."`
	Pin     pluginPinCmd     `cmd:"" help:"Print what pins a plugin's program in the configuration."`
	New     pluginNewCmd     `cmd:"" help:"Write the skeleton of a plugin of your own."`
	Test    pluginTestCmd    `cmd:"" help:"Check a plugin against every rule of the plugin contract."`
	Serve   pluginServeCmd   `cmd:"" hidden:"" help:"Be a bundled plugin; the server starts it."`
}

// pluginServeCmd is reached by a name that no bundled plugin has; main serves the others before it reads the command line.
type pluginServeCmd struct {
	Name string `arg:""`
}

func (c *pluginServeCmd) Run(*session) error {
	return usage("there is no bundled plugin " + c.Name + ": bundled are " + strings.Join(provider.BundledNames(), ", "))
}
