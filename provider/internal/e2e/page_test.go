package e2e_test

import (
	"io"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// page is an HTML page as somebody without script sees it.
type page struct {
	url     *url.URL
	status  int
	title   string // text of h1
	text    string
	refresh string // where the page goes by itself
	forms   []*form
	links   map[string]string // text → address
}

// form is a form with its fields as they came.
type form struct {
	action  *url.URL
	post    bool
	values  url.Values
	fields  map[string]string // name of a visible field → its autocomplete attribute, else its type
	buttons []button
}

type button struct{ name, value, text string }

func parsePage(at *url.URL, status int, body io.Reader) (*page, error) {
	root, err := html.Parse(body)
	if err != nil {
		return nil, err
	}
	p := &page{url: at, status: status, links: map[string]string{}}
	p.walk(root, nil)
	p.text = textOf(root)
	return p, nil
}

func (p *page) walk(n *html.Node, in *form) {
	if n.Type == html.ElementNode {
		switch n.Data {
		case "h1":
			p.title = textOf(n)
		case "a":
			p.links[textOf(n)] = attr(n, "href")
		case "meta":
			if strings.EqualFold(attr(n, "http-equiv"), "refresh") {
				_, p.refresh, _ = strings.Cut(attr(n, "content"), "url=")
			}
		case "form":
			in = &form{action: p.resolve(attr(n, "action")), post: strings.EqualFold(attr(n, "method"), "post"), values: url.Values{}, fields: map[string]string{}}
			p.forms = append(p.forms, in)
		case "input":
			if in != nil {
				in.input(n)
			}
		case "button":
			if in != nil {
				in.buttons = append(in.buttons, button{attr(n, "name"), attr(n, "value"), textOf(n)})
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.walk(c, in)
	}
}

func (f *form) input(n *html.Node) {
	name, kind := attr(n, "name"), attr(n, "type")
	if name == "" || (kind == "radio" || kind == "checkbox") && !has(n, "checked") {
		return
	}
	f.values.Set(name, attr(n, "value"))
	if kind == "hidden" {
		return
	}
	if f.fields[name] = strings.TrimSuffix(attr(n, "autocomplete"), " webauthn"); f.fields[name] == "" { // a passkey may stand beside it
		f.fields[name] = kind
	}
}

// resolve is an address of the page, made absolute. What cannot be parsed leads nowhere.
func (p *page) resolve(ref string) *url.URL {
	u, err := p.url.Parse(ref)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// field finds the form with a field of a kind: its autocomplete attribute, such as "current-password".
func (p *page) field(kind string) (*form, string) {
	for _, f := range p.forms {
		for name, k := range f.fields {
			if k == kind {
				return f, name
			}
		}
	}
	return nil, ""
}

// button finds the form with a button by its text.
func (p *page) button(text string) (*form, button) {
	for _, f := range p.forms {
		for _, b := range f.buttons {
			if b.text == text {
				return f, b
			}
		}
	}
	return nil, button{}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Data != "style" && c.Data != "script" {
				walk(c)
			}
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
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
