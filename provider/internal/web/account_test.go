package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
)

func TestAccountPage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := newClient(t, s).get("/account")
	body := text(r.one(t, "main", "id", "main"))
	for _, want := range []string{"Maria Rossi", "maria.rossi", "Authenticator app", "Telefono di Maria", "22 November 2025, 14:05 UTC",
		"Never used", "No longer offered", "Chrome on Windows", "This browser", "Safari on iPhone", "Unknown browser", "2001:db8::4:17", "Conto Chiaro", "Your profile, Your e-mail address"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if len(r.all("a", with("href", "/account/authenticators/c1/remove"))) != 0 {
		t.Error("the last way in can be removed")
	}
	if len(r.all("form", with("action", "/account/sessions/s1/end"))) != 0 {
		t.Error("the session in use is ended by signing out")
	}
	if done := r.all("div", with("role", "status")); len(done) != 0 {
		t.Errorf("something was done: %q", text(done[0]))
	}
	if done := newClient(t, s).get("/account?done=unbound").all("div", with("role", "status")); len(done) != 1 {
		t.Error("what was done is not told")
	}
	if done := newClient(t, s).get("/account?done=Your+password+is+x").all("div", with("role", "status")); len(done) != 0 {
		t.Error("a link puts words on the page")
	}
}

// TestAccountGetChangesNothing: a prefetch, a link in an e-mail or an image of another site does nothing.
func TestAccountGetChangesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.flows.start = page("begun", login.Page{})
	c := newClient(t, s)
	for _, signedIn := range []bool{true, false} {
		if !signedIn {
			s.account.overview = nil
		}
		for _, path := range []string{"/account", "/account/sign-in", "/account/sign-out", "/account/authenticators", "/account/authenticators/c2/remove",
			"/account/sessions/s2/end", "/account/consents/revoke", "/login/sign-in", "/login/consent", "/", "/signed-out"} {
			c.get(path)
		}
	}
	if len(s.flows.submitted)+len(s.flows.started)+len(s.account.ended)+len(s.account.revoked) != 0 {
		t.Error("a GET changed something")
	}
}

func TestAccountClosed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.account.overview = nil
	s.flows.start = page("begun", login.Page{Choose: &login.ChoosePage{}})
	c := newClient(t, s)
	r := c.get("/account")
	if f := r.one(t, "form", "action", "/account/sign-in"); attr(f, "method") != "post" || strings.Contains(r.raw, "sign-out") {
		t.Error("the closed page offers the wrong thing")
	}
	c.head.Set("Accept-Language", "it")
	if r = c.post("/account/sign-in"); r.Header.Get("Location") != "/login/begun" {
		t.Fatalf("sign-in leads to %q", r.Header.Get("Location"))
	}
	if q := s.flows.started[0]; q.Client != login.AccountClient || q.ReturnTo != "/account" || q.Bind+q.Unbind != "" || !slices.Equal(q.UILocales, []string{"it"}) {
		t.Errorf("%+v", q)
	}
	if b := s.flows.browser(); len(b.Binding) != 43 {
		t.Error("the flow is bound to no browser")
	}
	if r = c.get("/account/authenticators/c2/remove"); r.Header.Get("Location") != "/account" {
		t.Errorf("removal without a session leads to %q", r.Header.Get("Location"))
	}
}

