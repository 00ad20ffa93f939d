package password

import (
	"embed"
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

// The catalogue. An error says what to do, not only what is wrong (WCAG 2.2, 3.3.3).
//
//go:embed texts/*.json
var textFiles embed.FS

// english resolves a text for the operator's terminal.
func english(t sdk.Text) string {
	s := sdk.Texts(textFiles)[sdk.English][t.Key]
	for name, value := range t.Params {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}
