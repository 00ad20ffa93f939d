package e2e_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

const (
	passkeyButton = `.beside button`
	ownCeremony   = `form:not(.beside) [data-webauthn]` // of the page's own method
)

// TestPasskey is the life of a passkey and of a security key, in Chromium with a virtual authenticator, through plugins' processes.
func TestPasskey(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	browser := webtest.Browser(t)
	// bind adds an authenticator of a method on the person's own page.
	bind := func(d *desk, p *person, method, label string) {
		d.t.Helper()
		d.open(demo.account)
		d.await(settled(`document.querySelector("#authenticators") || document.querySelector(` + quote(sendButton) + `)`))
		if !d.has("#authenticators") {
			d.click(sendButton)
			d.identify(p)
			d.shows("#authenticators")
		}
		d.click(`form:has(input[name=method][value="` + method + `"]) button`)
		d.await(settled(`document.querySelector(` + quote(ownCeremony) + `) || document.querySelector(` + quote(codeField) + `)`))
		if d.has(codeField) {
			d.confirm(p)
			d.shows(ownCeremony)
		}
		if label != "" {
			d.fill("#f-label", label)
		}
		d.click(sendButton)
		d.await(settled(`location.search === "?done=bound" && document.querySelector("[role=status]")`))
	}
	signOut := func(d *desk) {
		d.t.Helper()
		d.open(demo.account)
		d.click("header button")
		d.at(demo.issuer + "/signed-out")
	}

	t.Run("a passkey is the whole login", func(t *testing.T) {
		t.Parallel()
		p := demo.people["anna.rossi"] // has a password alone
		d := newDesk(t, browser, "en")
		phone := d.Authenticator(t)
		bind(d, p, "passkey", "My phone")
		if text := d.text(); !strings.Contains(text, "My phone") {
			t.Errorf("the own page says %s", text)
		}
		webtest.Axe(t, d.Tab, "own page with a passkey")
		signOut(d)

		// The authenticator keeps still until the button is pressed: else the name's field would have its answer at once.
		d.do(webauthn.SetAutomaticPresenceSimulation(phone, false))
		d.open(demo.bank)
		d.click("#sign-in-strong")
		d.shows(passkeyButton)
		webtest.Axe(t, d.Tab, "sign-in with a passkey")
		d.do(webauthn.SetAutomaticPresenceSimulation(phone, true))
		d.do(pressIfThere) // the name's field may have had its answer by now
		d.shows("#movements")
		amr := strings.Fields(d.read("#amr"))
		if slices.Contains(amr, "pwd") || !slices.Contains(amr, "hwk") || !slices.Contains(amr, "mfa") {
			t.Errorf("amr %v", amr)
		}
		d.click("#logout")

		// In the name's own field, without pressing anything.
		d.click("#sign-in-strong")
		d.shows("#movements")

		// Removed, it opens nothing, and is like one that never was.
		d.open(demo.account)
		d.click(`li:last-child > a[href$="/remove"]`)
		d.shows("main button.danger")
		if text := d.text(); !strings.Contains(text, "My phone") {
			t.Fatalf("about to remove something else: %s", text)
		}
		d.click("main button.danger")
		d.await(settled(`location.search === "?done=unbound" && document.querySelector("[role=status]")`))
		d.do(webauthn.SetAutomaticPresenceSimulation(phone, false))
		d.open(demo.bank)
		d.click("#logout")
		d.click("#sign-in-strong")
		d.shows(passkeyButton)
		d.do(webauthn.SetAutomaticPresenceSimulation(phone, true))
		d.do(pressIfThere) // the name's field may have had its answer by now
		d.shows(`.notice.error:not([data-webauthn-failed])`)
		if text := d.text(); !strings.Contains(text, "This did not work") {
			t.Errorf("the page says %s", text)
		}
		webtest.Axe(t, d.Tab, "wrong passkey")
	})

	t.Run("a security key after the password", func(t *testing.T) {
		t.Parallel()
		p := demo.newPerson(t, "keyring")
		d := newDesk(t, browser, "it")
		d.Authenticator(t, func(o *webauthn.VirtualAuthenticatorOptions) {
			o.Transport, o.HasResidentKey, o.HasUserVerification, o.IsUserVerified = webauthn.AuthenticatorTransportUsb, false, false, false
		})
		bind(d, p, "security-key", "")
		signOut(d)
		d.open(demo.bank)
		d.click("#sign-in-strong")
		d.identify(p)
		d.await(settled(`document.querySelector(` + quote(ownCeremony) + `) || document.querySelector(` + quote(codeField) + `)`))
		if d.has(codeField) { // the app comes first; the key is another way
			d.click(`.others form:has(input[value="security-key"]) button`)
			d.shows(ownCeremony)
		}
		d.click(sendButton)
		d.shows("#movements")
		if amr := strings.Fields(d.read("#amr")); !slices.Contains(amr, "pwd") || !slices.Contains(amr, "hwk") || slices.Contains(amr, "otp") {
			t.Errorf("amr %v", amr)
		}
	})
}

// pressIfThere presses the button for passkeys unless the page went on by itself.
var pressIfThere = chromedp.Evaluate(`document.querySelector("`+passkeyButton+`")?.click()`, nil)
