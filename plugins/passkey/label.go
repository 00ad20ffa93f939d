package passkey

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/varco-id/varco/plugins/sdk"
)

const maxLabel = 64 // characters

// typedLabel drops what cannot be seen, such as characters that turn the direction of the text around.
func typedLabel(r *sdk.StepRequest) string {
	s := strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if c == utf8.RuneError || !unicode.IsGraphic(c) {
			return -1
		}
		return c
	}, r.Inputs[inputLabel])
	return strings.Join(strings.Fields(s), " ")
}

// defaultLabel names what was bound: by what keeps it, else by the device in hand if it stays there, else by its kind; with a number if
// the name is taken.
func (p *Plugin) defaultLabel(r *sdk.StepRequest, d data) string {
	label := keepers()[aaguid(d.AAGUID)]
	if label == "" {
		label = text(r.Context.Locale, p.key("label.default"))
		if device := deviceOf(r.Context.Browser.UserAgent); device != "" && len(d.Transports) == 1 && d.Transports[0] == "internal" {
			label += " (" + device + ")"
		}
	}
	taken := map[string]bool{}
	for _, c := range r.Credentials {
		taken[c.Label] = true
	}
	numbered := label
	for n := 2; taken[numbered]; n++ {
		numbered = fmt.Sprintf("%s %d", label, n)
	}
	return numbered
}

func aaguid(raw []byte) string {
	id, err := uuid.FromBytes(raw)
	if err != nil {
		return ""
	}
	return id.String()
}

// deviceOf is a rough idea of the device a browser runs on.
func deviceOf(userAgent string) string {
	for _, known := range [...][2]string{ // an iPhone says Mac OS X too, and Android says Linux
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"CrOS", "Chromebook"}, {"Linux", "Linux"},
	} {
		if strings.Contains(userAgent, known[0]) {
			return known[1]
		}
	}
	return ""
}

// catalogues are read when the first label is made: an idle plugin does without.
var catalogues = sync.OnceValue(func() map[string]map[string]string { return sdk.Texts(textFiles) })

// text resolves what becomes part of a credential, in the person's language.
func text(locale, key string) string {
	language, _, _ := strings.Cut(strings.ToLower(locale), "-")
	if s := catalogues()[language][key]; s != "" {
		return s
	}
	return catalogues()[sdk.English][key]
}
