package web

import (
	"errors"
	"fmt"

	"github.com/varco-id/varco/plugins/sdk"
)

// textField chooses type, autocomplete token (HTML section 4.10.18.7, WCAG 1.3.5) and input mode by the field's kind.
//
// maxlength is left out on purpose: browsers cut a pasted value to it without a word, and a password cut at binding never matches
// again. Too long a value is refused where it is checked.
func (b *builder) textField(t *sdk.TextField) error {
	if err := b.claim(t.Name); err != nil {
		return err
	}
	f := field{ID: "f-" + t.Name, Name: pluginPrefix + t.Name, Type: "text", Autocomplete: "off", Value: t.Value, Min: t.MinLength, Required: !t.Optional}
	secret := false
	switch t.Kind {
	case sdk.FieldText:
	case sdk.FieldUsername:
		f.Autocomplete = "username"
	case sdk.FieldPassword:
		f.Type, f.Autocomplete, f.Toggle, secret = "password", "current-password", true, true
		f.Min = 0 // a minimum on an old password would only keep its owner out
	case sdk.FieldNewPassword:
		f.Type, f.Autocomplete, f.Toggle, secret = "password", "new-password", true, true
		f.Strength = t.Strength
	case sdk.FieldOneTimeCode:
		f.Autocomplete, f.InputMode, f.Code, secret = "one-time-code", "numeric", true, true
		f.Min = 0
	case sdk.FieldPhone:
		f.Type, f.Autocomplete = "tel", "tel"
	case sdk.FieldEmail:
		f.Type, f.Autocomplete = "email", "email"
	default:
		return errors.New("text field of an unknown kind")
	}
	if secret && t.Value != "" {
		return errors.New("text field that would show a secret")
	}
	var err error
	if f.Label, err = b.must(t.Label, "label"); err != nil {
		return err
	}
	if t.Hint.Key != "" {
		if f.Hint, err = b.must(t.Hint, "hint"); err != nil {
			return err
		}
		f.DescribedBy = f.ID + "-hint"
	}
	if t.Error.Key != "" {
		if f.Error, err = b.must(t.Error, "error"); err != nil {
			return err
		}
		f.DescribedBy = join(f.ID+"-error", f.DescribedBy)
		b.out.Errors = append(b.out.Errors, fieldError{f.ID, f.Error})
	}
	b.out.Nodes = append(b.out.Nodes, node{Kind: "field", Field: &f})
	b.out.Form = true
	return nil
}

func (b *builder) choice(c *sdk.Choice) error {
	if err := b.claim(c.Name); err != nil {
		return err
	}
	if len(c.Options) == 0 || len(c.Options) > maxOptions {
		return fmt.Errorf("choice of %d options", len(c.Options))
	}
	out := choice{ID: "f-" + c.Name, Name: pluginPrefix + c.Name}
	var err error
	if out.Label, err = b.must(c.Label, "label"); err != nil {
		return err
	}
	for i, o := range c.Options {
		label, err := b.must(o.Label, "option")
		if err != nil {
			return err
		}
		out.Options = append(out.Options, option{fmt.Sprintf("%s-%d", out.ID, i), o.Value, label, o.Selected})
	}
	if c.Error.Key != "" {
		if out.Error, err = b.must(c.Error, "error"); err != nil {
			return err
		}
		b.out.Errors = append(b.out.Errors, fieldError{out.Options[0].ID, out.Error})
	}
	b.out.Nodes = append(b.out.Nodes, node{Kind: "choice", Choice: &out})
	b.out.Form = true
	return nil
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + " " + b
}
