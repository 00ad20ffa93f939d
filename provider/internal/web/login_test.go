package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/telemetry"
	"github.com/varco-id/varco/provider/internal/web"
)

func TestSignInPage(t *testing.T) {
	t.Parallel()
	c := newClient(t, newServer(t))
	r := c.get("/login/sign-in")
	if r.StatusCode != http.StatusOK || r.heading(t) != "Sign in" {
		t.Fatalf("%d %q", r.StatusCode, r.heading(t))
	}
	name := r.one(t, "input", "name", "username")
	if attr(name, "autocomplete") != "username" || !has(name, "autofocus") || !has(name, "required") {
		t.Errorf("user name field: %v", name.Attr)
	}
	password := r.one(t, "input", "name", "p.password")
	if attr(password, "type") != "password" || attr(password, "autocomplete") != "current-password" || has(password, "maxlength") {
		t.Errorf("password field: %v", password.Attr)
	}
	for _, v := range r.all("input", with("name", "v")) {
		if attr(v, "value") != "7" || attr(v, "type") != "hidden" {
			t.Errorf("version: %v", v.Attr)
		}
	}
	if forms, versions := len(r.all("form", nil)), len(r.all("input", with("name", "v"))); forms != versions {
		t.Errorf("%d forms carry %d versions", forms, versions)
	}
	if !strings.Contains(r.raw, "to continue to Banca Demo Online") {
		t.Error("the page does not say where the sign-in leads")
	}
	for _, field := range []*html.Node{name, password} {
		if labels := r.all("label", with("for", attr(field, "id"))); len(labels) != 1 {
			t.Errorf("%d labels for %v", len(labels), field.Attr)
		}
	}
}

// TestNoticeIsTiedToItsFields is WCAG 3.3.1: who cannot see the red frame hears what is wrong when the field gets the focus.
func TestNoticeIsTiedToItsFields(t *testing.T) {
	t.Parallel()
	c := newClient(t, newServer(t))
	r := c.get("/login/sign-in-wrong")
	notice := r.one(t, "div", "id", "notice")
	if attr(notice, "role") != "alert" || !strings.Contains(text(notice), "not right") {
		t.Errorf("notice: %v %q", notice.Attr, text(notice))
	}
	for _, name := range []string{"username", "p.password"} {
		f := r.one(t, "input", "name", name)
		if attr(f, "aria-invalid") != "true" || attr(f, "aria-describedby") != "notice" {
			t.Errorf("%s: %v", name, f.Attr)
		}
	}
	if f := r.one(t, "input", "name", "p.password"); !has(f, "autofocus") {
		t.Error("the name is there: the focus belongs to the password")
	}
	if title := text(r.all("title", nil)[0]); title != "Error: Sign in – Banca Demo" {
		t.Errorf("title %q", title)
	}
	if n := text(c.get("/login/code-wrong").one(t, "div", "id", "notice")); strings.Contains(n, "user name") {
		t.Errorf("a page that asks for no name speaks of one: %q", n)
	}
	r = c.get("/login/bind-password")
	f := r.one(t, "input", "name", "p.new")
	link := r.one(t, "a", "href", "#"+attr(f, "id"))
	if text(link) != "Use at least 15 characters; this has 9." || attr(f, "aria-describedby") != "f-new-error f-new-hint" || !has(f, "autofocus") {
		t.Errorf("error summary: %q, %v", text(link), f.Attr)
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	s.flows.next["sign-in"] = s.flows.pages["code"]
	r := c.post("/login/sign-in", "v", "7", "username", "Maria", "p.password", "correct horse", "p.action", "save")
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/login/sign-in" {
		t.Fatalf("%d to %q: a post is answered by a redirect to a page that can be reloaded", r.StatusCode, r.Header.Get("Location"))
	}
	got := s.flows.last()
	if got.Version != 7 || got.Name != "Maria" || got.Action != login.ActionContinue ||
		got.Inputs["password"] != "correct horse" || got.Inputs["action"] != "save" || len(got.Inputs) != 2 {
		t.Errorf("submission: %+v", got)
	}
	for _, a := range []login.Action{login.ActionChoose, login.ActionAllow, login.ActionDeny, login.ActionCancel, login.ActionRestart} {
		c.post("/login/code", "v", "7", "action", string(a), "method", "totp/totp")
		if got := s.flows.last(); got.Action != a || got.Method != "totp/totp" {
			t.Errorf("action %q: %+v", a, got)
		}
	}
}

