package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/web"
	"github.com/varco-id/varco/provider/internal/web/webtest"
)

func (f *fakeFlows) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.submitted)
}

// focused is what has the keyboard.
func focused(t *testing.T, tab *webtest.Tab) string {
	t.Helper()
	var what string
	const stop = `(({id, className, value, hreflang, href, localName}) => id || {choose: "method", cancel: "cancel"}[value] || hreflang && "italian" ||
		href?.startsWith("tel:") && "phone" || href?.includes("/help") && "help" || className || localName)(document.activeElement)`
	tab.Run(t, chromedp.Evaluate(stop, &what))
	return what
}

// keyboardAlone signs in, looks at the error, chooses another method and cancels, without a pointer.
func keyboardAlone(t *testing.T, tab *webtest.Tab) {
	s := newServer(t)
	s.flows.next["sign-in"] = page("sign-in", *s.flows.pages["code"])
	tab.Run(t, webtest.Go(s.URL+"/login/sign-in"), chromedp.WaitVisible("main"))
	if got := focused(t, tab); got != "username" {
		t.Fatalf("the focus begins at %q", got)
	}
	tab.Run(t, chromedp.KeyEvent("maria"), chromedp.KeyEvent(kb.Tab))
	if got := focused(t, tab); got != "f-password" {
		t.Fatalf("after the name comes %q", got)
	}
	tab.Run(t, chromedp.KeyEvent("correct horse"), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#f-code"))
	if got := s.flows.last(); got.Name != "maria" || got.Inputs["password"] != "correct horse" || got.Action != login.ActionContinue {
		t.Errorf("%+v", got)
	}
	if got := focused(t, tab); got != "f-code" {
		t.Errorf("on the next page the focus begins at %q", got)
	}
	var order []string
	for range 7 {
		tab.Run(t, chromedp.KeyEvent(kb.Tab))
		order = append(order, focused(t, tab))
	}
	// From the field it goes on through the page and its foot.
	if got := strings.Join(order, ", "); got != "primary, method, stuck, cancel, italian, help, phone" {
		t.Errorf("the keyboard goes through %v", order)
	}
	tab.Run(t, chromedp.Focus("button.choice"), chromedp.KeyEvent(kb.Enter))
	eventually(t, func() bool {
		return s.flows.last().Action == login.ActionChoose && s.flows.last().Method == "mobile/push"
	})

	// The skip link is the first thing a keyboard reaches and leads to the content.
	tab.Run(t, webtest.Go(s.URL+"/account"), chromedp.WaitVisible("main"), chromedp.KeyEvent(kb.Tab))
	if got := focused(t, tab); got != "skip" {
		t.Errorf("the first stop is %q", got)
	}
	var top float64
	tab.Run(t, chromedp.Evaluate(`document.activeElement.getBoundingClientRect().top`, &top), chromedp.KeyEvent(kb.Enter))
	if got := focused(t, tab); top < 0 || got != "main" {
		t.Errorf("the skip link at %v leads to %q", top, got)
	}
	complain(t, tab, "keyboard")
}

// withoutScript walks through what a person does, with script off.
func withoutScript(t *testing.T, tab *webtest.Tab) {
	s := newServer(t)
	s.flows.next["sign-in"] = page("sign-in", *s.flows.pages["choose"])
	s.flows.start = page("bind-totp", *s.flows.pages["bind-totp"])
	visible := func(selector string, want bool) {
		t.Helper()
		var got bool
		tab.Run(t, chromedp.EvaluateAsDevTools(`[...document.querySelectorAll("`+selector+`")].some(e => e.checkVisibility())`, &got))
		if got != want {
			t.Errorf("%s visible: %v", selector, got)
		}
	}
	tab.Run(t, emulation.SetScriptExecutionDisabled(true), webtest.Go(s.URL+"/login/sign-in"), chromedp.WaitVisible("main"))
	visible(".toggle", false) // a button that could do nothing
	tab.Run(t, chromedp.SendKeys("#username", "maria"), chromedp.SendKeys("#f-password", "secret"), chromedp.Click("button.primary"),
		chromedp.WaitVisible("ul.methods"), chromedp.Click("ul.methods button"), chromedp.WaitVisible("ul.methods"))
	eventually(t, func() bool { return s.flows.last().Method == "password/password" })

	tab.Run(t, chromedp.Click("nav a[hreflang=it]"), chromedp.WaitVisible("html[lang=it]"),
		webtest.Go(s.URL+"/account"), chromedp.WaitVisible("html[lang=it] .panel"),
		chromedp.Click(`a[href="/account/authenticators/c2/remove"]`), chromedp.WaitVisible("button.danger"),
		chromedp.Click("button.danger"), chromedp.WaitVisible("figure.qr img"))
	visible("[data-copy]", false)
	if q := s.flows.started; len(q) != 1 || q[0].Unbind != "c2" || q[0].UILocales[0] != "it" {
		t.Errorf("%+v", q)
	}
	tab.Run(t, webtest.Go(s.URL+"/login/bind-password"), chromedp.WaitVisible("#f-new"))
	visible(".strength", false)
	tab.Run(t, webtest.Go(s.URL+"/login/push"), chromedp.WaitVisible(".wait"), chromedp.Click(".wait a"), chromedp.WaitVisible(".wait"))
	tab.Run(t, webtest.Go(s.URL+"/login/passkey"), chromedp.WaitVisible("main"))
	visible("noscript .notice", true)
	tab.Run(t, webtest.Go(s.URL+"/account"), chromedp.WaitVisible(".panel"), chromedp.Click("header button"), chromedp.WaitNotPresent(".panel"))
	eventually(t, func() bool { s.account.mu.Lock(); defer s.account.mu.Unlock(); return len(s.account.ended) == 1 })
}

// passwordHelp: show, hide, strength, copy.
func passwordHelp(t *testing.T, tab *webtest.Tab) {
	s := newServer(t)
	kind := func(want string) {
		t.Helper()
		var got string
		tab.Run(t, chromedp.Evaluate(`document.getElementById("f-new").type`, &got))
		if got != want {
			t.Errorf("the field is of type %q, want %q", got, want)
		}
	}
	strength := func(typed, want string) {
		t.Helper()
		var got string
		tab.Run(t, chromedp.Evaluate(`document.getElementById("f-new").value = ""`, nil), chromedp.SendKeys("#f-new", typed), chromedp.Text("#f-new-strength b", &got))
		if got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
	tab.Run(t, webtest.Go(s.URL+"/login/bind-password"), chromedp.WaitVisible(".toggle"))
	strength("short", "too short")
	strength("aaaaaaaaaaaaaaaaaaaaaaaa", "short")
	strength("fifteen letters", "short")
	strength("correct horse battery staple", "long")
	kind("password")
	tab.Run(t, chromedp.Click(".toggle"))
	kind("text")
	if got := focused(t, tab); got != "f-new" {
		t.Errorf("the focus is at %q", got)
	}
	var label string
	tab.Run(t, chromedp.Text(".toggle", &label))
	if label != "Hide" {
		t.Errorf("the button says %q", label)
	}
	webtest.Axe(t, tab, "password shown")
	// Sent as a password again, so that the browser offers to keep it and not to complete it.
	tab.Run(t, chromedp.Evaluate(`document.getElementById("f-new").form.addEventListener("submit", e => { document.title = document.getElementById("f-new").type })`, nil),
		chromedp.Click("button.primary"), chromedp.WaitVisible("#f-new"))
	eventually(t, func() bool {
		return s.flows.last().Inputs["new"] == "correct horse battery staple" && s.flows.last().Inputs["action"] == "save"
	})
	complain(t, tab, "password")
}

// doubleSubmit presses twice before the answer is there.
func doubleSubmit(t *testing.T, tab *webtest.Tab) {
	s := newServer(t)
	inner := s.Config.Handler
	hold := make(chan struct{})
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			<-hold
		}
		inner.ServeHTTP(w, r)
	})
	s.flows.next["sign-in"] = page("sign-in", *s.flows.pages["choose"])
	tab.Run(t, webtest.Go(s.URL+"/login/sign-in"), chromedp.SendKeys("#username", "maria"), chromedp.SendKeys("#f-password", "secret"),
		chromedp.Evaluate(`for (let i = 0; i < 5; i++) document.querySelector("button.primary").click()`, nil))
	close(hold)
	tab.Run(t, chromedp.WaitVisible("ul.methods"))
	if n := s.flows.count(); n != 1 {
		t.Errorf("%d submissions", n)
	}
	complain(t, tab, "double submit")
}

