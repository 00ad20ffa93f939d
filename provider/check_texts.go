package provider

import (
	"errors"
	"maps"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

// texts holds an operator's words for a plugin against what it says of itself: a key that does not exist would change nothing,
// and a parameter it never gives would stand on the page in braces.
func (k *checker) texts(instance string, d *sdk.Description) {
	own := k.c.Plugins[instance].Texts
	for _, locale := range slices.Sorted(maps.Keys(own)) {
		for _, name := range slices.Sorted(maps.Keys(own[locale])) {
			at := "plugins." + instance + ".texts." + locale + "." + name
			var wrong *sdk.Violation
			switch err := d.ValidateText(name, own[locale][name]); {
			case err == nil:
			case d.Texts[sdk.English][name] == "":
				k.wrong(at, "the plugin has no such text", suggestion(name, slices.Collect(maps.Keys(d.Texts[sdk.English]))))
			case errors.As(err, &wrong):
				k.wrong(at, wrong.Detail, "the plugin's own text is: "+d.Texts[sdk.English][name])
			}
		}
	}
}