func TestAccountChanges(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.flows.start = page("begun", login.Page{Choose: &login.ChoosePage{}})
	c := newClient(t, s)
	c.post("/account/authenticators", "method", "mobile/push")
	c.post("/account/authenticators/c2/remove")
	if q := s.flows.started; len(q) != 2 || q[0].Bind != "mobile/push" || q[1].Unbind != "c2" || q[1].ReturnTo != "/account" || q[1].Client != login.AccountClient {
		t.Fatalf("%+v", q)
	}
	if r := c.post("/account/sessions/s2/end"); r.Header.Get("Location") != "/account?done=session_ended" || !slices.Equal(s.account.ended, []string{"s2"}) {
		t.Errorf("end: %q %v", r.Header.Get("Location"), s.account.ended)
	}
	if r := c.post("/account/consents/revoke", "client", "conto-chiaro"); r.Header.Get("Location") != "/account?done=consent_revoked" || !slices.Equal(s.account.revoked, []string{"conto-chiaro"}) {
		t.Errorf("revoke: %q %v", r.Header.Get("Location"), s.account.revoked)
	}
	r := c.post("/account/sign-out")
	if r.Header.Get("Location") != "/signed-out" || s.account.ended[1] != "" {
		t.Errorf("sign out: %q %v", r.Header.Get("Location"), s.account.ended)
	}
	if k := r.Cookies(); len(k) != 1 || k[0].Name != "varco-session" || k[0].MaxAge >= 0 {
		t.Errorf("sign out leaves the cookie: %v", k)
	}
	for path, fields := range map[string][]string{"/account/authenticators": nil, "/account/consents/revoke": {"client", strings.Repeat("x", 300)}} {
		if r := c.post(path, fields...); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s without its field: %d", path, r.StatusCode)
		}
	}
	for _, path := range []string{"/account/authenticators/..%2f/remove", "/account/sessions/a%20b/end"} {
		if r := c.post(path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestAccountWithoutSession(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	s.account.err = fault.New(fault.Denied, "x")
	if r := c.post("/account/sessions/s2/end"); r.Header.Get("Location") != "/account" {
		t.Errorf("end: %q", r.Header.Get("Location"))
	}
	if r := c.post("/account/sign-out"); r.Header.Get("Location") != "/signed-out" || len(r.Cookies()) != 1 {
		t.Error("sign out without a session is still signed out")
	}
	s.account.err = fault.New(fault.Unavailable, "x")
	if r := c.get("/account"); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("%d", r.StatusCode)
	}
	r := c.post("/account/sign-out")
	if r.StatusCode != http.StatusServiceUnavailable || len(r.Cookies()) != 1 {
		t.Errorf("sign out with the database down: %d, cookies %v", r.StatusCode, r.Cookies())
	}
}

// TestAccountFlowEnds where it began, and nowhere else.
func TestAccountFlowEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	for name, tc := range map[string]struct {
		request login.Request
		failed  string
		want    string
	}{
		"signed in":  {login.Request{ReturnTo: "/account"}, "", "/account"},
		"bound":      {login.Request{ReturnTo: "/account", Bind: "x"}, "", "/account?done=bound"},
		"unbound":    {login.Request{ReturnTo: "/account", Unbind: "x"}, "", "/account?done=unbound"},
		"cancelled":  {login.Request{ReturnTo: "/account", Bind: "x"}, "access_denied", "/account"},
		"elsewhere":  {login.Request{ReturnTo: "https://evil.example/"}, "", "/account"},
		"elsewhere2": {login.Request{ReturnTo: "//evil.example/"}, "", "/account"},
		"elsewhere3": {login.Request{ReturnTo: `/\evil.example/`}, "", "/account"},
		"recovered":  {login.Request{ReturnTo: "/recovered?flow=x", Recover: "password"}, "", "/recovered?flow=x"},
		"given up":   {login.Request{ReturnTo: "/recovered?flow=x", Recover: "password"}, "access_denied", "/recover?flow=x"},
		"contact":    {login.Request{ReturnTo: "/account", Contact: "email"}, "", "/account?done=contact"},
		"nowhere":    {login.Request{}, "", "/account"},
	} {
		tc.request.Client = login.AccountClient
		s.flows.pages["done"] = page("done", login.Page{Client: login.AccountClient, Answer: &login.Answer{Request: tc.request, Outcome: login.Outcome{Error: tc.failed}, Session: "s"}})
		for _, r := range []*reply{c.get("/login/done"), c.post("/login/done", "v", "1")} {
			if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != tc.want {
				t.Errorf("%s: %d %q, want %q", name, r.StatusCode, r.Header.Get("Location"), tc.want)
			}
		}
	}
	// A fresh session is proof enough: Start answers at once.
	s.flows.start = page("done", login.Page{Client: login.AccountClient, Answer: &login.Answer{
		Request: login.Request{Client: login.AccountClient, ReturnTo: "/account"}, Session: "s"}})
	if r := c.post("/account/sign-in"); r.Header.Get("Location") != "/account" || len(r.Cookies()) != 2 {
		t.Errorf("answered at once: %q %v", r.Header.Get("Location"), r.Cookies())
	}
}
