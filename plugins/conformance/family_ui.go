package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/varco-id/varco/plugins/sdk"
)

var uiRules = []Rule{
	{ID: "ui.view", check: believed(sdk.RuleView), last: true, Where: whereView,
		Says: "every view is complete: names, labels, alternatives, sizes",
		Fix:  "complete the node that is named"},
	{ID: "ui.texts", check: believed(sdk.RuleText), last: true, Where: "view.proto, message Text",
		Says: "every text shown is in the catalogue and gets its parameters",
		Fix:  "add the key to the catalogue, and give every {parameter} of the text a value"},
	{ID: "ui.nodes", check: lint(lintNodes), last: true, Where: whereView,
		Says: "nodes are ones that the host's pages can show",
		Fix:  "set exactly one kind in a node; name fields by up to 40 letters, digits, - and _; leave the name \"action\" to the buttons"},
	{ID: "ui.kinds", check: lint(lintKinds), last: true, Where: "view.proto, enum FieldKind",
		Says: "a field's kind says what it is for",
		Fix:  "use one-time-code, password, new-password, username, phone or email: browsers, password managers and phones fill in by the kind (WCAG 1.3.5)"},
	{ID: "ui.labels", check: lint(lintLabels), last: true, Where: whereView,
		Says: "labels tell the fields and buttons of a view apart",
		Fix:  "give each field, option and button a label of its own (WCAG 2.4.6, 3.3.2)"},
	{ID: "ui.error", check: lint(lintErrors), last: true, Where: "step.proto, Failure.view",
		Says: "a view of a failure says what is wrong",
		Fix:  "set TextField.error or a paragraph in the style error, or leave Failure.view out: the host then says it (WCAG 3.3.1)"},
	{ID: "ui.typed", check: lint(lintTyped), last: true, Where: "view.proto, QR.typed",
		Says: "what a QR code holds can be typed",
		Fix:  "put the key itself into typed, short enough to copy, and describe the code in alt (WCAG 1.1.1)"},
	{ID: "ui.pending", check: lint(lintPending), last: true, Where: "step.proto, Pending",
		Says: "a page that waits says for what",
		Fix:  "add a Wait node: the host announces it to screen readers and goes on by itself"},
	{ID: "ui.length", check: lint(lintLength), last: true, Where: "view.proto, TextField.max_length",
		Says: "a field takes what the method accepts",
		Fix:  "allow 64 characters or more in passwords (NIST SP 800-63B-4), and room for a space in codes of six digits or more"},
}

// viewTexts lists every text of a view.
func viewTexts(view *sdk.View) []sdk.Text {
	all := []sdk.Text{view.Title}
	for _, n := range view.Nodes {
		switch {
		case n.TextField != nil:
			all = append(all, n.TextField.Label, n.TextField.Hint, n.TextField.Error)
		case n.Choice != nil:
			all = append(all, n.Choice.Label, n.Choice.Error)
			for _, o := range n.Choice.Options {
				all = append(all, o.Label)
			}
		case n.QR != nil:
			all = append(all, n.QR.Alt)
		case n.Paragraph != nil:
			all = append(all, n.Paragraph.Text)
		case n.Action != nil:
			all = append(all, n.Action.Label)
		case n.NumberMatch != nil:
			all = append(all, n.NumberMatch.Label)
		case n.Transaction != nil:
			for _, r := range n.Transaction.Rows {
				all = append(all, r.Label)
			}
		case n.Wait != nil:
			all = append(all, n.Wait.Text)
		case n.Image != nil:
			all = append(all, n.Image.Alt)
		case n.Redirect != nil:
			all = append(all, n.Redirect.Label)
		}
	}
	return slices.DeleteFunc(all, func(t sdk.Text) bool { return t.Key == "" })
}

// lint runs f over every view that was seen.
func lint(f func(seen *seenView) []string) func(*verdict) {
	return func(v *verdict) {
		v.needs(sdk.ServiceAuthenticator)
		v.walk()
		if len(v.sightings.views) == 0 {
			v.absent("no view was seen")
		}
		v.made()
		for i := range v.sightings.views {
			s := &v.sightings.views[i]
			for _, wrong := range f(s) {
				v.fail("%s: %s", s.where, wrong)
			}
		}
	}
}

