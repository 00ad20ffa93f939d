package sdk

import (
	"bytes"
	"encoding/json"
	"net"
	"net/url"
	"strings"
)

// checkView says whether a view can be shown to everybody: complete labels, bounded sizes, nothing that leaks.
func (d *Description) checkView(v *View) *Violation {
	if v == nil {
		return nil
	}
	if v := d.checkText("title of the view", v.Title, false); v != nil {
		return v
	}
	names := make(map[string]bool)
	for i := range v.Nodes {
		n := &v.Nodes[i]
		if broke := d.checkNode(n); broke != nil {
			return broke
		}
		var name string
		switch {
		case n.TextField != nil:
			name = n.TextField.Name
		case n.Choice != nil:
			name = n.Choice.Name
		default:
			continue
		}
		if names[name] {
			return broken(RuleView, "two fields are named %q", name)
		}
		names[name] = true
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return broken(RuleView, "not JSON: %v", err)
	}
	if len(raw) > MaxView {
		return broken(RuleView, "%d bytes, over %d", len(raw), MaxView)
	}
	return nil
}

func (d *Description) checkNode(n *Node) *Violation {
	switch {
	case n.TextField != nil:
		return d.checkTextField(n.TextField)
	case n.Choice != nil:
		return d.checkChoice(n.Choice)
	case n.QR != nil:
		if n.QR.Content == "" || n.QR.Typed == "" || len(n.QR.Content) > MaxQR {
			return broken(RuleView, "a QR needs content of at most %d bytes and the same to type", MaxQR)
		}
		return d.checkText("alt text of the QR", n.QR.Alt, true)
	case n.WebAuthn != nil:
		if !json.Valid(n.WebAuthn.Options) {
			return broken(RuleView, "WebAuthn options are not JSON")
		}
	case n.Paragraph != nil:
		return d.checkText("paragraph", n.Paragraph.Text, true)
	case n.Action != nil:
		if n.Action.Name == "" {
			return broken(RuleView, "an action without a name")
		}
		return d.checkText("label of action "+n.Action.Name, n.Action.Label, true)
	case n.NumberMatch != nil:
		if n.NumberMatch.Digits == "" || len(n.NumberMatch.Digits) > 8 || strings.Trim(n.NumberMatch.Digits, "0123456789") != "" {
			return broken(RuleView, "a number match needs 1 to 8 digits")
		}
		return d.checkText("label of the number match", n.NumberMatch.Label, true)
	case n.Transaction != nil:
		if len(n.Transaction.Rows) == 0 {
			return broken(RuleView, "a transaction without rows")
		}
		for _, row := range n.Transaction.Rows {
			if v := d.checkText("label of a transaction row", row.Label, true); v != nil {
				return v
			}
		}
	case n.Wait != nil:
		return d.checkText("wait", n.Wait.Text, true)
	case n.Image != nil:
		if len(n.Image.PNG) > MaxImage || !bytes.HasPrefix(n.Image.PNG, []byte("\x89PNG\r\n\x1a\n")) {
			return broken(RuleView, "an image must be a PNG of at most %d bytes", MaxImage)
		}
		return d.checkText("alt text of the image", n.Image.Alt, true)
	case n.Redirect != nil:
		if !safeURL(n.Redirect.URL) {
			return broken(RuleView, "a redirect must go to an https URL")
		}
		return d.checkText("label of the redirect", n.Redirect.Label, true)
	default:
		return broken(RuleView, "an empty node")
	}
	return nil
}

func (d *Description) checkTextField(f *TextField) *Violation {
	switch {
	case f.Name == "":
		return broken(RuleView, "a field without a name")
	case f.MinLength < 0 || f.MaxLength < 0 || (f.MaxLength > 0 && f.MinLength > f.MaxLength):
		return broken(RuleView, "field %q: lengths %d to %d", f.Name, f.MinLength, f.MaxLength)
	case f.Value != "" && (f.Kind == FieldPassword || f.Kind == FieldNewPassword || f.Kind == FieldOneTimeCode):
		return broken(RuleView, "field %q would show a secret", f.Name)
	}
	return violation(
		d.checkText("label of field "+f.Name, f.Label, true),
		d.checkText("hint of field "+f.Name, f.Hint, false),
		d.checkText("error of field "+f.Name, f.Error, false))
}

func (d *Description) checkChoice(c *Choice) *Violation {
	if c.Name == "" || len(c.Options) == 0 {
		return broken(RuleView, "a choice needs a name and options")
	}
	for _, o := range c.Options {
		if v := d.checkText("an option of "+c.Name, o.Label, true); v != nil {
			return v
		}
	}
	return violation(
		d.checkText("label of choice "+c.Name, c.Label, true),
		d.checkText("error of choice "+c.Name, c.Error, false))
}

// safeURL allows https, and http on the loopback interface for development. javascript: and data: would run in the
// host's origin.
func safeURL(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	if u.Scheme == "http" {
		ip := net.ParseIP(u.Hostname())
		return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	}
	return u.Scheme == "https"
}
