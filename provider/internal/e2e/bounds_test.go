package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestBounds sends what no client of good will sends. Every answer is a short refusal, and the server goes on as before.
func TestBounds(t *testing.T) {
	t.Parallel()
	in := serve(t, relyingParty("web", nil))
	leo := in.newPerson(t, "leo")
	v := in.visitor(t)
	v.open(in.goClient(t, "web").begin().url)
	login := v.page.url.String()

	// Over HTTP/1.1, where it is the server that keeps headers short; HTTP/2 clients know the limit and send no more.
	plain := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(t)}, Timeout: patience, CheckRedirect: v.http.CheckRedirect}
	t.Cleanup(plain.CloseIdleConnections)
	long := strings.Repeat("a", 1<<20)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for name, c := range map[string]struct {
		method, address string
		head            http.Header
		body            string
		status          []int
	}{
		"a header of 64 KiB":              {"GET", in.issuer + "/", http.Header{"X-Long": {long[:64<<10]}}, "", []int{431}},
		"a cookie of 16 KiB":              {"GET", in.issuer + "/account", http.Header{"Cookie": {"__Host-varco-session=" + long[:16<<10]}}, "", []int{200}},
		"a query of 24 KiB":               {"GET", in.issuer + "/authorize?client_id=web&state=" + long[:24<<10], nil, "", []int{400}},
		"a thousand parameters":           {"GET", in.issuer + "/authorize?" + strings.Repeat("a=b&", 1000), nil, "", []int{400}},
		"a body of 1 MiB to token":        {"POST", in.issuer + "/token", form, "grant_type=" + long, []int{413}},
		"a body of 1 MiB to introspect":   {"POST", in.issuer + "/introspect", form, "token=" + long, []int{413}},
		"a body of 1 MiB to a login page": {"POST", login, form, "username=" + long, []int{400, 403, 413}},
		"a body of another type":          {"POST", in.issuer + "/token", http.Header{"Content-Type": {"application/json"}}, `{"grant_type":"client_credentials"}`, []int{400}},
		"a body that is no form":          {"POST", in.issuer + "/token", form, "%zz=%", []int{400, 401}},
		"a NUL in a client_id":            {"GET", in.issuer + "/authorize?client_id=web%00", nil, "", []int{400}},
		"a login id of another alphabet":  {"GET", in.issuer + "/login/%2e%2e%2fkeys", nil, "", []int{404}},
		"a folder above":                  {"GET", in.issuer + "/static/..%2f..%2fvarco.db", nil, "", []int{404}},
		"another method at an endpoint":   {"GET", in.issuer + "/token", nil, "", []int{405}},
		"another method at a page":        {"DELETE", login, nil, "", []int{404, 405}},
		"a method of nobody's":            {"BREW", in.issuer + "/authorize", nil, "", []int{405}},
		"a grant of nobody's":             {"POST", in.issuer + "/token", form, "grant_type=password&username=leo&password=x", []int{400, 401}},
		"another site's form":             {"POST", in.issuer + "/account/sign-out", http.Header{"Content-Type": form["Content-Type"], "Origin": {"https://evil.test"}, "Sec-Fetch-Site": {"cross-site"}}, "", []int{403}},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, c.address, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		for k, list := range c.head {
			req.Header[k] = list
		}
		res, err := plain.Do(req)
		if err != nil {
			t.Errorf("%s: %.200v", name, err)
			continue
		}
		text := readAll(t, res.Body)
		ok := false
		for _, s := range c.status {
			ok = ok || res.StatusCode == s
		}
		if !ok {
			t.Errorf("%s: %s", name, res.Status)
		}
		if len(text) > 32<<10 {
			t.Errorf("%s: the answer has %d bytes", name, len(text))
		}
	}

	// Whoever chooses the Host header chooses no address that others are sent to.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, in.issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.test"
	res, err := in.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if text := readAll(t, res.Body); strings.Contains(string(text), "evil.test") {
		t.Errorf("discovery believes the Host header: %s", text)
	}

	v.finish(leo) // the login that was under way
	if v.left.params().Get("code") == "" {
		t.Errorf("the login ended with %v", v.left.params())
	}
}

// TestStrangerCannotKeepPersonOut fails in somebody's name until the name is blocked: the stranger's browser is, the person's own is not.
func TestStrangerCannotKeepPersonOut(t *testing.T) {
	t.Parallel()
	in := serve(t, relyingParty("web", nil))
	maria, c := in.newPerson(t, "maria"), in.goClient(t, "web")
	strong := url.Values{"acr_values": {acrStrong}, "prompt": {"login"}}
	own := in.visitor(t)
	if got := own.signIn(c.begin().url+"&"+strong.Encode(), maria).params(); got.Get("code") == "" {
		t.Fatalf("signing in led to %v", got)
	}

	stranger := in.visitor(t)
	stranger.open(c.begin().url)
	for range 5 {
		stranger.answer(&person{Username: maria.Username, Password: "a guess " + randomText(9)})
	}
	stranger.answer(maria) // the guess was right, too late
	if stranger.left != nil || !strings.Contains(stranger.page.text, "Too many wrong attempts") {
		t.Fatalf("after five failures the stranger is let in, or told otherwise: %v", stranger.page)
	}

	if got := own.signIn(c.begin().url+"&"+strong.Encode(), maria).params(); got.Get("code") == "" {
		t.Errorf("in her own browser signing in led to %v", got)
	}
}
