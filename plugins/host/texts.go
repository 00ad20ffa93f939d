package host

import (
	"maps"

	"github.com/varco-id/varco/plugins/sdk"
)

// withTexts returns the description with the operator's words in it. Answers are still held against the plugin's own: which
// parameters a text needs is between the plugin and its author.
func (i *instance) withTexts(d *sdk.Description) *sdk.Description {
	if len(i.config.Texts) == 0 || len(d.Texts) == 0 {
		return d
	}
	out := *d
	out.Texts = maps.Clone(d.Texts)
	for locale, texts := range i.config.Texts {
		merged := maps.Clone(d.Texts[locale])
		if merged == nil {
			merged = make(map[string]string, len(texts))
		}
		for key, text := range texts {
			if err := d.ValidateText(key, text); err != nil {
				i.host.log.Warn("an operator's text cannot be used", "instance", i.config.ID, "locale", locale, "key", key, "error", err)
				continue
			}
			merged[key] = text
		}
		out.Texts[locale] = merged
	}
	return &out
}
