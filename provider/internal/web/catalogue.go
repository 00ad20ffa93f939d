package web

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"sigs.k8s.io/yaml"
)

//go:embed locales/*.yaml
var localeFiles embed.FS

// locales the pages speak, and what each calls itself. The first is the one every text exists in.
var locales = []struct{ tag, name string }{{"en", "English"}, {"it", "Italiano"}}

// Locales returns the BCP 47 tags of the languages the pages speak.
func Locales() []string {
	tags := make([]string, len(locales))
	for i, l := range locales {
		tags[i] = l.tag
	}
	return tags
}

func supported(tag string) bool {
	return slices.ContainsFunc(locales, func(l struct{ tag, name string }) bool { return l.tag == tag })
}

// words is the host's own catalogue in one language. Texts without parameters are resolved once, when the server starts.
type words struct {
	Lang      string
	fixed     map[string]string
	localizer *i18n.Localizer
}

// T returns a text by its key, with parameters as name, value, name, value. The parameter "count" chooses the plural form.
// A key that does not exist is the defect of a template and shows as the key; a test visits every page for it.
func (w *words) T(key string, params ...any) string {
	if s, ok := w.fixed[key]; ok {
		return s
	}
	cfg := i18n.LocalizeConfig{MessageID: key}
	data := make(map[string]any, len(params)/2)
	for i := 0; i+1 < len(params); i += 2 {
		name, _ := params[i].(string)
		data[name] = params[i+1]
		if name == "count" {
			cfg.PluralCount = params[i+1]
		}
	}
	cfg.TemplateData = data
	s, err := w.localizer.Localize(&cfg)
	if err != nil && s == "" {
		return key
	}
	return s
}

// Has says whether a key exists. Codes that come from elsewhere (a scope, an error) are asked about before they are shown.
func (w *words) Has(key string) bool {
	if _, ok := w.fixed[key]; ok {
		return true
	}
	_, _, err := w.localizer.LocalizeWithTag(&i18n.LocalizeConfig{MessageID: key, PluralCount: 1})
	var missing *i18n.MessageNotFoundErr
	return !errors.As(err, &missing)
}

// loadWords reads the embedded catalogues and puts the operator's texts (locale → key → text) over them.
func loadWords(overrides map[string]map[string]string) (map[string]*words, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", func(b []byte, v any) error { return yaml.Unmarshal(b, v) })
	byLocale := make(map[string]map[string]*i18n.Message, len(locales))
	for _, l := range locales {
		f, err := bundle.LoadMessageFileFS(localeFiles, "locales/active."+l.tag+".yaml")
		if err != nil {
			return nil, fmt.Errorf("web: catalogue %s: %w", l.tag, err)
		}
		byLocale[l.tag] = make(map[string]*i18n.Message, len(f.Messages))
		for _, m := range f.Messages {
			byLocale[l.tag][m.ID] = m
		}
	}
	for locale, texts := range overrides {
		if err := override(bundle, byLocale, locale, texts); err != nil {
			return nil, err
		}
	}
	all := make(map[string]*words, len(locales))
	for _, l := range locales {
		w := &words{Lang: l.tag, fixed: map[string]string{}, localizer: i18n.NewLocalizer(bundle, l.tag)}
		for id, m := range byLocale[l.tag] {
			if m.One == "" && !strings.Contains(m.Other, "{{") {
				w.fixed[id] = m.Other
			}
		}
		all[l.tag] = w
	}
	return all, nil
}

// override replaces texts of one locale. It refuses what would otherwise surface as a broken page at the first visit.
func override(bundle *i18n.Bundle, byLocale map[string]map[string]*i18n.Message, locale string, texts map[string]string) error {
	have, ok := byLocale[locale]
	if !ok {
		return fmt.Errorf("web: brand texts: locale %q: the pages speak %v", locale, Locales())
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		old, ok := have[key]
		if !ok {
			return fmt.Errorf("web: brand texts: %s: no text has the key %q; did you mean %q?", locale, key, nearest(key, have))
		}
		m := &i18n.Message{ID: key, Other: texts[key]}
		if old.One != "" {
			m.One = texts[key]
		}
		if err := bundle.AddMessages(language.Make(locale), m); err != nil {
			return fmt.Errorf("web: brand texts: %s: %s: %w", locale, key, err)
		}
		probe := i18n.LocalizeConfig{MessageID: key, TemplateData: map[string]any{}}
		if _, err := i18n.NewLocalizer(bundle, locale).Localize(&probe); err != nil {
			return fmt.Errorf("web: brand texts: %s: %s: %w", locale, key, err)
		}
		have[key] = m
	}
	return nil
}

// nearest returns the key that shares the longest beginning and ending with the one mistyped.
func nearest(key string, have map[string]*i18n.Message) string {
	best, score := "", -1
	for _, k := range slices.Sorted(maps.Keys(have)) {
		n := 0
		for n < len(k) && n < len(key) && k[n] == key[n] {
			n++
		}
		m := 0
		for m < len(k)-n && m < len(key)-n && k[len(k)-1-m] == key[len(key)-1-m] {
			m++
		}
		if s := 2*(n+m) - len(k); s > score || best == "" {
			best, score = k, s
		}
	}
	return best
}
