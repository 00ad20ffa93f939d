package web_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/web"
)

func TestStatic(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	var files []string
	r := c.get("/")
	for _, n := range append(r.all("link", nil), r.all("script", nil)...) {
		files = append(files, attr(n, "href")+attr(n, "src"))
	}
	files = append(files, attr(r.all("img", nil)[0], "src"))
	if len(files) != 5 {
		t.Fatalf("%v", files)
	}
	for _, f := range files {
		r := c.get(f)
		if r.StatusCode != http.StatusOK || r.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || r.Header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(r.Header.Get("Content-Security-Policy"), "sandbox") || len(r.Cookies()) != 0 {
			t.Errorf("%s: %d %v", f, r.StatusCode, r.Header)
		}
		req, err := http.NewRequest(http.MethodGet, s.URL+f, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		packed, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if packed.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(packed.Body)
			if err != nil {
				t.Fatal(err)
			}
			if raw, err := io.ReadAll(z); err != nil || string(raw) != r.raw {
				t.Errorf("%s differs when packed: %v", f, err)
			}
		}
		_ = packed.Body.Close()
	}
	for path, want := range map[string]int{"/static/none.css": 404, "/static/": 404, "/static/..%2fhandler.go": 404, "/favicon.ico": 200, "/robots.txt": 200} {
		if r := c.get(path); r.StatusCode != want {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if r := c.get("/.well-known/change-password"); r.Header.Get("Location") != "/account" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("change-password: %v", r.Header)
	}
	if r := c.get("/robots.txt"); !strings.Contains(r.raw, "Disallow: /\n") {
		t.Errorf("robots: %q", r.raw)
	}
}

func TestNotFoundAndOtherMethods(t *testing.T) {
	t.Parallel()
	c := newClient(t, newServer(t))
	for _, tc := range []struct{ method, path string }{
		{"GET", "/nothing"}, {"DELETE", "/account"}, {"PUT", "/login/sign-in"}, {"GET", "/login/" + strings.Repeat("a", 100)}, {"POST", "/login/a%20b"}, {"GET", "/login/%3Cscript%3E"},
	} {
		if r := c.do(tc.method, tc.path, "application/x-www-form-urlencoded", ""); r.StatusCode != http.StatusNotFound || r.heading(t) == "" {
			t.Errorf("%s %s: %d", tc.method, tc.path, r.StatusCode)
		}
	}
	r := c.do(http.MethodHead, "/login/sign-in", "", "")
	if r.StatusCode != http.StatusOK || r.raw != "" || r.Header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d %q", r.StatusCode, r.raw)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	var got struct {
		Version int64
		Done    bool
	}
	r := c.get("/login/push/version")
	if err := json.Unmarshal([]byte(r.raw), &got); err != nil || got.Version != 7 || got.Done || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%q %v", r.raw, err)
	}
	s.flows.pages["push"] = answer("https://app.bank.test/")
	r = c.get("/login/push/version")
	if err := json.Unmarshal([]byte(r.raw), &got); err != nil || !got.Done || strings.Contains(r.raw, "abc.def") {
		t.Errorf("%q %v", r.raw, err)
	}
	s.flows.errs["gone"] = fault.New(fault.Expired, "x")
	for path, want := range map[string]int{"/login/gone/version": 410, "/login/none/version": 404, "/login/a%20b/version": 404} {
		if r := c.get(path); r.StatusCode != want {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := newClient(t, newServer(t))
	actions := func(r *reply) string {
		var out []string
		for _, b := range r.all("button", nil) {
			out = append(out, attr(b, "value"))
		}
		return strings.Join(out, " ")
	}
	for path, want := range map[string]struct {
		status  int
		actions string
	}{
		"/login/blocked":     {403, "restart cancel"},
		"/login/no-method":   {403, "restart cancel"},
		"/login/redeemed":    {410, ""},
		"/login/down":        {503, " cancel"},
		"/login/last-method": {403, "cancel"},
		"/login/declined":    {403, "cancel"}, // trying again is for who is not refused
	} {
		r := c.get(path)
		if got := actions(r); r.StatusCode != want.status || got != want.actions {
			t.Errorf("%s: %d, actions %q", path, r.StatusCode, got)
		}
	}
	if r := c.get("/login/blocked"); len(r.all("a", with("href", "tel:+390212345678"))) == 0 {
		t.Error("who is blocked is not told whom to call")
	}
}

func TestFormPost(t *testing.T) {
	t.Parallel()
	h := handler(t)
	respond := func() *reply {
		w := httptest.NewRecorder()
		h.FormPost(w, httptest.NewRequest(http.MethodPost, "/authorize", nil), "https://app.bank.test/cb?a=b&c=d", [][2]string{{"code", `"><script>`}, {"state", "x"}, {"iss", "https://login.bank.test"}})
		s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
			for k, v := range w.Header() {
				out.Header()[k] = v
			}
			_, _ = out.Write(w.Body.Bytes())
		}))
		defer s.Close()
		return newClient(t, &server{Server: s}).get("/")
	}
	r, again := respond(), respond()
	f := r.one(t, "form", "id", "answer")
	if attr(f, "action") != "https://app.bank.test/cb?a=b&c=d" || attr(f, "method") != "post" {
		t.Errorf("%v", f.Attr)
	}
	var fields []string
	for _, i := range r.all("input", with("type", "hidden")) {
		fields = append(fields, attr(i, "name")+"="+attr(i, "value"))
	}
	if got := strings.Join(fields, "&"); got != `code="><script>&state=x&iss=https://login.bank.test` {
		t.Errorf("fields %q", got)
	}
	scripts := r.all("script", nil)
	nonce := ""
	if len(scripts) == 1 {
		nonce = attr(scripts[0], "nonce")
	}
	csp := r.Header.Get("Content-Security-Policy")
	if len(nonce) < 22 || !strings.HasSuffix(csp, "; script-src 'nonce-"+nonce+"'") || strings.Contains(csp, "form-action") || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d scripts, nonce %q, policy %q", len(scripts), nonce, csp)
	}
	if again.Header.Get("Content-Security-Policy") == csp {
		t.Error("the same nonce twice")
	}
	if b := r.all("button", nil); len(b) != 1 {
		t.Error("without script nothing sends the form")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*web.Options){
		"flows":     func(o *web.Options) { o.Flows = nil },
		"account":   func(o *web.Options) { o.Account = nil },
		"recovery":  func(o *web.Options) { o.Recovery = nil },
		"responder": func(o *web.Options) { o.Responder = nil },
		"texts":     func(o *web.Options) { o.Texts = nil },
		"issuer":    func(o *web.Options) { o.Issuer = "login.bank.test" },
		"scheme":    func(o *web.Options) { o.Issuer = "ftp://login.bank.test" },
		"locale":    func(o *web.Options) { o.DefaultLocale = "tlh" },
		"brand":     func(o *web.Options) { o.Brand.Colors.Primary = "x" },
	} {
		o := web.Options{Issuer: "https://login.bank.test", Flows: &fakeFlows{}, Account: &fakeAccount{}, Recovery: &fakeRecovery{}, Responder: web.ResponderFunc(nil), Texts: texts}
		if _, err := web.New(o); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if _, err := web.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRouteNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range handler(t).Routes() {
		if r.Name == "" || seen[r.Name] || r.Handler == nil {
			t.Errorf("%q %q", r.Pattern, r.Name)
		}
		seen[r.Name] = true
	}
}

