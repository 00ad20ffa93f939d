package web_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// screenshots names a folder that TestEveryPageInABrowser leaves a picture of each page in, when set.
const screenshots = "VARCO_SCREENSHOTS"

// TestEveryPageInABrowser opens every page in both sizes, both colour schemes and both languages: axe finds nothing, the browser
// complains about nothing (so nothing of a page breaks its Content-Security-Policy), and nothing is wider than the screen.
func TestEveryPageInABrowser(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	paths := maps.Clone(addresses)
	for name := range gallery() {
		paths[name] = "/login/" + name
	}
	browser := webtest.Browser(t)
	for _, look := range []struct {
		name          string
		width, height int64
		dark          bool
		lang          string
	}{
		{"phone-light-it", 390, 844, false, "it"},
		{"desktop-dark-it", 1280, 800, true, "it"},
		{"phone-dark-en", 390, 844, true, "en"},
		{"desktop-light-en", 1280, 800, false, "en"},
		{"zoom400-light-it", 320, 256, false, "it"}, // 1280 × 1024 at 400 %: WCAG 1.4.10
	} {
		t.Run(look.name, func(t *testing.T) {
			tab := webtest.NewTab(t, browser)
			tab.Run(t, webtest.Look(look.width, look.height, look.dark),
				network.Enable(), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": look.lang}))
			for _, name := range slices.Sorted(maps.Keys(paths)) {
				var wide int64
				var lang string
				tab.Run(t, chromedp.Navigate(s.URL+paths[name]), chromedp.WaitVisible("main"),
					chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &wide),
					chromedp.Evaluate(`document.documentElement.lang`, &lang))
				webtest.Axe(t, tab, name)
				if wide > 0 {
					t.Errorf("%s: %d pixels wider than the screen", name, wide)
				}
				if lang != look.lang {
					t.Errorf("%s: in %q", name, lang)
				}
				for _, c := range tab.Complaints() {
					// The status of an error page is no complaint about the page.
					if !strings.Contains(c, "Failed to load resource: the server responded with a status of") {
						t.Errorf("%s: the browser complains: %s", name, c)
					}
				}
				if dir := os.Getenv(screenshots); dir != "" {
					var shot []byte
					tab.Run(t, chromedp.FullScreenshot(&shot, 100))
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s.png", name, look.name)), shot, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
