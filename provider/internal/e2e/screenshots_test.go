package e2e_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// TestScreenshots opens every page that a person can come to, at the provider and at the demo bank, as a phone and as a desktop, light and dark. axe-core
// finds nothing, the browser complains about nothing (so nothing breaks its Content-Security-Policy), nothing is wider than the screen; and a
// picture of each is left for people to look at: go test ./provider/internal/e2e -run TestScreenshots -screenshots DIR
func TestScreenshots(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	dir := *screenshots
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	browser := webtest.Browser(t)
	for _, lang := range []string{"it", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			g := &gallery{desk: newDesk(t, browser, lang), dir: dir, lang: lang, seen: map[string]bool{}}
			g.tour(demo, demo.newPersonSpeaking(t, "turista."+lang, lang))
			if len(g.seen) < 20 {
				t.Errorf("only %d pages were seen", len(g.seen))
			}
		})
	}
}

// gallery looks at pages and takes pictures of them.
type gallery struct {
	*desk
	dir, lang string
	seen      map[string]bool
}

// Each language is looked at in one scheme as a phone and in the other as a desktop: both sizes, both schemes, half the time.
var looks = map[string][]struct {
	name          string
	width, height int64
	dark          bool
}{
	"it": {{"phone-light", 390, 844, false}, {"desktop-dark", 1280, 800, true}},
	"en": {{"phone-dark", 390, 844, true}, {"desktop-light", 1280, 800, false}},
}

// see looks at the page when an element of it is there.
func (g *gallery) see(name, selector string) {
	g.t.Helper()
	g.shows(selector)
	g.seen[name] = true
	for _, look := range looks[g.lang] {
		var shot []byte
		g.do(webtest.Look(look.width, look.height, look.dark))
		g.await(settled(`innerWidth === ` + map[bool]string{true: "390", false: "1280"}[look.width == 390]))
		webtest.Axe(g.t, g, name+" "+look.name)
		if wide, err := eval[int](g.desk, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); err != nil || wide > 0 {
			g.t.Errorf("%s %s: %d pixels wider than the screen (%v)", name, look.name, wide, err)
		}
		g.do(chromedp.FullScreenshot(&shot, 100))
		write(g.t, filepath.Join(g.dir, name+"-"+look.name+"-"+g.lang+".png"), shot)
	}
	g.quiet(name)
	if lang, err := eval[string](g.desk, `document.documentElement.lang`); err != nil || lang != g.lang {
		g.t.Errorf("%s is in %q (%v)", name, lang, err)
	}
}

// tour goes everywhere.
func (g *gallery) tour(demo *demo, p *person) {
	g.t.Helper()
	g.open(demo.bank)
	g.see("bank", "#sign-in")
	g.open(demo.bank + "/try")
	g.see("bank-try", "main .card")
	g.open(demo.bank + "/callback?state=strange")
	g.see("bank-error", "[role=alert]")

	g.open(demo.issuer)
	g.see("landing", "main a.choice")
	g.open(demo.account)
	g.see("account-closed", `form[action="/account/sign-in"]`)
	g.open(demo.issuer + "/nothing")
	g.see("not-found", ".reference")
	g.open(demo.issuer + "/authorize?client_id=nobody")
	g.see("unknown-client", ".reference")

	g.open(demo.bank)
	g.click("#sign-in")
	g.see("sign-in", nameField)
	for range 4 {
		g.fail(p)
	}
	g.see("sign-in-last-try", "#notice")
	g.fail(p)
	g.see("sign-in-blocked", "#notice")
	demo.varco(g.t, "", "subscriber", "unblock", p.Username, "--reason", "came to the branch")
	g.open(demo.bank)
	g.click("#sign-in")
	g.fail(p)
	g.see("sign-in-wrong", "#notice")
	g.identify(p)
	g.see("bank-account", "#balance")
	g.click("#step-up")
	g.see("code", codeField)
	g.fill(codeField, "000000")
	g.click(sendButton)
	g.see("code-wrong", "#notice")
	g.confirm(p)
	g.see("bank-account-strong", "#movements")

	g.open(demo.account)
	g.see("account", "#authenticators")
	g.click(`form:has(input[name=method][value=totp]) button`)
	g.see("bind-totp", ".typed code")
	g.fill(codeField, "000000")
	g.do(chromedp.Evaluate(`document.querySelector("main input[type=text]:not([autocomplete=one-time-code])").value = "app"`, nil))
	g.click(sendButton)
	g.see("bind-totp-wrong", "[role=alert]")
	g.open(demo.account)
	g.click(`a[href$="/remove"]`)
	g.see("remove", `main a[href="/account"]`)

	consent := url.Values{"client_id": {"demo-web"}, "redirect_uri": {"http://127.0.0.1/callback"}, "response_type": {"code"}, "scope": {"openid profile email offline_access"},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"}}
	g.open(demo.issuer + "/authorize?" + consent.Encode())
	g.see("consent", "button[value=allow]")

	g.open(demo.issuer + "/logout?client_id=banca-demo")
	g.see("logout", `form[action$="/logout"]`)
	g.click(sendButton)
	g.see("signed-out", "h1")

	g.open(demo.account)
	g.click(sendButton)
	g.see("sign-in-account", nameField)
	demo.varco(g.t, "", "subscriber", "block", p.Username, "--reason", "lost the telephone")
	g.identify(p)
	g.see("blocked-by-the-bank", "h1")
}

// fail gives a wrong password and waits for the answer.
func (g *gallery) fail(p *person) {
	g.t.Helper()
	g.fill(nameField, p.Username)
	g.fill(passwordField, "certainly not it "+randomText(6))
	g.do(chromedp.Evaluate(`document.body.dataset.old = "1"`, nil))
	g.click(sendButton)
	g.await(settled(`!document.body.dataset.old`))
}
