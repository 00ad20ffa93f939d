package delivery

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Texts finds the text of a key in an instance's catalogue, the operator's override first, then language by language down to
// English. The instance is empty for the host's own keys.
type Texts interface {
	Text(instance, locale, key string) (string, bool)
}

const (
	subjectSuffix  = ".subject"        // the key of an e-mail's subject line, from the key of its text
	defaultSubject = "message.subject" // of the host, for a plugin's text that brings none
	maxSubject     = 200               // bytes
	maxText        = 8 << 10
)

// render makes the subject line (e-mail alone has one) and the text of a message. Its errors name keys and parameters, never values.
func (w *Worker) render(r *Row, b body) (subject, text string, err error) {
	pattern, ok := w.text(r.Instance, b.Locale, r.Template)
	if !ok {
		return "", "", fmt.Errorf("%q: %w", r.Template, errNoText)
	}
	if text, err = fill(pattern, b.Params, false); err != nil {
		return "", "", fmt.Errorf("%q: %w", r.Template, err)
	}
	if len(text) == 0 || len(text) > maxText {
		return "", "", fmt.Errorf("%q: the text is empty or too long", r.Template)
	}
	if r.Channel != Email {
		return "", text, nil
	}
	pattern, ok = w.text(r.Instance, b.Locale, r.Template+subjectSuffix)
	if !ok {
		pattern, _ = w.text("", b.Locale, defaultSubject)
	}
	if subject, err = fill(pattern, b.Params, true); err != nil {
		return "", "", fmt.Errorf("%q: %w", r.Template+subjectSuffix, err)
	}
	return clip(subject, maxSubject), text, nil
}

func (w *Worker) text(instance, locale, key string) (string, bool) {
	if w.Texts != nil {
		if s, ok := w.Texts.Text(instance, locale, key); ok {
			return s, true
		}
	}
	if instance == "" {
		return hostText(locale, key)
	}
	return "", false
}

var (
	errNoText = errors.New("no text for this key")
	errParam  = errors.New("a parameter of the text was not given")
	errBrace  = errors.New("a brace of the text is not closed")
)

// fill puts the values in place of {name}. It goes over the pattern once: a value that looks like a place holder stays text, so nobody
// reads another parameter (a code) through a name they chose. Control characters are dropped from values, and line breaks too
// in a line: a line break in a subject begins another mail header.
func fill(pattern string, params map[string]string, line bool) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", errBrace
		}
		value, given := params[name]
		if !given {
			return "", errParam
		}
		b.WriteString(plain(value, line))
		pattern = after
	}
}

func plain(s string, line bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Bidi_Control, r):
			return -1
		case r == '\n' && !line:
			return r
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, s)
}
