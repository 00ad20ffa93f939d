package passkey

import (
	"testing"

	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// The rules that hold for every plugin, over the real wire.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, p := range []*Plugin{New(), NewSecurityKey()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			sdktest.Run(t, sdktest.Start(t, p, `{"rp_name":"Banca Demo"}`))
		})
	}
}
