package conformance_test

import (
	"testing"

	"github.com/varco-id/varco/plugins/conformance"
	"github.com/varco-id/varco/plugins/inbox"
	"github.com/varco-id/varco/plugins/password"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/totp"
)

// bundled are the plugins that come with the varco binary, each with a conformance.yaml in its folder.
var bundled = map[string]func() sdk.Plugin{
	"inbox":    func() sdk.Plugin { return inbox.New() },
	"password": func() sdk.Plugin { return password.New() },
	"totp":     func() sdk.Plugin { return totp.New() },
}

func TestBundledPluginsConform(t *testing.T) {
	t.Parallel()
	for name := range bundled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustBreak(t, check(t, conformance.Options{}, "../"+name, "plugin", name))
		})
	}
}