// waiting: the page goes on by itself when the Flow did.
func waiting(t *testing.T, tab *webtest.Tab) {
	s := newServer(t)
	tab.Run(t, webtest.Go(s.URL+"/login/push"), chromedp.WaitVisible(".wait"))
	moved := page("push", *s.flows.pages["choose"])
	moved.Version = 8
	s.flows.mu.Lock()
	s.flows.pages["push"] = moved
	s.flows.mu.Unlock()
	tab.Run(t, chromedp.WaitVisible("ul.methods"))
	complain(t, tab, "waiting")
}

// leaving ends a login at a relying party that redirects on to another site of its own, as identity brokers do. A browser checks
// form-action at every hop, and stops there if the form's answer was a redirect.
func leaving(t *testing.T, browser context.Context) {
	site := func(f http.HandlerFunc) string {
		s := httptest.NewServer(f)
		t.Cleanup(s.Close)
		return s.URL
	}
	app := strings.Replace(site(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>app</title><link rel="icon" href="data:,"><p id="app">Signed in`))
	}), "127.0.0.1", "app.bank.test", 1)
	var referer string
	broker := strings.Replace(site(func(w http.ResponseWriter, r *http.Request) {
		referer = r.Header.Get("Referer")
		if r.FormValue("code") != "abc.def" {
			http.Error(w, "no code", http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, app, http.StatusSeeOther)
	}), "127.0.0.1", "broker.bank.test", 1)
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		for _, mode := range []string{"query", "form_post"} {
			if mode == "form_post" && !script {
				continue // its button is TestFormPost's
			}
			t.Run(name+" "+mode, func(t *testing.T) {
				tab := webtest.NewTab(t, browser)
				var s *server
				s = newServer(t, func(o *web.Options) {
					if mode == "form_post" {
						o.Responder = web.ResponderFunc(func(w http.ResponseWriter, r *http.Request, a *login.Answer) {
							s.handler.FormPost(w, r, a.Request.RedirectURI, [][2]string{{"code", a.Code}})
						})
					}
				})
				s.flows.next["sign-in"] = answer(broker + "/callback")
				tab.Run(t, emulation.SetScriptExecutionDisabled(!script), webtest.Go(s.URL+"/login/sign-in"),
					chromedp.SendKeys("#username", "maria"), chromedp.SendKeys("#f-password", "secret"), chromedp.Click("button.primary"), chromedp.WaitVisible("#app"))
				if referer != "" {
					t.Errorf("the relying party learns %q", referer)
				}
				complain(t, tab, name)
			})
		}
	}
}

// eventually waits for the server to have seen what the browser did.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("it did not happen")
}