// The limits of the host's pages.
const (
	maxNodes   = 64
	maxOptions = 64
	maxRows    = 32
)

var fieldName = pattern(`^[A-Za-z0-9_-]{1,40}$`)

func lintNodes(s *seenView) (wrong []string) {
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(s.view.Nodes) > maxNodes {
		add("%d nodes, over %d", len(s.view.Nodes), maxNodes)
	}
	ceremonies := 0
	actions := map[string]bool{}
	primary := 0
	for i, n := range s.view.Nodes {
		kinds := 0
		for _, set := range []bool{n.TextField != nil, n.Choice != nil, n.QR != nil, n.WebAuthn != nil, n.Paragraph != nil, n.Action != nil,
			n.NumberMatch != nil, n.Transaction != nil, n.Wait != nil, n.Image != nil, n.Redirect != nil} {
			if set {
				kinds++
			}
		}
		if kinds != 1 {
			add("node %d has %d kinds that contract v1 knows", i, kinds)
		}
		name := ""
		switch {
		case n.TextField != nil:
			name = n.TextField.Name
		case n.Choice != nil:
			name = n.Choice.Name
			if len(n.Choice.Options) > maxOptions {
				add("the choice %q has %d options, over %d", name, len(n.Choice.Options), maxOptions)
			}
			values := map[string]bool{}
			for _, o := range n.Choice.Options {
				if values[o.Value] {
					add("the choice %q has the value %q twice", name, o.Value)
				}
				values[o.Value] = true
			}
		case n.WebAuthn != nil:
			ceremonies++
		case n.Action != nil:
			if actions[n.Action.Name] {
				add("two buttons are named %q", n.Action.Name)
			}
			actions[n.Action.Name] = true
			if !fieldName().MatchString(n.Action.Name) {
				add("the button name %q", n.Action.Name)
			}
			if n.Action.Primary {
				primary++
			}
		case n.Transaction != nil:
			if len(n.Transaction.Rows) > maxRows {
				add("a transaction of %d rows, over %d", len(n.Transaction.Rows), maxRows)
			}
		}
		if name != "" && (!fieldName().MatchString(name) || name == "action" || name == "webauthn") {
			add("the field name %q", name)
		}
	}
	if ceremonies > 1 {
		add("%d WebAuthn ceremonies", ceremonies)
	}
	if primary > 1 {
		add("%d primary buttons", primary)
	}
	return wrong
}

var (
	likeCode     = pattern(`(?i)^(otp|code|tan|token|passcode|(one|otp|sms|auth|login|verification)[_-]?(time[_-]?)?code)$`)
	likePassword = pattern(`(?i)(password|passwd|passphrase)$`)
	likeEmail    = pattern(`(?i)^e-?mail(_?address)?$`)
	likePhone    = pattern(`(?i)^(phone|mobile|msisdn|tel)(_?number)?$`)
	likeUser     = pattern(`(?i)^(user_?name|login|user_?id)$`)
)

func lintKinds(s *seenView) (wrong []string) {
	for _, n := range s.view.Nodes {
		f := n.TextField
		if f == nil {
			continue
		}
		var want []sdk.FieldKind
		switch {
		case f.Kind == "" || strings.HasPrefix(string(f.Kind), "#"):
			wrong = append(wrong, fmt.Sprintf("the field %q has no kind that contract v1 knows", f.Name))
			continue
		case likePassword().MatchString(f.Name):
			want = []sdk.FieldKind{sdk.FieldPassword, sdk.FieldNewPassword}
		case likeCode().MatchString(f.Name) && f.Kind == sdk.FieldText && f.MaxLength > 16:
			continue // codes of letters: the keyboard of digits that a one-time code brings up would not do
		case likeCode().MatchString(f.Name):
			want = []sdk.FieldKind{sdk.FieldOneTimeCode, sdk.FieldPassword}
		case likeEmail().MatchString(f.Name):
			want = []sdk.FieldKind{sdk.FieldEmail, sdk.FieldUsername}
		case likePhone().MatchString(f.Name):
			want = []sdk.FieldKind{sdk.FieldPhone, sdk.FieldUsername}
		case likeUser().MatchString(f.Name):
			want = []sdk.FieldKind{sdk.FieldUsername, sdk.FieldEmail, sdk.FieldPhone}
		default:
			continue
		}
		if !slices.Contains(want, f.Kind) {
			wrong = append(wrong, fmt.Sprintf("the field %q is of kind %q, want %q", f.Name, f.Kind, want[0]))
		}
	}
	return wrong
}

