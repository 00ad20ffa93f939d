package web

import (
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

// Catalogues resolves plugins' texts: in the person's language, then its base language, then English. The operator's words are among them already:
// the plugin host puts them in.
type Catalogues struct {
	// Describe returns what the plugin of an instance said of itself.
	Describe func(instance string) (*sdk.Description, bool)
}

var _ Texts = (*Catalogues)(nil)

// Text resolves t in the instance's catalogue and puts its parameters in. The result is plain text: the template that shows it
// escapes it, parameters included, so neither a plugin nor a person's name can bring markup to a page.
func (c *Catalogues) Text(instance, locale string, t sdk.Text) string {
	if t.Key == "" {
		return ""
	}
	base, _, _ := strings.Cut(locale, "-")
	described, ok := c.Describe(instance)
	if !ok {
		return ""
	}
	for _, l := range [...]string{locale, base, "en"} {
		if s, found := described.Texts[l][t.Key]; found {
			return fill(s, t.Params)
		}
	}
	return ""
}

// fill replaces each {name} in one pass, so that a parameter's value that looks like a placeholder stays what it is.
func fill(s string, params map[string]string) string {
	if len(params) == 0 || !strings.Contains(s, "{") {
		return s
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "{")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if value, known := params[name]; closed && known {
			out.WriteString(value)
			s = after
			continue
		}
		out.WriteByte('{')
		s = rest
	}
}
