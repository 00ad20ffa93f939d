package delivery

import (
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

// Catalogues finds texts in what plugins say of themselves: in the person's language, then its base language, then English; in each the
// operator's override first. Overrides of the empty instance replace the host's own texts.
type Catalogues struct {
	// Describe returns what the plugin of an instance said of itself; false while it has not.
	Describe func(instance string) (*sdk.Description, bool)
	// Overrides is instance → locale → key → text.
	Overrides map[string]map[string]map[string]string
}

var _ Texts = (*Catalogues)(nil)

// Text implements [Texts].
func (c *Catalogues) Text(instance, locale, key string) (string, bool) {
	var own map[string]map[string]string
	if d, ok := c.Describe(instance); ok {
		own = d.Texts
	}
	base, _, _ := strings.Cut(locale, "-")
	for _, l := range [...]string{locale, base, "en"} {
		for _, texts := range [...]map[string]map[string]string{c.Overrides[instance], own} {
			if s, ok := texts[l][key]; ok {
				return s, true
			}
		}
		// The host's own text in this language comes before an override in the next.
		if s, ok := hostTexts[l][key]; ok && instance == "" {
			return s, true
		}
	}
	return "", false
}
