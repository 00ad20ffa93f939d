package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// catalogueOf reads a catalogue as it is written: key → text, plural forms joined.
func catalogueOf(t *testing.T, locale string) map[string]string {
	t.Helper()
	raw, err := localeFiles.ReadFile("locales/active." + locale + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.UnmarshalStrict(raw, &tree); err != nil { // a key written twice is an error
		t.Fatal(err)
	}
	flat := map[string]string{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case string:
			flat[prefix] = v
		case map[string]any:
			if other, ok := v["other"].(string); ok {
				one, _ := v["one"].(string)
				if one == "" {
					t.Errorf("%s: %s has no singular", locale, prefix)
				}
				flat[prefix] = other
				return
			}
			for k, e := range v {
				walk(strings.TrimPrefix(prefix+"."+k, "."), e)
			}
		default:
			t.Errorf("%s: %s is no text: %T", locale, prefix, v)
		}
	}
	walk("", tree)
	return flat
}

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

func TestCataloguesAgree(t *testing.T) {
	t.Parallel()
	english := catalogueOf(t, "en")
	for _, locale := range Locales()[1:] {
		other := catalogueOf(t, locale)
		for key, text := range english {
			translated, ok := other[key]
			if !ok {
				t.Errorf("%s: %s is missing", locale, key)
				continue
			}
			names := func(s string) []string {
				return slices.Sorted(slices.Values(placeholder.FindAllString(s, -1)))
			}
			if !slices.Equal(names(text), names(translated)) {
				t.Errorf("%s: %s has the parameters %v, in English %v", locale, key, names(translated), names(text))
			}
			if strings.ContainsAny(translated, "<>") || strings.TrimSpace(translated) != translated || translated == "" {
				t.Errorf("%s: %s: %q", locale, key, translated)
			}
		}
		for key := range other {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %s has no English text", locale, key)
			}
		}
	}
}

// stringConstants returns the values of the string constants of a file whose names begin with prefix.
func stringConstants(t *testing.T, file, prefix string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			v, _ := strconv.Unquote(lit.Value)
			values = append(values, v)
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("no constants %s… in %s", prefix, file)
	}
	return values
}

// TestEveryCodeHasWords: a code that the pipeline can give and no catalogue knows would leave a person with a generic sentence.
func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	var want []string
	add := func(prefix string, codes []string, suffixes ...string) {
		for _, c := range codes {
			for _, s := range suffixes {
				want = append(want, prefix+"."+c+s)
			}
		}
	}
	add("notice", append(stringConstants(t, "../login/page.go", "Notice"), noticeWrongCode), "")
	add("refusal", append(stringConstants(t, "../login/page.go", "Refusal"), refusalOther), ".title", ".text")
	add("error", stringConstants(t, "error.go", "Error"), ".title", ".text")
	add("account.done", slices.Collect(maps.Keys(doneCodes)), "")
	add("takeback", []string{"email", "mobile", "recovery"}, "")
	add("account.contacts", []string{"email", "sms"}, "")
	add("host.contact", []string{"email", "sms"}, ".title", ".help", ".label", ".hint", ".invalid", ".change")
	add("host.contact", []string{"title", "send", "same", "often"}, "")
	add("host.contact.code", []string{"title", "sent", "label", "confirm", "again", "required", "wrong", "over"}, "")
	add("host.ticket", []string{"title", "help", "label", "hint", "required"}, "")
	add("scope", []string{"profile", "email", "phone", "address", "offline_access"}, ".title", ".text")
	for _, locale := range Locales() {
		have := catalogueOf(t, locale)
		for _, key := range want {
			if have[key] == "" {
				t.Errorf("%s: %s is missing", locale, key)
			}
		}
	}
}

// TestKeysInUse: every key that a template or the code names exists, and every key that exists is named somewhere.
func TestKeysInUse(t *testing.T) {
	t.Parallel()
	have := catalogueOf(t, "en")
	sources := ""
	read := func(path string) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources += string(raw)
	}
	if err := fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			read(path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			read(f)
		}
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:T |T\()"([a-z][a-z0-9_.]*[a-z0-9_])"`).FindAllStringSubmatch(sources, -1) {
		named[m[1]] = true
		if _, ok := have[m[1]]; !ok {
			t.Errorf("%s is used and does not exist", m[1])
		}
	}
	built := []string{"notice.", "refusal.", "error.", "scope.", "month.", "account.done.", "host.", "event.", "takeback.", "account.contacts."} // TestEveryCodeHasWords
	for key := range have {
		if !named[key] && !slices.ContainsFunc(built, func(p string) bool { return strings.HasPrefix(key, p) }) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	all, err := loadWords(map[string]map[string]string{
		"it": {"landing.title": "Benvenuti", "notice.blocked": "Attendere {{.count}} minuti."},
	})
	if err != nil {
		t.Fatal(err)
	}
	en, it := all["en"], all["it"]
	for _, tc := range []struct{ got, want string }{
		{en.T("continue"), "Continue"},
		{it.T("continue"), "Continua"},
		{en.T("login.time", "count", 1), "For your security this page stays open for one more minute."},
		{en.T("login.time", "count", 9), "For your security this page stays open for 9 more minutes."},
		{it.T("login.time", "count", 1), "Per sicurezza questa pagina resta disponibile ancora per un minuto."},
		{it.T("login.time", "count", 1000000), "Per sicurezza questa pagina resta disponibile ancora per 1000000 minuti."},
		{it.T("landing.title"), "Benvenuti"},
		{en.T("landing.title"), "Secure sign-in"},
		{it.T("notice.blocked", "count", 1), "Attendere 1 minuti."},
		{en.T("consent.title", "client", "<b>"), "<b> asks for your data"}, // escaping is the template's
		{en.T("no.such.key"), "no.such.key"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
	if !en.Has("continue") || !en.Has("login.time") || !en.Has("login.client") || en.Has("no.such.key") || en.Has("") {
		t.Error("Has")
	}
	for name, tc := range map[string]struct {
		overrides map[string]map[string]string
		want      string
	}{
		"unknown locale": {map[string]map[string]string{"de": {"continue": "Weiter"}}, `"de"`},
		"unknown key":    {map[string]map[string]string{"it": {"landing.titel": "x"}}, `did you mean "landing.title"`},
		"bad template":   {map[string]map[string]string{"it": {"landing.text": "{{.brand"}}, "landing.text"},
	} {
		if _, err := loadWords(tc.overrides); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
