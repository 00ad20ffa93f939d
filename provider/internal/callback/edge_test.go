package callback_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/callback/callbacktest"
)

// ask sends a request from an address of its own.
func (p *replica) ask(t *testing.T, address, method, path string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.server.URL+path, body)
	must(t, err)
	r.Header.Set("X-Test-Address", address)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := p.server.Client().Do(r)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	must(t, err)
	return res, string(got)
}

// Whatever leads nowhere is answered alike, to the byte: another method of a route that exists, another instance, a longer path.
func TestNowhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	var first string
	for i, at := range []string{"GET /plugins/phone/nothing", "GET /plugins/nobody/hook", "GET /plugins/phone/hook", "DELETE /plugins/phone/hook",
		"POST /plugins/phone/hook/", "POST /plugins/phone/", "GET /plugins/phone/devices//operations",
		"POST /plugins/pw/hook", "POST /plugins/phone/Hook", "GET /plugins/phone/devices/%2e%2e/hook"} {
		method, path, _ := strings.Cut(at, " ")
		res, body := r.lead.ask(t, "198.51.100."+strconv.Itoa(i), method, path, nil)
		got := strconv.Itoa(res.StatusCode) + body + res.Header.Get("Allow") + res.Header.Get("DPoP-Nonce")
		if first == "" {
			first = got
		}
		if res.StatusCode != http.StatusNotFound || got != first {
			t.Errorf("%s: %s, want %s", at, got, first)
		}
	}
	if n := r.plugins.called("callback"); n != 0 {
		t.Errorf("the plugin was called %d times", n)
	}
	// An instance that is coming up is not one that forgot its phones.
	if res, _ := r.lead.ask(t, "a", "POST", "/plugins/starting/hook", nil); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("an instance that is coming up: %d", res.StatusCode)
	}
}

// What goes out is nothing that a browser runs, keeps or shows in a frame, and what goes in has no cookies and an end.
func TestBounds(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"hook_key": "`+hookKey+`"}`)
	form := `{"operation":"nobody's"}`
	res, _ := r.lead.ask(t, "a", "POST", "/plugins/phone/hook", strings.NewReader(form), "X-Hook-Key", hookKey, "Cookie", "__Host-varco-session=x")
	if res.StatusCode != http.StatusNotFound { // 403 would say that the plugin saw the cookie
		t.Errorf("with a cookie: %d", res.StatusCode)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox", "Content-Type": "application/json"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(res.Header.Values("Set-Cookie")) > 0 {
		t.Error("a callback sets a cookie")
	}
	large := bytes.Repeat([]byte(" "), 64<<10+1)
	if res, _ := r.lead.ask(t, "b", "POST", "/plugins/phone/hook", bytes.NewReader(large)); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", res.StatusCode)
	}
	if res, _ := r.lead.ask(t, "c", "POST", "/plugins/phone/hook", io.LimitReader(bytes.NewReader(large), 64<<10+1)); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body of unknown length: %d", res.StatusCode)
	}
	for i, body := range []string{"", "[]", `{"operation":""}`, `{"operation":1,"operation":2}`, `{"operation":"a\u0000b"}`, "{", `{"operation":"x"}{`,
		`{"operation":"` + strings.Repeat("x", 2049) + `"}`, strings.Repeat(`{"operation":`, 100)} {
		if res, _ := r.lead.ask(t, "d"+strconv.Itoa(i), "POST", "/plugins/phone/hook", strings.NewReader(body)); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40q: %d", body, res.StatusCode)
		}
	}
}

func TestProofs(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone, other := r.phone(r.lead, "phone-1"), r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	const path = "/plugins/phone/devices/phone-1/operations"
	url := r.lead.server.URL + path
	res, body := r.lead.ask(t, "nonce", "GET", path, nil, "DPoP", proof(t, phone, "GET", url, ""))
	nonce := res.Header.Get("DPoP-Nonce")
	if res.StatusCode != http.StatusUnauthorized || nonce == "" || !strings.Contains(res.Header.Get("WWW-Authenticate"), `DPoP error="use_dpop_nonce"`) ||
		!strings.Contains(body, "use_dpop_nonce") {
		t.Fatalf("without a nonce: %d %s %v", res.StatusCode, body, res.Header)
	}
	good := proof(t, phone, "GET", url, nonce)
	for name, c := range map[string]struct {
		header []string
		want   int
	}{
		"good":           {[]string{"DPoP", good}, http.StatusOK},
		"query ignored":  {[]string{"DPoP", proof(t, phone, "GET", url, nonce, claim("htu", url+"?x=1#f"))}, http.StatusOK},
		"old clock":      {[]string{"DPoP", proof(t, phone, "GET", url, nonce, claim("iat", 1000000000))}, http.StatusOK},
		"none":           {nil, http.StatusUnauthorized},
		"two":            {[]string{"DPoP", proof(t, phone, "GET", url, nonce), "DPoP", proof(t, phone, "GET", url, nonce)}, http.StatusUnauthorized},
		"no JWT":         {[]string{"DPoP", "a.b.c"}, http.StatusUnauthorized},
		"another method": {[]string{"DPoP", proof(t, phone, "POST", url, nonce)}, http.StatusUnauthorized},
		"another path":   {[]string{"DPoP", proof(t, phone, "GET", url+"/", nonce)}, http.StatusUnauthorized},
		"another host":   {[]string{"DPoP", proof(t, phone, "GET", "https://evil.test"+path, nonce)}, http.StatusUnauthorized},
		"no jti":         {[]string{"DPoP", proof(t, phone, "GET", url, nonce, claim("jti", ""))}, http.StatusUnauthorized},
		"no iat":         {[]string{"DPoP", proof(t, phone, "GET", url, nonce, claim("iat", nil))}, http.StatusUnauthorized},
		"guessed nonce":  {[]string{"DPoP", proof(t, phone, "GET", url, "AAAAAAAAAAAAAAAAAAAAAA")}, http.StatusUnauthorized},
		"another key":    {[]string{"DPoP", proof(t, other, "GET", url, nonce)}, http.StatusNotFound}, // the plugin's word
	} {
		res, body := r.lead.ask(t, name, "GET", path, nil, c.header...)
		if res.StatusCode != c.want {
			t.Errorf("%s: %d %s, want %d", name, res.StatusCode, body, c.want)
		}
		if res.Header.Get("DPoP-Nonce") == "" {
			t.Errorf("%s: no nonce for the next request", name)
		}
	}
	// A proof counts once, on whichever replica it comes.
	replay := r.replica()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, replay.server.URL+path, nil)
	must(t, err)
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		req.Header.Set("DPoP", proof(t, phone, "GET", replay.server.URL+path, nonce, claim("jti", "the same")))
		res, err := replay.server.Client().Do(req)
		must(t, err)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("a proof id: %d, want %d", res.StatusCode, want)
		}
	}
}

func claim(name string, value any) func(callbacktest.Claims) {
	return func(c callbacktest.Claims) { c[name] = value }
}

func proof(t *testing.T, p *callbacktest.Phone, method, url, nonce string, change ...func(callbacktest.Claims)) string {
	t.Helper()
	s, err := p.Proof(method, url, nonce, change...)
	must(t, err)
	return s
}

// Guessing handles costs the guesser and nobody else: the phone whose handle is hammered from elsewhere has a budget of its own, and
// another address is not held to it.
func TestGuessing(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"hook_key": "`+hookKey+`"}`)
	guess := func(address string, n int) int {
		res, _ := r.lead.ask(t, address, "POST", "/plugins/phone/hook", strings.NewReader(`{"operation":"guess-`+strconv.Itoa(n)+`"}`), "X-Hook-Key", "wrong")
		return res.StatusCode
	}
	refused := -1
	for n := range 100 {
		if status := guess("203.0.113.9", n); status == http.StatusTooManyRequests {
			refused = n
			break
		}
	}
	if refused < 30 {
		t.Errorf("the guesser was stopped after %d guesses", refused)
	}
	if status := guess("203.0.113.10", 0); status != http.StatusForbidden {
		t.Errorf("another address: %d", status)
	}
	before := r.plugins.called("callback")
	guess("203.0.113.9", 1000)
	if r.plugins.called("callback") != before {
		t.Error("a guesser who was stopped still reaches the plugin")
	}
}