func lintLabels(s *seenView) (wrong []string) {
	seen := map[string]bool{}
	once := func(group, name string, t sdk.Text) {
		key := group + fmt.Sprint(t.Key, t.Params)
		if t.Key != "" && seen[key] {
			wrong = append(wrong, fmt.Sprintf("the label %q of %s is another's, too", t.Key, name))
		}
		seen[key] = true
	}
	for _, n := range s.view.Nodes {
		switch {
		case n.TextField != nil:
			once("field", n.TextField.Name, n.TextField.Label)
			if t := n.TextField; t.Hint.Key != "" && t.Hint.Key == t.Label.Key {
				wrong = append(wrong, fmt.Sprintf("the hint of %s says what its label says", t.Name))
			}
		case n.Choice != nil:
			once("field", n.Choice.Name, n.Choice.Label)
			for _, o := range n.Choice.Options {
				once("option of "+n.Choice.Name, "the option "+o.Value, o.Label)
			}
		case n.Action != nil:
			once("button", "the button "+n.Action.Name, n.Action.Label)
		}
	}
	return wrong
}

func lintErrors(s *seenView) []string {
	if !s.failure {
		return nil
	}
	for _, n := range s.view.Nodes {
		switch {
		case n.TextField != nil && n.TextField.Error.Key != "", n.Choice != nil && n.Choice.Error.Key != "",
			n.Paragraph != nil && (n.Paragraph.Style == sdk.StyleError || n.Paragraph.Style == sdk.StyleWarning):
			return nil
		}
	}
	return []string{"the view of a failure has neither a field with an error nor a paragraph in the style error"}
}

func lintTyped(s *seenView) (wrong []string) {
	for _, n := range s.view.Nodes {
		if n.QR == nil {
			continue
		}
		typed := strings.NewReplacer(" ", "", "-", "").Replace(n.QR.Typed)
		switch {
		case strings.HasPrefix(n.QR.Content, "otpauth://") && !strings.Contains(strings.ToUpper(n.QR.Content), "SECRET="+strings.ToUpper(strings.TrimRight(typed, "="))):
			wrong = append(wrong, "typed is not the key of the QR code")
		case len(n.QR.Typed) > 256:
			wrong = append(wrong, fmt.Sprintf("typed has %d characters: nobody types that", len(n.QR.Typed)))
		}
	}
	return wrong
}

func lintPending(s *seenView) []string {
	if !s.pending {
		return nil
	}
	for _, n := range s.view.Nodes {
		if n.Wait != nil {
			return nil
		}
	}
	return []string{"the page waits and has no Wait node"}
}

func lintLength(s *seenView) (wrong []string) {
	for _, n := range s.view.Nodes {
		f := n.TextField
		if f == nil || f.MaxLength == 0 {
			continue
		}
		switch {
		case (f.Kind == sdk.FieldPassword || f.Kind == sdk.FieldNewPassword) && f.MaxLength < 64 && likePassword().MatchString(f.Name):
			wrong = append(wrong, fmt.Sprintf("the password field %q takes %d characters only", f.Name, f.MaxLength))
		case f.Kind == sdk.FieldOneTimeCode && f.MinLength == 0 && f.MaxLength == 6:
			wrong = append(wrong, fmt.Sprintf("the field %q has no room for the space that people copy with a code", f.Name))
		}
	}
	return wrong
}
