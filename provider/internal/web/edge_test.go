package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/web"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) { o.Issuer = "https://login.bank.test" })
	c := newClient(t, s)
	paths := []string{"/login/sign-in", "/login/consent", "/login/blocked"}
	for _, p := range addresses {
		paths = append(paths, p)
	}
	for _, path := range paths {
		r := c.get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; script-src 'self'; form-action 'self'",
			"Cache-Control":           "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=63072000", "Content-Type": "text/html; charset=utf-8", "Content-Language": "en",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if !strings.Contains(r.Header.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: no Permissions-Policy", path)
		}
		for _, inline := range []string{"<style", " style=", "javascript:", " onclick", " onload", " onsubmit"} {
			if strings.Contains(r.raw, inline) {
				t.Errorf("%s: inline %q", path, inline)
			}
		}
	}
	if h := newClient(t, newServer(t)).get("/").Header.Get("Strict-Transport-Security"); h != "" {
		t.Errorf("the http demo asks for https: %q", h)
	}
}

func handler(t testing.TB, change ...func(*web.Options)) *web.Handler {
	return newServer(t, change...).handler
}

func TestBindingCookie(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]struct {
		name   string
		secure bool
	}{
		"https://login.bank.test": {"__Host-varco", true},
		"http://127.0.0.1:8080":   {"varco", false},
	} {
		h := handler(t, func(o *web.Options) { o.Issuer = issuer })
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/authorize", nil)
		b := h.Browser(w, r)
		set := w.Result().Cookies()
		if len(set) != 1 || set[0].Name != want.name || set[0].Value != b.Binding || len(b.Binding) != 43 ||
			!set[0].HttpOnly || set[0].Secure != want.secure || set[0].SameSite != http.SameSiteLaxMode || set[0].Path != "/" || set[0].Domain != "" || set[0].MaxAge != 0 {
			t.Fatalf("%s: %v", issuer, set)
		}
		// The same browser again: nothing is set, the binding stays.
		r.AddCookie(set[0])
		w = httptest.NewRecorder()
		if again := h.Browser(w, r); again.Binding != b.Binding || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: a browser that has a binding got another", issuer)
		}
		for _, bad := range []string{"", "x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("!", 43), strings.Repeat("A", 42) + "B"} {
			r := httptest.NewRequest(http.MethodGet, "/authorize", nil)
			r.AddCookie(&http.Cookie{Name: want.name, Value: bad})
			w = httptest.NewRecorder()
			if b := h.Browser(w, r); b.Binding == bad || len(w.Result().Cookies()) != 1 {
				t.Errorf("%s: %q passes as a binding", issuer, bad)
			}
		}
	}
}

// TestPagesHandOutNoBinding: a stranger's browser that opens a Flow's address must not look like one that lost its cookie.
func TestPagesHandOutNoBinding(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newClient(t, s)
	for _, path := range []string{"/login/sign-in", "/login/nothing", "/account", "/", "/login/sign-in/version"} {
		if set := c.get(path).Cookies(); len(set) != 0 {
			t.Errorf("%s sets %v", path, set)
		}
	}
	if set := c.post("/login/sign-in", "v", "7").Cookies(); len(set) != 0 {
		t.Errorf("a submission sets %v", set)
	}
	if s.flows.browser().Binding != "" {
		t.Error("a browser without a binding was given one")
	}
}

func TestBrowser(t *testing.T) {
	t.Parallel()
	h := handler(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "192.0.2.7:4711"
	r.Header.Set("User-Agent", strings.Repeat("a", 199)+"è"+strings.Repeat("b", 300))
	r.Header.Set("Accept-Language", "de;q=0.5, it-IT, fr;q=0, *;q=0.1, en;q=0.8, <script>;q=1")
	r.AddCookie(&http.Cookie{Name: "varco-session", Value: "s"})
	r.AddCookie(&http.Cookie{Name: "varco-browser", Value: strings.Repeat("k", 2000)})
	r.AddCookie(&http.Cookie{Name: "varco-lang", Value: "en"})
	b := h.Browser(httptest.NewRecorder(), r)
	if b.Session != "s" || b.Known != "" || b.Address != "192.0.2.7" || b.UserAgent != strings.Repeat("a", 199) || strings.Join(b.Locales, " ") != "en it-IT en de" {
		t.Errorf("%+v", b)
	}
}

func TestClearSession(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	handler(t).ClearSession(w)
	if c := w.Result().Cookies(); len(c) != 1 || c[0].Name != "varco-session" || c[0].MaxAge >= 0 {
		t.Errorf("%v", c)
	}
	w = httptest.NewRecorder()
	handler(t).SetCookies(w, &login.Answer{})
	if c := w.Result().Cookies(); len(c) != 0 {
		t.Errorf("an answer without cookies sets %v", c)
	}
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	h := handler(t, func(o *web.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	})
	for name, tc := range map[string]struct {
		remote string
		xff    []string
		want   string
	}{
		"direct":                        {"192.0.2.1:1", nil, "192.0.2.1"},
		"a stranger's header":           {"192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"},
		"one proxy":                     {"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"forged left end":               {"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		"forged own address":            {"10.0.0.1:1", []string{"10.9.9.9, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                   {"10.0.0.1:1", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		"two lines":                     {"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		"all trusted":                   {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"nonsense":                      {"10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		"nonsense behind another proxy": {"10.0.0.1:1", []string{"198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		"empty":                         {"10.0.0.1:1", []string{""}, "10.0.0.1"},
		"with port":                     {"10.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"IPv6":                          {"[2001:db8:1::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		"IPv6 with port":                {"[2001:db8:1::1]:1", []string{"[2001:db8::7]:99"}, "2001:db8::7"},
		"mapped":                        {"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"zone":                          {"[fe80::1%eth0]:1", nil, "fe80::1"},
		"no port":                       {"@", nil, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tc.remote
		if tc.xff != nil {
			r.Header["X-Forwarded-For"] = tc.xff
		}
		if got := h.ClientAddress(r); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// FuzzClientAddress: whatever the header holds, the answer is an address, and never one that only the client wrote.
func FuzzClientAddress(f *testing.F) {
	h := handler(f, func(o *web.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, s := range []string{"", "1.2.3.4", "a, b", "1.1.1.1,10.0.0.1", "[::1]:80", ",,,", "1.2.3.4%eth0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, xff string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header["X-Forwarded-For"] = []string{xff + ", 198.51.100.9"}
		if got := h.ClientAddress(r); got != "198.51.100.9" {
			t.Errorf("%q gives %q", xff, got)
		}
		r.Header["X-Forwarded-For"] = []string{xff}
		if a, err := netip.ParseAddr(h.ClientAddress(r)); err != nil || a.Zone() != "" {
			t.Errorf("%q gives %v, %v", xff, a, err)
		}
	})
}

// FuzzSubmit sends arbitrary bytes as a form and as a language wish: the answer is a page, never a crash.
func FuzzSubmit(f *testing.F) {
	s := newServer(f)
	mux := s.Config.Handler
	f.Add("v=1&username=a&p.password=b", "it;q=0.3", "it")
	f.Add("v=%31&&;=&p.=", ",;q=", "en it")
	f.Fuzz(func(t *testing.T, body, languages, asked string) {
		r := httptest.NewRequest(http.MethodPost, "/login/sign-in", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header["Accept-Language"] = []string{languages}
		q := r.URL.Query()
		q.Set("ui_locales", asked)
		r.URL.RawQuery = q.Encode()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther && w.Code != http.StatusBadRequest {
			t.Errorf("%d", w.Code)
		}
	})
}
