package provider

import (
	"context"

	"github.com/varco-id/varco/provider/internal/fault"
)

// PluginReload has a running server read the plugins in its configuration file again; see [Server.ReloadPlugins].
var PluginReload = operation("plugin.reload", (*Admin).pluginReload)

// PluginNames names instances of plugins.
type PluginNames struct {
	Instances []string `json:"instances,omitempty"`
}

func (a *Admin) pluginReload(ctx context.Context, in PluginNames) (PluginsReloaded, error) {
	if a.server == nil {
		return PluginsReloaded{}, fault.New(fault.Unavailable, "no server runs on this data folder: the plugins are as the configuration says at its next start")
	}
	done, err := a.server.ReloadPlugins(ctx, in.Instances...)
	if err != nil {
		return PluginsReloaded{}, err
	}
	return *done, nil
}
