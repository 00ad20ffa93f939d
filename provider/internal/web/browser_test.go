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

// screenshots names a folder that the test leaves a picture of each page in, in every look, when it is set.
const screenshots = "VARCO_SCREENSHOTS"

type look struct {
	name          string
	width, height int64
	dark          bool
	lang          string
	axe           bool
}

// The two looks that axe checks cover both languages, sizes and colour schemes between them.
var looks = []look{
	{"phone-light-it", 390, 844, false, "it", true},
	{"desktop-dark-en", 1280, 800, true, "en", true},
	{"zoom400-light-it", 320, 256, false, "it", false}, // 1280 × 1024 at 400 %: WCAG 1.4.10
}

var otherLooks = []look{
	{"desktop-light-it", 1280, 800, false, "it", false}, {"desktop-dark-it", 1280, 800, true, "it", false}, {"desktop-light-en", 1280, 800, false, "en", false},
	{"phone-dark-it", 390, 844, true, "it", false}, {"phone-light-en", 390, 844, false, "en", false}, {"phone-dark-en", 390, 844, true, "en", false},
}

// TestInABrowser is one browser for all, since starting it is the slow part.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	browser := webtest.Browser(t)
	t.Run("every page", func(t *testing.T) {
		looks := looks
		if os.Getenv(screenshots) != "" {
			looks = slices.Concat(looks, otherLooks)
		}
		for _, l := range looks {
			t.Run(l.name, func(t *testing.T) { everyPage(t, webtest.NewTab(t, browser), l) })
		}
	})
	t.Run("keyboard alone", func(t *testing.T) { keyboardAlone(t, webtest.NewTab(t, browser)) })
	t.Run("without script", func(t *testing.T) { withoutScript(t, webtest.NewTab(t, browser)) })
	t.Run("password field", func(t *testing.T) { passwordHelp(t, webtest.NewTab(t, browser)) })
	t.Run("double submit", func(t *testing.T) { doubleSubmit(t, webtest.NewTab(t, browser)) })
	t.Run("waiting", func(t *testing.T) { waiting(t, webtest.NewTab(t, browser)) })
	t.Run("webauthn", func(t *testing.T) { webAuthn(t, webtest.NewTab(t, browser)) })
	t.Run("webauthn, older browser", func(t *testing.T) { webAuthnByHand(t, webtest.NewTab(t, browser)) })
	t.Run("passkey beside the name", func(t *testing.T) { passkeyBeside(t, browser) })
	t.Run("leaving", func(t *testing.T) { leaving(t, browser) })
}

// everyPage: axe finds nothing, the browser complains about nothing (so nothing of a page breaks its Content-Security-Policy), nothing
// is wider than the screen, nothing to press is smaller than 24 pixels (WCAG 2.5.8) unless it stands in a sentence.
func everyPage(t *testing.T, tab *webtest.Tab, l look) {
	s := newServer(t)
	closed := newServer(t)
	closed.account.overview = nil
	pages := map[string]string{"account-closed": closed.URL + "/account"}
	for name, path := range addresses {
		pages[name] = s.URL + path
	}
	for name := range gallery() {
		pages[name] = s.URL + "/login/" + name
	}
	tab.Run(t, webtest.Look(l.width, l.height, l.dark), network.Enable(), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": l.lang}))
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		var page struct {
			Wide  int64
			Lang  string
			Small []string
		}
		const measure = `({Wide: document.documentElement.scrollWidth - document.documentElement.clientWidth, Lang: document.documentElement.lang,
			Small: [...document.querySelectorAll("a, button, input, [role=textbox]")].filter(e => e.checkVisibility() && !e.matches(".skip, [type=radio], .notice a"))
				.filter(e => Math.min(e.offsetWidth, e.offsetHeight) < 24).map(e => e.outerHTML)})`
		tab.Run(t, webtest.Go(pages[name]), chromedp.WaitVisible("main"), chromedp.Evaluate(measure, &page))
		if l.axe {
			webtest.Axe(t, tab, name)
		}
		if page.Wide > 0 {
			t.Errorf("%s: %d pixels wider than the screen", name, page.Wide)
		}
		if page.Lang != l.lang {
			t.Errorf("%s: in %q", name, page.Lang)
		}
		if len(page.Small) > 0 {
			t.Errorf("%s: too small to hit: %v", name, page.Small)
		}
		complain(t, tab, name)
		if dir := os.Getenv(screenshots); dir != "" {
			var shot []byte
			tab.Run(t, chromedp.FullScreenshot(&shot, 100))
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s.png", name, l.name)), shot, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// complain fails the test for what the browser complained about. The status of an error page is no complaint about the page.
func complain(t *testing.T, tab *webtest.Tab, page string) {
	t.Helper()
	for _, c := range tab.Complaints() {
		if !strings.Contains(c, "Failed to load resource: the server responded with a status of") {
			t.Errorf("%s: the browser complains: %s", page, c)
		}
	}
}