// A guesser shuts out nobody else's phone behind the same address, and does not use up what a phone may ask by knowing its handle.
func TestGuesserBesideAPhone(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"hook_key": "`+hookKey+`"}`)
	phone, thief := r.phone(r.lead, "phone-1"), r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	if _, err := phone.Operations(); err != nil { // from no address, as all phones of these tests
		t.Fatal(err)
	}
	stopped := false
	for range 200 {
		status, _, err := thief.Call(http.MethodGet, "/devices/phone-1/operations", nil)
		must(t, err)
		if stopped = status == http.StatusTooManyRequests; stopped {
			break
		}
	}
	if !stopped {
		t.Error("the guesser was not stopped")
	}
	if _, err := phone.Operations(); err != nil {
		t.Errorf("the phone: %v", err)
	}
}

// A plugin that fails is told apart from one that answers, and nothing of it is committed.
func TestPluginDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	anna := r.browser()
	anna.begin(r.lead, "anna")
	operation := one(t, phone)
	r.plugins.on(func(op string) error {
		if op == "callback" {
			return errDown
		}
		return nil
	})
	decide(t, phone, operation, "approve", http.StatusServiceUnavailable)
	r.plugins.on(nil)
	if op := one(t, phone); op != operation {
		t.Errorf("after a failed callback %s waits instead of %s", op, operation)
	}
}

// A phone takes itself away: the credential goes, and its person is told.
func TestUnbinds(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	sub := r.person("anna", phone)
	decide(t, phone, "", "unbind", http.StatusOK)
	creds, err := r.lead.store.CredentialsOf(t.Context(), r.lead.store, sub)
	must(t, err)
	if len(creds) != 1 || creds[0].Instance != "pw" {
		t.Errorf("credentials: %+v", creds)
	}
	if status, err := phone.Answer("", "unbind"); err != nil || status != http.StatusNotFound {
		t.Errorf("a phone that is gone: %d, %v", status, err)
	}
}
