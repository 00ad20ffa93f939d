package web_test

import (
	"net/http"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/web"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		path, cookie, accept, page, def string
		want                            string
	}{
		"default":                   {want: "en"},
		"operator's default":        {def: "it", want: "it"},
		"browser":                   {accept: "it-IT,it;q=0.9", want: "it"},
		"browser's first known":     {accept: "de,it;q=0.8,en;q=0.5", want: "it"},
		"browser refuses":           {accept: "it;q=0, en;q=0.1", want: "en"},
		"the pipeline's choice":     {page: "it", accept: "en", want: "it"},
		"a region":                  {page: "it-CH", accept: "en", want: "it"},
		"unknown to us":             {page: "de", accept: "it", want: "it"},
		"picked before":             {cookie: "en", page: "it", accept: "it", want: "en"},
		"picked now":                {path: "?ui_locales=it", cookie: "en", page: "en", accept: "en", want: "it"},
		"picked among several":      {path: "?ui_locales=de+it+en", want: "it"},
		"a cookie that is none":     {cookie: "xx<", accept: "it", want: "it"},
		"a pick that is none":       {path: "?ui_locales=%3Cscript%3E", accept: "it", want: "it"},
		"accept that is no list":    {accept: ";;;,,,q=", def: "it", want: "it"},
		"accept of too many things": {accept: "de,de,de,de,de,de,de,de,de,de,it", want: "en"},
	} {
		s := newServer(t, func(o *web.Options) {
			if tc.def != "" {
				o.DefaultLocale = tc.def
			}
		})
		c := newClient(t, s)
		c.head.Set("Accept-Language", tc.accept)
		if tc.cookie != "" {
			c.head.Set("Cookie", "varco-lang="+tc.cookie)
		}
		s.flows.pages["sign-in"].Locale = tc.page
		r := c.get("/login/sign-in" + tc.path)
		if got := attr(r.all("html", nil)[0], "lang"); got != tc.want || r.Header.Get("Content-Language") != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestLanguageIsKept: the link works without script, and the pick lasts.
func TestLanguageIsKept(t *testing.T) {
	t.Parallel()
	c := newClient(t, newServer(t))
	r := c.get("/login/sign-in?a=b&ui_locales=en")
	link := r.one(t, "a", "hreflang", "it")
	if attr(link, "href") != "?a=b&ui_locales=it" || text(link) != "Italiano" || attr(link, "lang") != "it" {
		t.Fatalf("%v", link.Attr)
	}
	r = c.get("/login/sign-in" + attr(link, "href"))
	set := r.Cookies()
	if r.heading(t) != "Accesso" || len(set) != 1 || set[0].Name != "varco-lang" || set[0].Value != "it" || set[0].MaxAge <= 0 || !set[0].HttpOnly {
		t.Fatalf("%q %v", r.heading(t), set)
	}
	if r = c.get("/account"); r.heading(t) != "Sicurezza e accessi" {
		t.Errorf("the next page is in another language: %q", r.heading(t))
	}
	// A page that answers a form is at an address that means another thing.
	if r = c.post("/login/nothing", "v", "1"); len(r.all("nav", nil)) != 0 || r.StatusCode != http.StatusNotFound {
		t.Error("a form's answer offers to switch the language")
	}
}

func TestCatalogues(t *testing.T) {
	t.Parallel()
	c := web.Catalogues{
		Describe: func(instance string) (*sdk.Description, bool) {
			return &sdk.Description{Texts: map[string]map[string]string{
				"en":    {"a": "en a {x}", "b": "en b", "c": "en c"},
				"it":    {"a": "it a {x} {y} {z} {", "b": "it b"},
				"it-CH": {"a": "ch a"},
			}}, instance == "one"
		},
	}
	for _, tc := range []struct {
		instance, locale string
		text             sdk.Text
		want             string
	}{
		{"one", "en", sdk.Text{Key: "a", Params: map[string]string{"x": "{y}", "y": "2"}}, "en a {y}"},
		{"one", "it", sdk.Text{Key: "a", Params: map[string]string{"x": "{y}", "y": "<2>"}}, "it a {y} <2> {z} {"},
		{"one", "it-CH", sdk.Text{Key: "a"}, "ch a"},
		{"one", "it-CH", sdk.Text{Key: "b"}, "it b"},
		{"one", "it", sdk.Text{Key: "b"}, "it b"},
		{"one", "it", sdk.Text{Key: "c"}, "en c"},
		{"one", "de", sdk.Text{Key: "c"}, "en c"},
		{"one", "de", sdk.Text{Key: "d"}, ""},
		{"one", "de", sdk.Text{}, ""},
		{"two", "it", sdk.Text{Key: "b"}, ""},
	} {
		if got := c.Text(tc.instance, tc.locale, tc.text); got != tc.want {
			t.Errorf("%s %s %v: %q, want %q", tc.instance, tc.locale, tc.text, got, tc.want)
		}
	}
}
