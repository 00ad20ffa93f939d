package e2e_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// desk is somebody in front of a browser: a private window of Chromium, watched for complaints.
type desk struct {
	*webtest.Tab
	t testing.TB
	// expected are complaints that belong to what the test does, by a part of their text.
	expected []string
}

// newDesk opens a private window with the languages a person prefers.
func newDesk(t testing.TB, browser context.Context, languages string) *desk {
	t.Helper()
	d := &desk{Tab: webtest.NewTab(t, browser), t: t}
	d.do(webtest.Look(1280, 800, false), network.Enable(), security.SetIgnoreCertificateErrors(true),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": languages}))
	t.Cleanup(func() {
		d.quiet("the last page")
		if t.Failed() {
			t.Logf("the browser is at %s, which says:\n%s", d.url(), d.text())
		}
	})
	return d
}

// do runs actions, each within the patience of a test.
func (d *desk) do(actions ...chromedp.Action) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		d.t.Fatalf("browser: %v", err)
	}
}

// open goes to an address.
func (d *desk) open(address string) {
	d.t.Helper()
	d.do(webtest.Go(address))
}

// eval reads something of the page. It fails while a page gives way to the next, so callers poll.
func eval[T any](d *desk, script string) (v T, err error) {
	ctx, cancel := context.WithTimeout(d, 10*time.Second)
	defer cancel()
	err = chromedp.Run(ctx, chromedp.Evaluate(script, &v))
	return v, err
}

// await waits until an expression about the page is true.
func (d *desk) await(script string) {
	d.t.Helper()
	waitFor(d.t, "in the browser "+script, func() bool {
		ok, err := eval[bool](d, script)
		if errors.Is(d.Err(), context.DeadlineExceeded) || errors.Is(d.Err(), context.Canceled) {
			d.t.Fatalf("the browser is gone: %v", d.Err())
		}
		return err == nil && ok
	})
}

// settled is an expression: the page is whole and matches.
func settled(condition string) string {
	return `document.readyState === "complete" && !!(` + condition + `)`
}

// shows waits for a page with an element.
func (d *desk) shows(selector string) {
	d.t.Helper()
	d.await(settled(`document.querySelector(` + quote(selector) + `)`))
}

// at waits for a page whose address begins so.
func (d *desk) at(prefix string) {
	d.t.Helper()
	d.await(settled(`location.href.startsWith(` + quote(prefix) + `)`))
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

func (d *desk) url() string {
	u, err := eval[string](d, `location.href`)
	if err != nil {
		return err.Error()
	}
	return u
}

func (d *desk) text() string {
	text, err := eval[string](d, `document.body ? document.body.innerText : ""`)
	if err != nil {
		return err.Error()
	}
	return text
}

// read is the text of an element.
func (d *desk) read(selector string) string {
	d.t.Helper()
	d.shows(selector)
	text, err := eval[string](d, `document.querySelector(`+quote(selector)+`).innerText`)
	if err != nil {
		d.t.Fatal(err)
	}
	return text
}

// has says whether the page has an element now.
func (d *desk) has(selector string) bool {
	d.t.Helper()
	ok, err := eval[bool](d, `!!document.querySelector(`+quote(selector)+`)`)
	if err != nil {
		d.t.Fatal(err)
	}
	return ok
}

// spot is the middle of an element, scrolled into view; an error text when the mouse would meet something else there.
const spot = `(selector => {
	const e = document.querySelector(selector)
	if (!e) return {Error: "there is none"}
	e.scrollIntoView({block: "center", behavior: "instant"})
	const box = e.getBoundingClientRect()
	const x = box.left + box.width / 2, y = box.top + box.height / 2
	const there = document.elementFromPoint(x, y)
	return {X: x, Y: y, Error: there && (e.contains(there) || there.contains(e)) ? "" : "something else is there"}
})`

// click presses the mouse's button on an element. It is looked up anew each time, without chromedp's view of the document, which pages that come back
// from the browser's memory are not in.
func (d *desk) click(selector string) {
	d.t.Helper()
	d.shows(selector)
	at, err := eval[struct {
		X, Y  float64
		Error string
	}](d, spot+`(`+quote(selector)+`)`)
	if err != nil || at.Error != "" {
		d.t.Fatalf("click on %s: %s %v", selector, at.Error, err)
	}
	d.do(chromedp.MouseClickXY(at.X, at.Y))
}

// fill clicks into a field, empties it and types.
func (d *desk) fill(selector, text string) {
	d.t.Helper()
	d.click(selector)
	d.focused(selector)
	d.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(input.ModifierCtrl)), chromedp.KeyEvent(text))
}

// The fields of the provider's pages, known by their autocomplete attribute, as password managers know them.
const (
	nameField     = `input[autocomplete^=username]:not([hidden])`
	passwordField = `input[autocomplete=current-password]`
	codeField     = `input[autocomplete=one-time-code]`
	sendButton    = `main button.primary`
)

// identify gives user name and password with the mouse and the keyboard.
func (d *desk) identify(p *person) {
	d.t.Helper()
	d.fill(nameField, p.Username)
	d.fill(passwordField, p.Password)
	d.click(sendButton)
}

// confirm gives a code of the app.
func (d *desk) confirm(p *person) {
	d.t.Helper()
	d.shows(codeField)
	d.fill(codeField, p.code(d.t))
	d.click(sendButton)
}

// press strikes a key.
func (d *desk) press(key string) {
	d.t.Helper()
	d.do(chromedp.KeyEvent(key))
}

// quiet fails the test for what the browser complained about since the last time.
func (d *desk) quiet(page string) {
	d.t.Helper()
	for _, c := range d.Complaints() {
		// The status of an error page is no complaint about the page.
		if !strings.Contains(c, "Failed to load resource: the server responded with a status of") && !containsAny(c, d.expected) {
			d.t.Errorf("%s: the browser complains: %s", page, c)
		}
	}
}

func containsAny(text string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}
