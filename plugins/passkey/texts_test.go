package passkey

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
)

// Every key that the program names has a text in every language, and every text is named.
func TestTexts(t *testing.T) {
	t.Parallel()
	texts := sdk.Texts(textFiles)
	used := map[string]bool{"account": true}
	files, err := filepath.Glob("*.go")
	must(t, err)
	plain, own := regexp.MustCompile(`"((?:error|field)\.[a-z_.]+)"`), regexp.MustCompile(`p\.key\("([a-z_.]+)"\)`)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(f)
		must(t, err)
		for _, m := range plain.FindAllStringSubmatch(string(raw), -1) {
			used[m[1]] = true
		}
		for _, m := range own.FindAllStringSubmatch(string(raw), -1) {
			used[Passkey+"."+m[1]], used[SecurityKey+"."+m[1]] = true, true
		}
	}
	delete(used, "field.label.hint") // of each plugin's own
	for _, locale := range []string{"en", "it"} {
		for k := range used {
			if texts[locale][k] == "" {
				t.Errorf("%s: no text for %q", locale, k)
			}
		}
		for k := range texts[locale] {
			if !used[k] {
				t.Errorf("%s: nobody uses %q", locale, k)
			}
		}
	}
}
