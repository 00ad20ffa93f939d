package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/url"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
)

// The bounds of a view, beside those the contract states.
const (
	maxNodes   = 64
	maxOptions = 64
	maxImage   = 48 << 10
	maxQR      = 1000
	maxCeremon = 16 << 10
	maxRows    = 32
)

// view is a plugin's view with its texts resolved: what a template shows and nothing else.
type view struct {
	Title   string
	Nodes   []node
	Actions []action     // primary first: Enter presses the first button of a form
	Errors  []fieldError // of fields, in their order
	Script  bool         // cannot be answered without script
	Form    bool         // has something to send; otherwise it only tells
}

// node is one element; Kind names the template that shows it.
type node struct {
	Kind  string
	Text  string
	Style string

	Field  *field
	Choice *choice

	Image template.URL // data: of a PNG made or checked here
	Alt   string
	Typed string // of a QR code, in groups of four where that helps typing
	Copy  string // the same without spaces

	Digits string
	Rows   []row

	Ceremony string // WebAuthn options as JSON
	Create   bool

	URL string
}

type field struct {
	ID, Name, Type, Label, Hint, Error, Value string
	Autocomplete, InputMode                   string
	Code, Toggle, Strength, Required          bool
	Min                                       int
	Focus                                     bool
	DescribedBy                               string
}

type choice struct {
	ID, Name, Label, Error string
	Options                []option
}

type option struct {
	ID, Value, Label string
	Selected         bool
}

type row struct{ Label, Value string }

type action struct {
	Name, Label   string
	Primary, Skip bool
}

type fieldError struct{ ID, Text string }

// errView is why a view cannot be shown. It names the node and never quotes its content, which may be secret.
var errView = errors.New("view not shown")

// builder turns one sdk.View into a view. Half a view is never shown: the first node that is not understood ends it.
type builder struct {
	text func(sdk.Text) string
	out  view
	seen map[string]bool
}

// buildView checks v and resolves its texts by text.
func buildView(v sdk.View, text func(sdk.Text) string) (*view, error) {
	b := builder{text: text, seen: map[string]bool{"action": true}} // "action" is the pressed button's own field
	if len(v.Nodes) > maxNodes {
		return nil, fmt.Errorf("%w: %d nodes", errView, len(v.Nodes))
	}
	if v.Title.Key != "" {
		if b.out.Title = text(v.Title); b.out.Title == "" {
			return nil, fmt.Errorf("%w: no text for its title", errView)
		}
	}
	for i, n := range v.Nodes {
		if err := b.node(n); err != nil {
			return nil, fmt.Errorf("%w: node %d: %w", errView, i, err)
		}
	}
	slices.SortStableFunc(b.out.Actions, func(x, y action) int {
		switch {
		case x.Primary == y.Primary:
			return 0
		case x.Primary:
			return -1
		}
		return 1
	})
	return &b.out, nil
}

// waits says whether the page goes on by itself and holds nothing that a person types: what is typed, a reload would lose.
func (v *view) waits() bool {
	waits := false
	for _, n := range v.Nodes {
		if n.Field != nil || n.Choice != nil {
			return false
		}
		waits = waits || n.Kind == "wait"
	}
	return waits
}

// node adds the one field of n that is set.
func (b *builder) node(n sdk.Node) error {
	var errs []error
	count := 0
	add := func(set bool, f func() error) {
		if set {
			count++
			errs = append(errs, f())
		}
	}
	add(n.TextField != nil, func() error { return b.textField(n.TextField) })
	add(n.Choice != nil, func() error { return b.choice(n.Choice) })
	add(n.QR != nil, func() error { return b.qr(n.QR) })
	add(n.WebAuthn != nil, func() error { return b.webAuthn(n.WebAuthn) })
	add(n.Paragraph != nil, func() error { return b.paragraph(n.Paragraph) })
	add(n.Action != nil, func() error { return b.action(n.Action) })
	add(n.NumberMatch != nil, func() error { return b.numberMatch(n.NumberMatch) })
	add(n.Transaction != nil, func() error { return b.transaction(n.Transaction) })
	add(n.Wait != nil, func() error { return b.wait(n.Wait) })
	add(n.Image != nil, func() error { return b.image(n.Image) })
	add(n.Redirect != nil, func() error { return b.redirect(n.Redirect) })
	if count != 1 { // 0: a kind this host does not know
		return fmt.Errorf("%d known kinds in one node", count)
	}
	return errors.Join(errs...)
}

