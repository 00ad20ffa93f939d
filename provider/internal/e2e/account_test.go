package e2e_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// TestOwnPage is what people do on their own page, in Chromium.
func TestOwnPage(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	browser := webtest.Browser(t)
	signIn := func(t *testing.T, p *person) *desk {
		d := newDesk(t, browser, "en")
		d.open(demo.account)
		d.click(sendButton)
		d.identify(p)
		return d
	}

	t.Run("binding an app, using it, removing it", func(t *testing.T) {
		t.Parallel()
		p := demo.people["anna.rossi"] // has a password alone
		d := signIn(t, p)
		d.shows("#authenticators")
		d.bind(p)
		d.await(settled(`location.search === "?done=bound" && document.querySelector("[role=status]")`))

		// What was bound was proven, and the tokens say by what.
		d.open(demo.bank)
		d.click("#sign-in-strong")
		d.await(settled(`document.querySelector("#movements") || document.querySelector(` + quote(codeField) + `)`))
		if d.has(codeField) {
			d.confirm(p)
		}
		if amr := strings.Fields(d.read("#amr")); !slices.Contains(amr, "pwd") || !slices.Contains(amr, "otp") {
			t.Errorf("strong authentication with amr %v", amr)
		}
		d.click("#logout")
		d.click("#sign-in-strong")
		d.identify(p)
		d.confirm(p)
		d.shows("#movements")

		d.open(demo.account)
		d.click(`a[href$="/remove"]`)
		d.click(sendButton)
		d.await(settled(`document.querySelector("[role=status]") || document.querySelector(` + quote(codeField) + `)`))
		if d.has(codeField) { // the provider may want a fresh proof first
			d.confirm(p)
		}
		d.await(settled(`location.search === "?done=unbound" && document.querySelector("[role=status]")`))
		if d.has(`a[href$="/remove"]`) {
			t.Error("the last way to sign in can be removed")
		}
	})

	t.Run("changing the password", func(t *testing.T) {
		t.Parallel()
		p := demo.newPerson(t, "changer")
		d := signIn(t, p)
		d.shows("#authenticators")
		d.click(`form:has(input[name=method][value=password]) button`)
		d.confirm(p) // all the strength that is there
		d.fill("#f-current", p.Password)
		p.Password = "cinque " + randomText(12) + " gatti"
		d.fill("#f-new_password", p.Password)
		d.click(sendButton)
		d.await(settled(`location.search === "?done=bound" && document.querySelector("[role=status]")`))
		signIn(t, p).shows("#authenticators")
	})

	t.Run("ending the session of another browser", func(t *testing.T) {
		t.Parallel()
		p := demo.newPerson(t, "twice")
		here, there := signIn(t, p), signIn(t, p)
		here.shows("#authenticators")
		there.shows("#authenticators")
		here.open(demo.account)
		here.click(`form[action^="/account/sessions/"] button`)
		if got := here.read("[role=status]"); got != "That session has ended." {
			t.Errorf("the page says %q", got)
		}
		there.open(demo.account)
		there.shows(`form[action="/account/sign-in"]`)
		here.open(demo.account)
		here.shows("#authenticators")
		if here.has(`form[action^="/account/sessions/"]`) {
			t.Error("the ended session is still listed")
		}
	})

	t.Run("signing out", func(t *testing.T) {
		t.Parallel()
		d := signIn(t, demo.newPerson(t, "leaver"))
		d.shows("#authenticators")
		d.click(`form[action="/account/sign-out"] button`)
		d.await(settled(`location.pathname === "/signed-out"`))
		d.open(demo.account)
		d.shows(`form[action="/account/sign-in"]`)
	})
}

// bind binds an authenticator app on the person's own page, reading the key from the page as one who cannot scan.
func (d *desk) bind(p *person) {
	d.t.Helper()
	d.click(`form:has(input[name=method][value=totp]) button`)
	d.await(settled(`document.querySelector(".typed code") || document.querySelector(` + quote(passwordField) + `)`))
	if d.has(passwordField) { // a fresh proof first
		d.fill(passwordField, p.Password)
		d.click(sendButton)
	}
	p.Seed = strings.Join(strings.Fields(d.read(".typed code")), "")
	p.step = 0
	d.confirm(p)
	d.shows("#authenticators")
}
