package sdk

import "strings"

// validateTexts looks at the catalogue as a whole. Markup is refused rather than escaped: a text with < or > was either
// meant as HTML, which the host never renders, or is an attempt to get some onto a sign-in page.
func (d *Description) validateTexts() *Violation {
	english := d.Texts[English]
	if len(d.Methods) > 0 && len(english) == 0 {
		return broken(RuleText, "there are no English texts")
	}
	for locale, catalogue := range d.Texts {
		if locale == "" || len(locale) > 35 || strings.Trim(strings.ToLower(locale), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return broken(RuleText, "%q is not a BCP 47 language tag", locale)
		}
		for key, text := range catalogue {
			if v := d.checkOwnText(key, text); v != nil {
				v.Detail = locale + ": " + v.Detail
				return v
			}
		}
	}
	return nil
}

// ValidateText says whether text can stand for the text of that key, in whatever language: whether the key exists, and the text
// has neither markup nor a parameter that the English one has not. The error is a [*Violation].
func (d *Description) ValidateText(key, text string) error { return first(d.checkOwnText(key, text)) }

func (d *Description) checkOwnText(key, text string) *Violation {
	original, ok := d.Texts[English][key]
	switch {
	case !ok:
		return broken(RuleText, "%q has no English text", key)
	case strings.ContainsAny(text, "<>"):
		return broken(RuleText, "%q contains < or >", key)
	case strings.TrimSpace(text) == "":
		return broken(RuleText, "%q is empty", key)
	}
	known := placeholders(original)
	for name := range placeholders(text) {
		if !known[name] {
			return broken(RuleText, "%q uses {%s}, which the English text has not", key, name)
		}
	}
	return nil
}

// checkText says whether t can be shown.
func (d *Description) checkText(what string, t Text, required bool) *Violation {
	if t.Key == "" {
		if required {
			return broken(RuleText, "%s is missing", what)
		}
		return nil
	}
	text, ok := d.Texts[English][t.Key]
	if !ok {
		return broken(RuleText, "%s: the catalogue has no %q", what, t.Key)
	}
	if strings.Contains(text, "{") {
		for name := range placeholders(text) {
			if _, ok := t.Params[name]; !ok {
				return broken(RuleText, "%s: %q needs the parameter {%s}", what, t.Key, name)
			}
		}
	}
	return nil
}

// placeholders returns the {names} in a text.
func placeholders(text string) map[string]bool {
	var names map[string]bool
	for {
		_, rest, ok := strings.Cut(text, "{")
		if !ok {
			return names
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return names
		}
		if names == nil {
			names = make(map[string]bool)
		}
		names[name], text = true, after
	}
}