// must resolves a text that has to be there: a field without a label is no field to a screen reader.
func (b *builder) must(t sdk.Text, what string) (string, error) {
	s := b.text(t)
	if s == "" {
		return "", fmt.Errorf("no text for its %s", what)
	}
	return s, nil
}

func (b *builder) paragraph(p *sdk.Paragraph) error {
	switch p.Style {
	case sdk.StylePlain, sdk.StyleError, sdk.StyleWarning, sdk.StyleSuccess:
	default:
		return errors.New("paragraph of an unknown style")
	}
	s, err := b.must(p.Text, "paragraph")
	b.out.Nodes = append(b.out.Nodes, node{Kind: "paragraph", Text: s, Style: string(p.Style)})
	return err
}

func (b *builder) action(a *sdk.Action) error {
	if !isFieldName(a.Name) {
		return errors.New("action name")
	}
	s, err := b.must(a.Label, "action")
	b.out.Actions = append(b.out.Actions, action{a.Name, s, a.Primary, a.Skip})
	b.out.Form = true
	return err
}

func (b *builder) numberMatch(n *sdk.NumberMatch) error {
	if len(n.Digits) == 0 || len(n.Digits) > 8 {
		return errors.New("number of another length")
	}
	for _, c := range n.Digits {
		if c < '0' || c > '9' {
			return errors.New("number of something else than digits")
		}
	}
	s, err := b.must(n.Label, "number")
	b.out.Nodes = append(b.out.Nodes, node{Kind: "number", Text: s, Digits: n.Digits})
	return err
}

func (b *builder) transaction(t *sdk.Shown) error {
	if len(t.Rows) == 0 || len(t.Rows) > maxRows {
		return fmt.Errorf("transaction of %d rows", len(t.Rows))
	}
	n := node{Kind: "transaction"}
	for _, r := range t.Rows {
		label, err := b.must(r.Label, "row")
		if err != nil {
			return err
		}
		n.Rows = append(n.Rows, row{label, r.Value})
	}
	b.out.Nodes = append(b.out.Nodes, n)
	return nil
}

func (b *builder) wait(w *sdk.Wait) error {
	s, err := b.must(w.Text, "wait")
	b.out.Nodes = append(b.out.Nodes, node{Kind: "wait", Text: s})
	return err
}

func (b *builder) image(i *sdk.Image) error {
	if len(i.PNG) > maxImage || !bytes.HasPrefix(i.PNG, pngSignature) {
		return errors.New("image that is no PNG or too large")
	}
	alt, err := b.must(i.Alt, "alternative text")
	b.out.Nodes = append(b.out.Nodes, node{Kind: "image", Image: dataURL(i.PNG), Alt: alt})
	return err
}

// redirect shows a link and not a form: its target is GET, and form-action stays as it is.
func (b *builder) redirect(r *sdk.Redirect) error {
	u, err := url.Parse(r.URL)
	if err != nil || u.User != nil || u.Host == "" || (u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname()))) {
		return errors.New("redirect to something else than https")
	}
	s, err := b.must(r.Label, "redirect")
	b.out.Nodes = append(b.out.Nodes, node{Kind: "redirect", Text: s, URL: r.URL})
	return err
}

func (b *builder) webAuthn(a *sdk.WebAuthn) error {
	if len(a.Options) > maxCeremon || !json.Valid(a.Options) {
		return errors.New("WebAuthn options that are no JSON or too large")
	}
	if b.out.Script {
		return errors.New("second WebAuthn ceremony")
	}
	if err := b.claim("webauthn"); err != nil {
		return err
	}
	b.out.Nodes = append(b.out.Nodes, node{Kind: "webauthn", Ceremony: string(a.Options), Create: a.Create})
	b.out.Script, b.out.Form = true, true
	return nil
}

// claim takes a field name for one node.
func (b *builder) claim(name string) error {
	if !isFieldName(name) || b.seen[name] {
		return errors.New("field name that is malformed or taken")
	}
	b.seen[name] = true
	return nil
}

func isFieldName(s string) bool { return len(s) <= 40 && isToken(s) }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// dataURL is safe as template.URL: it is base64 of bytes that were checked to be, or made as, a PNG.
func dataURL(png []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
}