// TestBadForms: what no page of ours sends reaches nothing.
func TestBadForms(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	many := strings.Repeat("&x=1", 1)
	for i := range 70 {
		many += "&f" + string(rune('a'+i%26)) + strings.Repeat("x", i) + "=1"
	}
	const form = "application/x-www-form-urlencoded"
	for name, tc := range map[string]struct {
		kind, body string
		want       int
	}{
		"no version":      {form, "username=a", 400},
		"negative":        {form, "v=-1", 400},
		"not a number":    {form, "v=1e3", 400},
		"unknown action":  {form, "v=1&action=delete", 400},
		"twice":           {form, "v=1&username=a&username=b", 400},
		"json":            {"application/json", `{"v":1}`, 400},
		"multipart":       {"multipart/form-data; boundary=x", "--x--", 400},
		"no content type": {"", "v=1", 400},
		"too many fields": {form, "v=1" + many, 400},
		"not UTF-8":       {form, "v=1&username=%ff%fe", 400},
		"NUL":             {form, "v=1&username=a%00b", 400},
		"long name":       {form, "v=1&username=" + strings.Repeat("a", 600), 400},
		"long field":      {form, "v=1&p.x=" + strings.Repeat("a", 33<<10), 400},
		"long body":       {form, "v=1&p.x=" + strings.Repeat("a", 70<<10), 400},
		"bad escape":      {form, "v=1&username=%zz", 400},
		"semicolon":       {form, "v=1;username=a", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newClient(t, s).do(http.MethodPost, "/login/sign-in", tc.kind, tc.body)
			if r.StatusCode != tc.want || r.heading(t) == "" {
				t.Errorf("%d, want %d", r.StatusCode, tc.want)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(s.flows.submitted); n != 0 {
			t.Errorf("%d of them reached the pipeline", n)
		}
	})
}

// TestCrossOrigin: another site cannot answer a page in the person's name.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	paths := []string{"/login/sign-in", "/account/sign-in", "/account/sign-out", "/account/authenticators",
		"/account/authenticators/c2/remove", "/account/sessions/s2/end", "/account/consents/revoke"}
	for name, head := range map[string]http.Header{
		"cross-site":    {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":     {"Sec-Fetch-Site": {"same-site"}},
		"other origin":  {"Origin": {"https://evil.example"}},
		"opaque origin": {"Origin": {"null"}},
	} {
		for _, path := range paths {
			c := newClient(t, s)
			c.head = head
			if r := c.post(path, "v", "7", "method", "x", "client", "x"); r.StatusCode != http.StatusForbidden || r.heading(t) != "Request refused" {
				t.Errorf("%s %s: %d", name, path, r.StatusCode)
			}
		}
	}
	if len(s.flows.submitted)+len(s.flows.started)+len(s.account.ended)+len(s.account.revoked) != 0 {
		t.Error("a refused request did something")
	}
	// The issuer's origin is ours even when a proxy rewrote Host.
	c := newClient(t, newServer(t, func(o *web.Options) { o.Issuer = "https://login.bank.test" }))
	c.head = http.Header{"Origin": {"https://login.bank.test"}}
	if r := c.post("/login/sign-in", "v", "7"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("own origin: %d", r.StatusCode)
	}
}

func answer(redirect string) *login.Page {
	return page("done", login.Page{Answer: &login.Answer{
		Request: login.Request{Client: "banca-demo", RedirectURI: redirect}, Code: "abc.def", Session: "session-value", KnownBrowser: "known-value"}})
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.flows.pages["done"] = answer("https://app.bank.test/callback?x=1&y=\"<")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		c := newClient(t, s)
		r := c.do(method, "/login/done", "application/x-www-form-urlencoded", "v=7")
		cookies := map[string]*http.Cookie{}
		for _, k := range r.Cookies() {
			cookies[k.Name] = k
		}
		session, known := cookies["varco-session"], cookies["varco-browser"]
		if session == nil || session.Value != "session-value" || session.MaxAge != 0 || !session.HttpOnly || session.SameSite != http.SameSiteLaxMode {
			t.Errorf("%s: session cookie %v", method, session)
		}
		if known == nil || known.Value != "known-value" || known.MaxAge != 400*24*3600 {
			t.Errorf("%s: known browser cookie %v", method, known)
		}
		if method == http.MethodGet {
			if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), "https://app.bank.test/callback?") {
				t.Errorf("GET: %d %q", r.StatusCode, r.Header.Get("Location"))
			}
			continue
		}
		// A form is answered by a page that goes on by itself (leave.go).
		if r.StatusCode != http.StatusOK || r.Header.Get("Location") != "" {
			t.Errorf("POST: %d %q", r.StatusCode, r.Header.Get("Location"))
		}
		refresh := attr(r.one(t, "meta", "http-equiv", "refresh"), "content")
		target, ok := strings.CutPrefix(refresh, "0;url=")
		u, err := url.Parse(target)
		if !ok || err != nil || u.Host != "app.bank.test" || u.Query().Get("x") != "1" || u.Query().Get("y") != `"<` || u.Query().Get("code") != "abc.def" {
			t.Errorf("POST leads to %q", refresh)
		}
	}
}

