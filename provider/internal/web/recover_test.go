package web_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
)

func links(r *reply) (out []string) {
	for _, n := range r.all("a", nil) {
		out = append(out, attr(n, "href"))
	}
	return out
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func TestRecoverBeginsAFlow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	if !contains(links(c.get("/login/sign-in")), "/recover?flow=sign-in") {
		t.Error("the sign-in page does not lead to help")
	}
	for _, flow := range []string{"recover-code", "bind-totp"} {
		for _, l := range links(c.get("/login/" + flow)) {
			if strings.HasPrefix(l, "/recover") {
				t.Errorf("%s leads to recovery", flow)
			}
		}
	}
	r := c.get("/recover?flow=sign-in")
	if n := len(r.all("form", func(n *html.Node) bool { return attr(n, "action") == "/recover" })); n != 3 || len(s.flows.started) != 0 {
		t.Errorf("%d methods, %d flows", n, len(s.flows.started))
	}
	s.flows.start = page("recover-code", login.Page{Step: s.flows.pages["recover-code"].Step})
	r = c.post("/recover", "method", "password/password", "flow", "sign-in")
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/login/recover-code" {
		t.Errorf("%d to %s", r.StatusCode, r.Header.Get("Location"))
	}
	if q := s.flows.started[0]; q.Recover != "password/password" || q.Client != login.AccountClient || q.ReturnTo != "/recovered?flow=sign-in" {
		t.Errorf("began %+v", q)
	}
	// The way back is an address of ours, whatever a stranger writes into the form.
	c.post("/recover", "method", "password/password", "flow", "//evil.example")
	if q := s.flows.started[1]; q.ReturnTo != "/recovered" {
		t.Errorf("returns to %s", q.ReturnTo)
	}
	for path, to := range map[string]string{"/recovered?flow=sign-in": "/login/sign-in", "/recovered": "/account", "/recovered?flow=%2F%2Fevil": "/account"} {
		if !contains(links(c.get(path)), to) {
			t.Errorf("%s does not lead to %s", path, to)
		}
	}
	s.flows.next["recover-code"] = page("recover-code", login.Page{Client: login.AccountClient, Answer: &login.Answer{
		Request: login.Request{Client: login.AccountClient, Recover: "password/password", ReturnTo: "/recovered?flow=sign-in"}}})
	if r := c.post("/login/recover-code", "v", "7", "p.code", "123456"); r.Header.Get("Location") != "/recovered?flow=sign-in" || len(r.Cookies()) != 0 {
		t.Errorf("the end leads to %s with %v", r.Header.Get("Location"), r.Cookies())
	}
}

func TestNamesAreSent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	for _, to := range []string{"anna@example.org", "nobody@example.org"} {
		if r := c.post("/recover/name", "address", to, "flow", "sign-in"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/recover/name/sent?flow=sign-in" {
			t.Errorf("%s: %d to %s", to, r.StatusCode, r.Header.Get("Location"))
		}
	}
	r := c.post("/recover/name", "address", "333", "flow", "sign-in")
	field := r.one(t, "input", "id", "address")
	if r.StatusCode != http.StatusOK || attr(field, "aria-invalid") != "true" || attr(field, "value") != "333" || len(s.recover.asked) != 2 {
		t.Errorf("%d %v", r.StatusCode, field.Attr)
	}
	s.recover.err = fault.New(fault.Throttled, "enough")
	if r := c.post("/recover/name", "address", "anna@example.org"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("throttled: %d", r.StatusCode)
	}
}

// A link is followed by whatever reads mails: only the button does something, and only from the page itself.
func TestCancelLink(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	for range 3 {
		if r := c.get("/cancel/" + cancelToken); r.StatusCode != http.StatusOK || !strings.Contains(r.raw, "Password") || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %s", r.StatusCode, r.raw)
		}
		if r := c.do(http.MethodHead, "/cancel/"+cancelToken, "", ""); r.StatusCode != http.StatusOK {
			t.Errorf("HEAD: %d", r.StatusCode)
		}
	}
	if len(s.recover.cancelled) != 0 {
		t.Fatal("looking at the link took the change back")
	}
	c.head.Set("Sec-Fetch-Site", "cross-site")
	if r := c.post("/cancel/" + cancelToken); r.StatusCode != http.StatusForbidden || len(s.recover.cancelled) != 0 {
		t.Errorf("from another site: %d", r.StatusCode)
	}
	c.head.Del("Sec-Fetch-Site")
	if r := c.post("/cancel/" + cancelToken); r.Header.Get("Location") != "/cancelled" || len(s.recover.cancelled) != 1 {
		t.Errorf("%d to %s", r.StatusCode, r.Header.Get("Location"))
	}
	for _, r := range []*reply{c.post("/cancel/" + cancelToken), c.get("/cancel/nothing"), c.post("/cancel/nothing")} {
		if r.StatusCode != http.StatusGone {
			t.Errorf("a link that is over: %d", r.StatusCode)
		}
	}
}

func TestAccountLife(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	r := c.get("/account")
	for _, want := range []string{"m•••@example.org", "Access recovered, way to sign in replaced: Password", "E-mail sent to you", "by the bank", "lower limits"} {
		if !strings.Contains(r.raw, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(r.raw, "of.another.release") || strings.Contains(r.raw, "event.") {
		t.Error("an event without words is shown")
	}
	s.flows.start = page("contact", login.Page{Step: s.flows.pages["contact"].Step})
	if r := c.post("/account/contacts", "channel", "sms"); r.StatusCode != http.StatusSeeOther || s.flows.started[0].Contact != "sms" {
		t.Errorf("%d %+v", r.StatusCode, s.flows.started)
	}
	for _, bad := range []string{"", "pigeon", "voice"} {
		if r := c.post("/account/contacts", "channel", bad); r.StatusCode != http.StatusBadRequest {
			t.Errorf("channel %q: %d", bad, r.StatusCode)
		}
	}
	r = c.get("/account/events")
	if !contains(links(r), "?before=ee") {
		t.Errorf("no way to older events: %v", links(r))
	}
	if r := c.get("/account/events?before=e0"); len(r.all("strong", nil)) != 1 || contains(links(r), "?before=e3") {
		t.Errorf("the older page: %s", r.raw)
	}
	if r := c.get("/account/events?before=a%20b"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a strange cursor: %d", r.StatusCode)
	}
	s.account.overview = nil
	if r := c.get("/account/events"); r.Header.Get("Location") != "/account" {
		t.Errorf("signed out: %d to %s", r.StatusCode, r.Header.Get("Location"))
	}
}
