package e2e_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// visitor is a browser without script: it keeps cookies, follows redirects, fills forms, and stops before it would leave the provider.
type visitor struct {
	t      testing.TB
	in     *installation
	http   *http.Client
	origin string
	page   *page
	left   *landing // where it would have left the provider for; nil while it is there
}

// landing is a request to a relying party that a visitor was about to send.
type landing struct {
	URL    string     `json:"url"`
	Method string     `json:"method"`
	Form   url.Values `json:"form,omitempty"`
}

// params are the parameters of an authorization response, whatever the response mode.
func (l *landing) params() url.Values {
	u, err := url.Parse(l.URL)
	switch {
	case err != nil:
		return nil
	case l.Method == http.MethodPost:
		return l.Form
	case u.Fragment != "":
		v, _ := url.ParseQuery(u.EscapedFragment()) // a part that cannot be read is missing, which the caller sees
		return v
	}
	return u.Query()
}

func (in *installation) visitor(t testing.TB) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, in: in, origin: in.issuer}
	v.http = &http.Client{Transport: in.http.Transport, Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return v
}

// open goes to an address as if typed or linked to.
func (v *visitor) open(address string) *page {
	v.t.Helper()
	return v.request(http.MethodGet, address, nil)
}

func (v *visitor) request(method, address string, form url.Values) *page {
	v.t.Helper()
	p, err := v.try(method, address, form)
	if err != nil {
		v.t.Fatalf("visit %s: %v", address, err)
	}
	return p
}

// try sends a request and follows where it leads. The page is nil when that is away from the provider.
func (v *visitor) try(method, address string, form url.Values) (*page, error) {
	v.page, v.left = nil, nil
	for range 20 {
		if !strings.HasPrefix(address, v.origin+"/") {
			v.leave(landing{URL: address, Method: method, Form: form})
			return nil, nil
		}
		res, err := v.send(method, address, form)
		if err != nil {
			return nil, err
		}
		if location := res.Header.Get("Location"); location != "" {
			_ = res.Body.Close()
			to, err := res.Request.URL.Parse(location)
			if err != nil {
				return nil, err
			}
			method, address, form = http.MethodGet, to.String(), nil
			continue
		}
		p, err := parsePage(res.Request.URL, res.StatusCode, res.Body)
		_ = res.Body.Close()
		if err != nil {
			return nil, err
		}
		if p.refresh != "" {
			method, address, form = http.MethodGet, p.resolve(p.refresh).String(), nil
			continue
		}
		if len(p.forms) == 1 && p.forms[0].post && p.forms[0].action.Host != p.url.Host { // response_mode=form_post
			v.leave(landing{URL: p.forms[0].action.String(), Method: http.MethodPost, Form: p.forms[0].values})
			return nil, nil
		}
		v.page = p
		return p, nil
	}
	return nil, errors.New("too many redirects")
}

func (v *visitor) leave(l landing) {
	v.left = &l
	v.in.canary.keep("authorization code", l.params().Get("code"))
}

func (v *visitor) send(method, address string, form url.Values) (*http.Response, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(v.t.Context(), method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) e2e")
	req.Header.Set("Accept-Language", "en")
	if method == http.MethodPost { // as browsers do with a form of the page itself
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", v.origin)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := v.http.Do(req)
	if err == nil {
		for _, c := range res.Cookies() {
			v.in.canary.keep("cookie "+c.Name, c.Value)
		}
	}
	return res, err
}

// submit sends a form of the page with values filled in, by the button given.
func (v *visitor) submit(f *form, b button, fill url.Values) *page {
	v.t.Helper()
	p, err := v.trySubmit(f, b, fill)
	if err != nil {
		v.t.Fatalf("submit %s: %v", f.action, err)
	}
	return p
}

func (v *visitor) trySubmit(f *form, b button, fill url.Values) (*page, error) {
	values := url.Values{}
	for name, list := range f.values {
		values[name] = slices.Clone(list)
	}
	if b.name != "" {
		values.Set(b.name, b.value)
	}
	for name, list := range fill {
		values[name] = list
	}
	return v.try(http.MethodPost, f.action.String(), values)
}

// answer fills in what the page asks for and sends it. ok is false when the page asks for nothing that a person has.
func (v *visitor) answer(p *person) (ok bool) {
	v.t.Helper()
	f, fill := v.answers(p)
	if f == nil {
		return false
	}
	v.submit(f, button{}, fill)
	return true
}

// answers is the form of the page and what a person fills in.
func (v *visitor) answers(p *person) (*form, url.Values) {
	var target *form
	fill := url.Values{}
	for kind, value := range map[string]func() string{
		"username":         func() string { return p.Username },
		"current-password": func() string { return p.Password },
		"one-time-code":    func() string { return p.code(v.t) },
	} {
		if f, name := v.page.field(kind); f != nil {
			target = f
			fill.Set(name, value())
		}
	}
	return target, fill
}

// signIn opens an authorization request and answers everything it is asked, to the end.
func (v *visitor) signIn(authorize string, p *person) *landing {
	v.t.Helper()
	v.open(authorize)
	v.finish(p)
	return v.left
}

// finish answers pages until the visitor leaves the provider.
func (v *visitor) finish(p *person) {
	v.t.Helper()
	for range 10 {
		if v.left != nil {
			return
		}
		if f, b := v.page.button("Allow"); f != nil {
			v.submit(f, b, nil)
		} else if !v.answer(p) {
			v.t.Fatalf("the sign-in stopped at %q (%d): %s", v.page.title, v.page.status, v.page.text)
		}
	}
	v.t.Fatalf("the sign-in did not end; it is at %q: %s", v.page.title, v.page.text)
}