// TestLeaveKeepsTheAddress: the relying party gets its address to the letter, in every response mode.
func TestLeaveKeepsTheAddress(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	target := ""
	mux, _ := s.Config.Handler.(*http.ServeMux)
	mux.HandleFunc("/test/leave", func(w http.ResponseWriter, r *http.Request) { s.handler.Leave(w, r, target) })
	c := newClient(t, s)
	for _, target = range []string{
		"https://app.bank.test/callback?code=a.b-c_d&state=x%20y%2Bz&iss=https%3A%2F%2Flogin.bank.test",
		"https://app.bank.test/callback#code=abc.def&state=1%262",
		"http://127.0.0.1:3000/cb?x=%22%3E%3Cscript%3E",
		"http://[::1]:3000/cb",
		"https://app.bank.test",
		"https://app.bank.test/a//b/../c?",
	} {
		if r := c.get("/test/leave"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != target {
			t.Errorf("link: %d %q, want %q", r.StatusCode, r.Header.Get("Location"), target)
		}
		r := c.post("/test/leave")
		if got := attr(r.one(t, "meta", "http-equiv", "refresh"), "content"); got != "0;url="+target {
			t.Errorf("form: %q, want %q", got, target)
		}
		if got := attr(r.one(t, "a", "class", "button primary"), "href"); got != target {
			t.Errorf("form, by hand: %q, want %q", got, target)
		}
	}
}

// TestNativeApp: a mobile browser opens an app only in answer to a tap, so by a direct redirect, which the page must allow.
func TestNativeApp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.flows.pages["done"] = answer("com.bank.app:/callback")
	c := newClient(t, s)
	r := c.post("/login/done", "v", "7")
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "com.bank.app:/callback?code=abc.def" {
		t.Errorf("%d %q", r.StatusCode, r.Header.Get("Location"))
	}
	p := *s.flows.pages["sign-in"]
	for uri, want := range map[string]string{
		"com.bank.app:/callback":        "form-action 'self' com.bank.app:",
		"https://app.bank.test/cb":      "form-action 'self'",
		"http://[::1]:8080/cb":          "form-action 'self'",
		"x; script-src *:/cb":           "form-action 'self'",
		"":                              "form-action 'self'",
		"//evil":                        "form-action 'self'",
		"javascript\r\nx:alert(1)":      "form-action 'self'",
		"com.bank.app:/cb;script-src *": "form-action 'self' com.bank.app:",
	} {
		p.Request = login.Request{Client: "banca-demo", RedirectURI: uri}
		s.flows.pages["uri"] = &p
		if csp := c.get("/login/uri").Header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "; "+want) {
			t.Errorf("%q: %s", uri, csp)
		}
	}
}

func TestPipelineErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	for name, tc := range map[string]struct {
		err     error
		status  int
		heading string
		retry   bool
	}{
		"unknown":     {fault.New(fault.NotFound, "x"), 404, "This sign-in cannot be continued", false},
		"expired":     {fault.New(fault.Expired, "x"), 410, "Time is up", false},
		"denied":      {fault.New(fault.Denied, "x"), 403, "This sign-in cannot be continued here", false},
		"invalid":     {fault.New(fault.Invalid, "x"), 400, "Request not understood", false},
		"throttled":   {fault.New(fault.Throttled, "x"), 429, "Too many requests", true},
		"unavailable": {fault.New(fault.Unavailable, "x"), 503, "Back in a moment", true},
		"deadline":    {context.DeadlineExceeded, 503, "Back in a moment", true},
		"defect":      {context.Canceled, 500, "Something went wrong", false},
		"oauth":       {&login.OAuthError{Code: login.CodeAccessDenied}, 403, "Not allowed", false},
		"oauth other": {&login.OAuthError{Code: "strange"}, 403, "Something is wrong with the link", false},
	} {
		flow := strings.ReplaceAll(name, " ", "-")
		s.flows.errs[flow] = tc.err
		for _, r := range []*reply{c.get("/login/" + flow), c.post("/login/"+flow, "v", "1")} {
			if r.StatusCode != tc.status || r.heading(t) != tc.heading {
				t.Errorf("%s: %d %q", name, r.StatusCode, r.heading(t))
			}
			if got := r.Header.Get("Retry-After") != ""; got != tc.retry {
				t.Errorf("%s: Retry-After %q", name, r.Header.Get("Retry-After"))
			}
			if reference := r.all("code", with("class", "reference")); len(reference) != 1 || len(text(reference[0])) != telemetry.IDLength {
				t.Errorf("%s: no reference", name)
			}
		}
	}
	// A lost race is not the person's affair: the Flow's page shows where the winner led.
	s.flows.errs["raced"] = fault.New(fault.Conflict, "x")
	if r := c.post("/login/raced", "v", "1"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/login/raced" {
		t.Errorf("conflict: %d", r.StatusCode)
	}
}

func TestReferenceIsTheRequestID(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	inner := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(telemetry.WithRequest(r.Context(), "01TESTREFERENCE")))
	})
	r := newClient(t, s).get("/test/error")
	if got := text(r.one(t, "code", "class", "reference")); got != "01TESTREFERENCE" || r.StatusCode != http.StatusBadRequest {
		t.Errorf("reference %q, status %d", got, r.StatusCode)
	}
}

// TestUnshowableView: half a plugin's view is never shown; the person gets the other methods.
func TestUnshowableView(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	p := *s.flows.pages["code"]
	step := *p.Step
	step.View = sdk.View{Nodes: []sdk.Node{passwordField(sdk.Text{}), {}}}
	p.Step, s.flows.pages["broken"] = &step, &p
	r := c.get("/login/broken")
	if len(r.all("input", with("name", "p.password"))) != 0 {
		t.Error("half the view is shown")
	}
	if !strings.Contains(text(r.one(t, "div", "id", "notice")), "not available") {
		t.Error("no notice")
	}
	if b := r.one(t, "input", "name", "method"); attr(b, "value") != "mobile/push" {
		t.Errorf("other methods: %v", b.Attr)
	}
}

// TestNothingIsMarkup: names, labels and parameters are text wherever they come from.
func TestNothingIsMarkup(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}`
	s := newServer(t, func(o *web.Options) {
		o.ClientName = func(context.Context, string, string) string { return evil }
		o.Brand.Name = evil
		o.Texts = &web.Catalogues{Describe: func(string) (*sdk.Description, bool) {
			return &sdk.Description{Texts: map[string]map[string]string{"en": {"title": evil, "login": evil, "enter": evil, "code": evil, "hint": evil, "password": evil, "x": "{x}"}}}, true
		}}
	})
	c := newClient(t, s)
	o := overview()
	o.DisplayName, o.Credentials[1].Label, o.Sessions[0].Browser, o.Sessions[0].Address, o.Consents[0].Name, o.Consents[0].Scopes = evil, evil, evil, evil, evil, []string{evil}
	s.account.overview = o
	for _, name := range []string{"sign-in", "code", "choose", "consent"} {
		p := *s.flows.pages[name]
		if p.Step != nil {
			step := *p.Step
			step.Name, step.Notice = evil, login.Notice{Code: login.NoticeBlocked, Params: map[string]string{"minutes": evil}}
			p.Step = &step
		}
		s.flows.pages[name] = &p
	}
	for _, path := range []string{"/login/sign-in", "/login/code", "/login/choose", "/login/consent", "/account", "/account/authenticators/c2/remove", "/?ui_locales=%22%3E%3Cscript%3E"} {
		r := c.get(path)
		if n := len(r.all("script", nil)); n != 1 {
			t.Errorf("%s: %d scripts", path, n)
		}
		for _, img := range r.all("img", nil) {
			if has(img, "onerror") {
				t.Errorf("%s: injected %v", path, img.Attr)
			}
		}
	}
}