// TestIssuerWithPath: everything lies below the issuer's path, and nothing leads out of it.
func TestIssuerWithPath(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) { o.Issuer = "http://127.0.0.1/id" })
	s.flows.start = page("begun", login.Page{Choose: &login.ChoosePage{}})
	c := newClient(t, s)
	for _, path := range []string{"/id/login/sign-in", "/id/login/code", "/id/login/push", "/id/account", "/id/account/authenticators/c2/remove", "/id/", "/nothing", "/test/logout"} {
		r := c.get(path)
		if r.StatusCode != http.StatusOK && path != "/nothing" {
			t.Fatalf("%s: %d", path, r.StatusCode)
		}
		for _, n := range slices.Concat(r.all("a", nil), r.all("form", nil), r.all("link", nil), r.all("script", nil), r.all("img", nil), r.all("div", nil)) {
			for _, name := range []string{"href", "action", "src", "data-wait"} {
				if to := attr(n, name); strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "/id/") && to != "/test/logout" {
					t.Errorf("%s leads to %s", path, to)
				}
			}
		}
	}
	for path, want := range map[string]string{"/id/login/sign-in": "/id/login/sign-in", "/id/account/sign-in": "/id/login/begun",
		"/id/account/sign-out": "/id/signed-out", "/id/account/sessions/s2/end": "/id/account?done=session_ended"} {
		if r := c.post(path, "v", "7"); r.Header.Get("Location") != want {
			t.Errorf("%s: %d to %q", path, r.StatusCode, r.Header.Get("Location"))
		}
	}
	if q := s.flows.started[0]; q.ReturnTo != "/id/account" {
		t.Errorf("%+v", q)
	}
}

// BenchmarkSignIn is one sign-in page, without the network.
func BenchmarkSignIn(b *testing.B) {
	s := newServer(b)
	for _, page := range []string{"sign-in", "code", "push", "bind-totp"} {
		b.Run(page, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/login/"+page, nil)
			r.Header.Set("Accept-Language", "it-IT,it;q=0.9,en;q=0.8")
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				s.Config.Handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
