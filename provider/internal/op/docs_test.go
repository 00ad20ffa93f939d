package op_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// docs/oidc.md names the test that holds each promise: all of them exist.
func TestDocumentedTestsExist(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "oidc.md"))
	must(t, err)
	files, err := filepath.Glob(filepath.Join("..", "*", "*_test.go"))
	must(t, err)
	exist := map[string]bool{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		must(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(raw, -1) {
			exist[string(m[1])] = true
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(doc, -1)
	if len(named) < 50 {
		t.Fatalf("docs/oidc.md names %d tests", len(named))
	}
	for _, m := range named {
		if !exist[string(m[1])] {
			t.Errorf("docs/oidc.md names %s, which does not exist", m[1])
		}
	}
}
