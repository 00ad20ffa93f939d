package host

import (
	"errors"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

// offers returns what the plugin says of itself, or an error when it does not offer the service: what it never said it can
// do, it is not asked.
func (i *instance) offers(s sdk.Service) (*sdk.Description, error) {
	about, _ := i.described()
	if about == nil || !slices.Contains(about.Services, s) {
		return nil, sdk.NotConfigured(errors.New("the plugin does not offer the service " + string(s)))
	}
	return about, nil
}
