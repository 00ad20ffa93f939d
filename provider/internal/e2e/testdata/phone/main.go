// Command phone serves the plugin that callbacks are tested with.
package main

import (
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/callback/callbacktest"
)

func main() { sdk.Serve(&callbacktest.Plugin{}) }
