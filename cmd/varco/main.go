// Command varco is the OpenID Provider and everything an operator does with it.
package main

import (
	"os"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider"
)

func main() {
	// A bundled plugin is this program run again. It must start within milliseconds and hold nothing of the server:
	// no command line, no configuration, no store.
	if len(os.Args) == 4 && os.Args[1] == "plugin" && os.Args[2] == "serve" {
		if plugin, ok := provider.BundledPlugin(os.Args[3]); ok {
			sdk.Serve(plugin, provider.PluginTracing(os.Args[3])...)
			return
		}
	}
	os.Exit(run(os.Args[1:], process{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}))
}
