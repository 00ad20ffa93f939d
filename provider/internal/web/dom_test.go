package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// reply is what a browser got, with the page as a tree.
type reply struct {
	*http.Response
	raw string
	dom *html.Node
}

// client is a browser without script: it keeps cookies and follows nothing by itself.
type client struct {
	t    testing.TB
	base string
	http *http.Client
	head http.Header
}

func newClient(t testing.TB, s *server) *client {
	jar, _ := cookiejar.New(nil)
	return &client{t: t, base: s.URL, head: http.Header{}, http: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (c *client) do(method, path, contentType, body string) *reply {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, values := range c.head {
		r.Header[name] = values
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	dom, err := html.Parse(strings.NewReader(string(raw)))
	if err != nil {
		c.t.Fatal(err)
	}
	return &reply{resp, string(raw), dom}
}

func (c *client) get(path string) *reply { c.t.Helper(); return c.do(http.MethodGet, path, "", "") }

func (c *client) post(path string, fields ...string) *reply {
	c.t.Helper()
	f := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		f.Add(fields[i], fields[i+1])
	}
	return c.do(http.MethodPost, path, "application/x-www-form-urlencoded", f.Encode())
}

// all returns the elements of a name for which ok holds.
func (r *reply) all(name string, ok func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range r.dom.Descendants() {
		if n.Type == html.ElementNode && n.Data == name && (ok == nil || ok(n)) {
			found = append(found, n)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func with(name, value string) func(*html.Node) bool {
	return func(n *html.Node) bool { return attr(n, name) == value }
}

// one returns the only element of a name with an attribute.
func (r *reply) one(t testing.TB, element, name, value string) *html.Node {
	t.Helper()
	found := r.all(element, with(name, value))
	if len(found) != 1 {
		t.Fatalf("%d elements <%s %s=%q>, want 1, in:\n%s", len(found), element, name, value, r.raw)
	}
	return found[0]
}

// text is what a person reads of n.
func text(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "style" {
			out.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func (r *reply) heading(t testing.TB) string {
	t.Helper()
	h := r.all("h1", nil)
	if len(h) != 1 {
		t.Fatalf("%d main headings", len(h))
	}
	return text(h[0])
}
