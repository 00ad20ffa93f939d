package web

import (
	"embed"
	"fmt"
	"html"
	"html/template"
	"path"
	"strings"
	"sync"
	texttemplate "text/template"
)

//go:embed templates/*.html
var templateFiles embed.FS

// constants are what a page of one language never changes, escaped for HTML text and quoted attributes.
type constants struct {
	Name, Logo, SupportURL, SupportPhone, PhoneLink string
	Style, Brand, Script, Ceremony, Icon            string // addresses
	Base                                            string // path of the issuer
}

func newConstants(b brandView, a *assets, base string) constants {
	return constants{
		Name: escape(b.Name), Logo: escape(b.Logo), SupportURL: escape(b.SupportURL), SupportPhone: escape(b.SupportPhone), PhoneLink: escape(b.PhoneLink),
		Style: a.Style, Brand: a.Brand, Script: a.Script, Ceremony: a.Ceremony, Icon: a.Icon, Base: escape(base),
	}
}

// escape is for what is written into a template's source: beside HTML's own, a brace would begin an action of the template.
func escape(s string) string { return strings.ReplaceAll(html.EscapeString(s), "{", "&#123;") }

// loadPages parses the templates of one language in two stages. What stands in [[ ]] is the same on every page and is written in once,
// here; what stands in {{ }} is html/template's, at each page. Without the first stage most of a page's time would go into texts that
// never change.
//
// The second stage waits until a page is first asked for: parsed, all pages in all languages are a third of an idle server's memory, and
// most are rarely shown. Nothing of it depends on the configuration, so that what the tests show holds.
func loadPages(w *words, c constants) (map[string]parsed, error) {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	text := func(key string, params ...any) (string, error) {
		if !w.Has(key) {
			return "", fmt.Errorf("no text has the key %q", key)
		}
		return escape(html.UnescapeString(w.T(key, params...))), nil // parameters come escaped already
	}
	sources := map[string]string{}
	for _, f := range files {
		raw, err := templateFiles.ReadFile(path.Join("templates", f.Name()))
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		t, err := texttemplate.New(f.Name()).Delims("[[", "]]").Funcs(texttemplate.FuncMap{"T": text}).Parse(string(raw))
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		var out strings.Builder
		if err := t.Execute(&out, c); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		sources[strings.TrimSuffix(f.Name(), ".html")] = out.String()
	}
	// pair hands a part its page beside its own data.
	pair := func(p *page, item any) any {
		return struct {
			Page *page
			Item any
		}{p, item}
	}
	pages := map[string]parsed{}
	for name, source := range sources {
		if name == "layout" || name == "parts" {
			continue
		}
		pages[name] = sync.OnceValues(func() (t *template.Template, err error) {
			t = template.New(name).Funcs(template.FuncMap{"pair": pair})
			for _, part := range []string{sources["layout"], sources["parts"], source} {
				if t, err = t.Parse(part); err != nil {
					return nil, fmt.Errorf("web: template %s: %w", name, err)
				}
			}
			return t, nil
		})
	}
	return pages, nil
}

// parsed returns a page's template, parsed at the first call.
type parsed = func() (*template.Template, error)
