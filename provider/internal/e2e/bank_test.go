package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// TestBank is what customers of the demo bank do, in Chromium.
func TestBank(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	browser := webtest.Browser(t)
	at := func(t *testing.T) *desk { return newDesk(t, browser, "en") }

	t.Run("with the mouse", func(t *testing.T) {
		t.Parallel()
		mouse(t, at(t), demo, demo.newPerson(t, "mouse"))
	})
	t.Run("on a phone", func(t *testing.T) {
		t.Parallel()
		d := at(t)
		d.do(webtest.Look(390, 844, true))
		mouse(t, d, demo, demo.newPerson(t, "phone"))
	})
	t.Run("without script", func(t *testing.T) {
		t.Parallel()
		d := at(t)
		d.do(emulation.SetScriptExecutionDisabled(true))
		mouse(t, d, demo, demo.newPerson(t, "noscript"))
	})
	t.Run("by keyboard alone", func(t *testing.T) {
		t.Parallel()
		keyboard(t, at(t), demo, demo.newPerson(t, "keyboard"))
	})
	t.Run("in Italian", func(t *testing.T) {
		t.Parallel()
		d := at(t)
		d.open(demo.bank)
		d.click("#sign-in")
		d.shows(nameField)
		d.click(`footer a[hreflang=it]`)
		d.await(settled(`document.documentElement.lang === "it"`))
		if got := d.read(`label[for=username]`); got != "Nome utente" {
			t.Errorf("the user name's label is %q", got)
		}
		d.identify(demo.newPerson(t, "italiana"))
		d.shows("#balance")
		d.click("#step-up") // the language stays with the browser
		d.shows(codeField)
		if lang, err := eval[string](d, `document.documentElement.lang`); err != nil || lang != "it" {
			t.Errorf("the next page is in %q (%v)", lang, err)
		}
	})
	t.Run("with a wrong password", func(t *testing.T) {
		t.Parallel()
		wrongPassword(t, at(t), demo, demo.newPerson(t, "wrong"))
	})
	t.Run("the same words for a name that does not exist", func(t *testing.T) {
		t.Parallel()
		d := at(t)
		said := func(p *person) string {
			d.open(demo.bank)
			d.click("#sign-in")
			d.fill(nameField, p.Username)
			d.fill(passwordField, "certainly not the password")
			d.click(sendButton)
			return strings.ReplaceAll(d.read("#notice"), p.Username, "NAME")
		}
		nobody := said(&person{Username: "nobody.here"})
		if known := said(demo.newPerson(t, "known")); known != nobody {
			t.Errorf("for a name that exists: %q; for one that does not: %q", known, nobody)
		}
	})
	t.Run("binding an app on the way", func(t *testing.T) {
		t.Parallel()
		anna := demo.people["anna.rossi"] // has a password alone
		d := at(t)
		d.open(demo.bank)
		d.click("#sign-in")
		d.identify(anna)
		d.click("#step-up")
		anna.Seed = strings.Join(strings.Fields(d.read(".typed code")), "")
		d.confirm(anna)
		d.shows("#movements")
		if amr := d.read("#amr"); amr != "pwd otp mfa" {
			t.Errorf("amr %q", amr)
		}
		d.click("#logout")
		d.click("#sign-in-strong") // from now on with the app
		d.identify(anna)
		d.confirm(anna)
		d.shows("#movements")
	})
	t.Run("cancelling", func(t *testing.T) {
		t.Parallel()
		d := at(t)
		d.open(demo.bank)
		d.click("#sign-in")
		d.click(`form.leave button`)
		d.at(demo.bank)
		d.shows("#sign-in")
	})
}

// mouse signs in, steps up, renews the tokens, visits the person's own page and signs out.
func mouse(t *testing.T, d *desk, demo *demo, p *person) {
	t.Helper()
	d.open(demo.bank)
	d.click("#sign-in")
	d.identify(p)
	d.shows("#balance")
	if got := d.read("#acr"); got != acrOne {
		t.Errorf("after the password the acr is %q", got)
	}
	if got := d.read("#hello"); !strings.Contains(got, "Persona "+p.Username) {
		t.Errorf("the bank greets: %q", got)
	}

	d.click("#step-up")
	d.confirm(p)
	d.shows("#movements")
	if acr, amr := d.read("#acr"), strings.Fields(d.read("#amr")); acr != acrStrong || len(amr) < 2 {
		t.Errorf("after the step-up: acr %q, amr %v", acr, amr)
	}

	d.click("#refresh")
	d.shows("#refreshed")

	d.click("#my-account")
	d.at(demo.account)
	d.shows("#authenticators")
	d.do(chromedp.Evaluate(`history.back()`, nil))
	d.click("#logout")
	d.at(demo.bank)
	d.shows("#sign-in")
	d.click("#sign-in") // signed out at the provider too
	d.shows(passwordField)
}

// wrongPassword fails until the block.
func wrongPassword(t *testing.T, d *desk, demo *demo, p *person) {
	t.Helper()
	d.open(demo.bank)
	d.click("#sign-in")
	said := map[int]string{}
	for try := 1; try <= 5; try++ {
		d.fill(nameField, p.Username)
		d.fill(passwordField, "certainly not it "+randomText(6))
		d.do(chromedp.Evaluate(`document.body.dataset.old = "1"`, nil))
		d.click(sendButton)
		d.await(settled(`!document.body.dataset.old`))
		said[try] = d.read("#notice")
	}
	if !strings.HasPrefix(said[1], "The user name or what you entered is not right") || said[2] != said[1] {
		t.Errorf("after one failure: %q, after two: %q", said[1], said[2])
	}
	if !strings.Contains(said[4], "One more wrong attempt will block") {
		t.Errorf("after four failures: %q", said[4])
	}
	if !strings.Contains(said[5], "Too many wrong attempts. Wait") {
		t.Errorf("after five failures: %q", said[5])
	}
	// The right password does not help now.
	if d.has(passwordField) {
		d.identify(p)
		d.await(settled(`document.querySelector("#notice")`))
		if got := d.read("#notice"); !strings.Contains(got, "Too many wrong attempts. Wait") {
			t.Errorf("with the right password during the block: %q", got)
		}
	}
	demo.varco(t, "", "subscriber", "unblock", p.Username, "--reason", "showed an identity card")
	d.open(demo.bank)
	d.click("#sign-in")
	d.identify(p)
	d.shows("#balance")
}
