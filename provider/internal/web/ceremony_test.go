package web_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// localhost is where a page must lie to have passkeys: an address cannot be an RP ID.
func (s *server) localhost() string { return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }

type answered struct {
	ID, Type string
	Response struct{ AttestationObject, AuthenticatorData, Signature, UserHandle string }
}

func (s *server) answered(t *testing.T) (answered, login.Submission) {
	t.Helper()
	got := s.flows.last()
	var a answered
	if err := json.Unmarshal([]byte(got.Inputs["webauthn"]), &a); err != nil || a.ID == "" || a.Type != "public-key" {
		t.Errorf("%v %+v", err, got)
	}
	return a, got
}

// says waits for the page to say why the ceremony came to nothing.
func says(t *testing.T, tab *webtest.Tab, want string) {
	t.Helper()
	var text string
	tab.Run(t, chromedp.WaitVisible("[data-webauthn-failed] p"), chromedp.Text("[data-webauthn-failed] p", &text))
	if !strings.Contains(text, want) {
		t.Errorf("the page says %q, want %q", text, want)
	}
}

// webAuthn runs a ceremony with a virtual authenticator, and some that come to nothing.
func webAuthn(t *testing.T, tab *webtest.Tab) {
	s := newServer(t)
	s.flows.next["passkey"] = page("passkey", *s.flows.pages["choose"])
	tab.Authenticator(t)
	tab.Run(t, webtest.Go(s.localhost()+"/login/passkey"), chromedp.Evaluate(
		`document.querySelector("[data-webauthn]").dataset.webauthn = JSON.stringify({challenge: "AAAA", rp: {id: "elsewhere.test", name: "x"}, user: {id: "AAAA", name: "x", displayName: "x"}, pubKeyCredParams: [{type: "public-key", alg: -7}, {type: "public-key", alg: -257}]})`, nil),
		chromedp.Click("button.primary"))
	says(t, tab, "did not work")
	webtest.Axe(t, tab, "ceremony failed")
	// What a person's "cancel" and a time-out are to a page, and an authenticator that is bound already.
	for name, want := range map[string]string{"NotAllowedError": "cancelled", "InvalidStateError": "already", "UnknownError": "did not work"} {
		tab.Run(t, webtest.Go(s.localhost()+"/login/passkey"), chromedp.Evaluate(`navigator.credentials.create = async () => { throw new DOMException("", "`+name+`") }`, nil),
			chromedp.Click("button.primary"))
		says(t, tab, want)
	}
	if got := focused(t, tab); got != "notice error" {
		t.Errorf("the focus is at %q", got)
	}
	if n := s.flows.count(); n != 0 {
		t.Errorf("%d submissions without an answer", n)
	}
	tab.Run(t, webtest.Go(s.localhost()+"/login/passkey"), chromedp.Click("button.primary"), chromedp.WaitVisible("ul.methods"))
	a, got := s.answered(t)
	if a.Response.AttestationObject == "" || got.Inputs["action"] != "use" {
		t.Errorf("%+v", got)
	}
	complain(t, tab, "webauthn")
}

// webAuthnByHand takes away what browsers of before 2025 do not have.
func webAuthnByHand(t *testing.T, tab *webtest.Tab) {
	s := newServer(t)
	for _, name := range []string{"passkey", "passkey-wrong"} {
		s.flows.next[name] = page(name, *s.flows.pages["choose"])
	}
	device := tab.Authenticator(t)
	const older = `for (const name of ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"]) PublicKeyCredential[name] = undefined; delete PublicKeyCredential.prototype.toJSON`
	tab.Run(t, webtest.Go(s.localhost()+"/login/passkey"), chromedp.Evaluate(older, nil), chromedp.Click("button.primary"), chromedp.WaitVisible("ul.methods"))
	made, _ := s.answered(t)
	tab.Run(t, webtest.Go(s.localhost()+"/login/passkey-wrong"), chromedp.Evaluate(older, nil), chromedp.Click("button.primary"), chromedp.WaitVisible("ul.methods"))
	if used, _ := s.answered(t); used.ID != made.ID || used.Response.Signature == "" || used.Response.UserHandle == "" || len(tab.Keys(t, device)) != 1 {
		t.Errorf("%+v", used)
	}
	complain(t, tab, "older browser")
}

// passkeyBeside signs in on the page that asks for a name: by the button, and without pressing anything where the browser offers a passkey
// in the name's field.
func passkeyBeside(t *testing.T, browser context.Context) {
	for _, way := range []string{"by the button", "in the name's field"} {
		t.Run(way, func(t *testing.T) {
			tab := webtest.NewTab(t, browser)
			s := newServer(t)
			s.flows.next["passkey"] = page("passkey", *s.flows.pages["choose"])
			s.flows.next["sign-in-passkey"] = page("sign-in-passkey", *s.flows.pages["choose"])
			device := tab.Authenticator(t)
			tab.Run(t, webtest.Go(s.localhost()+"/login/passkey"), chromedp.Click("button.primary"), chromedp.WaitVisible("ul.methods"))
			var hint string
			if way == "by the button" {
				// The authenticator keeps still, so that the name's field gets no answer by itself.
				tab.Run(t, webauthn.SetAutomaticPresenceSimulation(device, false), webtest.Go(s.localhost()+"/login/sign-in-passkey"), chromedp.WaitVisible(".beside button"),
					chromedp.AttributeValue("#username", "autocomplete", &hint, nil))
				if got := focused(t, tab); got != "username" || hint != "username webauthn" {
					t.Errorf("the focus is at %q, the field is for %q", got, hint)
				}
				webtest.Axe(t, tab, "passkey beside the name")
				tab.Run(t, webauthn.SetAutomaticPresenceSimulation(device, true), chromedp.Click(".beside button"), chromedp.WaitVisible("ul.methods"))
			} else {
				tab.Run(t, webtest.Go(s.localhost()+"/login/sign-in-passkey"), chromedp.WaitVisible("ul.methods"))
			}
			a, got := s.answered(t)
			if a.Response.Signature == "" || got.Method != "mobile/key" || got.Action != login.ActionContinue || got.Inputs["action"] != "use" {
				t.Errorf("%+v", got)
			}
			complain(t, tab, way)
		})
	}
}
