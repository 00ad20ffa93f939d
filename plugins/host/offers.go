package host

import (
	"errors"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

// offers returns what the plugin says of itself, or an error when it does not offer the service: what it never said it can
// do, it is not asked.
func (r *running) offers(s sdk.Service) (*sdk.Description, error) {
	if !slices.Contains(r.about.Services, s) {
		return nil, sdk.NotConfigured(errors.New("the plugin does not offer the service " + string(s)))
	}
	return r.about, nil
}
