package webtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// recorder keeps what a test would have failed with.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Helper() {}

// TestChecksCanFail: a checker that finds nothing anywhere would let every page pass.
func TestChecksCanFail(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "script-src 'none'")
		_, _ = w.Write([]byte(`<!doctype html><title>x</title><main><h1>x</h1><img src="data:,"><input><p style="color:#aaa;background:#fff">faint</p><script>1</script></main>`))
	}))
	t.Cleanup(s.Close)
	tab := webtest.NewTab(t, webtest.Browser(t))
	tab.Run(t, webtest.Go(s.URL))
	r := &recorder{TB: t}
	webtest.Axe(r, tab, "bad page")
	found := strings.Join(r.errors, "\n")
	for _, rule := range []string{"html-has-lang", "image-alt", "label", "color-contrast"} {
		if !strings.Contains(found, "axe "+rule+" ") {
			t.Errorf("axe does not report %s, only:\n%s", rule, found)
		}
	}
	if c := strings.Join(tab.Complaints(), "\n"); !strings.Contains(c, "Content Security Policy") {
		t.Errorf("a violation of the policy is not reported, only: %s", c)
	}
}
