package provider

import (
	"maps"
	"slices"
)

// bundled are the plugins that come with the varco binary: the same program run again as `varco plugin serve NAME`, a
// process of its own for each instance.
var bundled = map[string]func(){
	"password": nil,
	"totp":     nil,
}

// BundledNames lists the plugins that come with the binary.
func BundledNames() []string { return slices.Sorted(maps.Keys(bundled)) }

// IsBundled says whether a plugin of that name comes with the binary.
func IsBundled(name string) bool {
	_, ok := bundled[name]
	return ok
}
