package e2e_test

import (
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"golang.org/x/oauth2"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// TestConsent lets a person refuse, allow and take back, at a relying party that has to ask: in Chromium, with a relying party on a port of its own.
func TestConsent(t *testing.T) {
	t.Parallel()
	demo := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	p := demo.newPerson(t, "careful")
	c := demo.goClient(t, "demo-web")
	app := listen(t)
	c.RedirectURL = app.url + "/callback"
	d := newDesk(t, webtest.Browser(t), "en")

	a := c.begin()
	d.open(a.url)
	d.identify(p)
	d.shows(`button[value=allow]`)
	page := d.text()
	for _, part := range []string{"Demo Web", "Your profile", "Your e-mail address", "Access while you are away"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page does not tell of %q: %s", part, page)
		}
	}
	d.click(`button[value=deny]`)
	if got := app.answer(t); got.Get("error") != "access_denied" || got.Get("state") != a.state {
		t.Errorf("after a refusal the relying party got %v", got)
	}

	a = c.begin()
	d.open(a.url)
	d.identify(p) // nobody was signed in by what was refused
	d.click(`button[value=allow]`)
	got := c.redeem(a, app.answer(t))

	a = c.begin() // asked once, not again
	d.open(a.url)
	c.redeem(a, app.answer(t))

	// The answer as a form that the browser posts: by itself, and by a button without script.
	formPost := oauth2.SetAuthURLParam("response_mode", "form_post")
	a = c.begin(formPost)
	d.open(a.url)
	c.redeem(a, app.answer(t))
	d.do(emulation.SetScriptExecutionDisabled(true))
	a = c.begin(formPost)
	d.open(a.url)
	d.click(sendButton)
	c.redeem(a, app.answer(t))
	d.do(emulation.SetScriptExecutionDisabled(false))

	d.open(demo.account)
	d.click(`form[action="/account/consents/revoke"] button`)
	if got := d.read("[role=status]"); !strings.HasPrefix(got, "Taken back.") {
		t.Errorf("the page says %q", got)
	}
	if _, err := c.TokenSource(c.context(), expired(got.Token)).Token(); oauthCode(t, err) != "invalid_grant" {
		t.Errorf("the refresh token of a consent that was taken back: %v", err)
	}
	d.open(c.begin().url)
	d.shows(`button[value=allow]`)
}

// endpoint is where a relying party of a test takes answers.
type endpoint struct {
	url     string
	answers chan url.Values
}

func listen(t testing.TB) *endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{url: "http://" + l.Addr().String(), answers: make(chan url.Values, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // what cannot be read is missing, which the test sees
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><title>Landed</title><link rel="icon" href="data:,"><main><h1>Landed</h1></main>`))
		e.answers <- r.Form
	})
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return e
}

// answer waits for an authorization response.
func (e *endpoint) answer(t testing.TB) (got url.Values) {
	t.Helper()
	waitFor(t, "the relying party gets an answer", func() bool {
		select {
		case got = <-e.answers:
			return true
		default:
			return false
		}
	})
	return got
}
