package bank

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed static
var static embed.FS

// Logo is the bank's mark, an SVG, for whoever signs its customers in.
//
//go:embed static/logo.svg
var Logo []byte

var pages = template.Must(template.ParseFS(templates, "templates/*.html"))

// page is what every template gets.
type page struct {
	Lang    string
	T       map[string]string
	Account string
	Demo    bool
	Data    any
}

var matcher = language.NewMatcher([]language.Tag{language.Italian, language.English})

// pageLanguage picks a language the bank speaks: "it" or "en".
func pageLanguage(r *http.Request) string {
	_, i := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return []string{"it", "en"}[i]
}

func (b *Bank) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	lang := pageLanguage(r)
	var out bytes.Buffer
	p := page{Lang: lang, T: texts[lang], Account: b.config.AccountURL, Demo: b.config.Tips != nil, Data: data}
	if err := pages.ExecuteTemplate(&out, name, p); err != nil {
		b.config.Log.ErrorContext(r.Context(), "page not rendered", "page", name, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the browser went away: nobody to tell
}

// fail shows an error in words; what happened goes to the log.
func (b *Bank) fail(w http.ResponseWriter, r *http.Request, status int, text string, err error) {
	b.config.Log.WarnContext(r.Context(), "login at the bank failed", "reason", text, "error", err)
	b.render(w, r, status, "error.html", texts[pageLanguage(r)][text])
}

func (b *Bank) home(w http.ResponseWriter, r *http.Request) {
	if s := b.sessions.of(r); s != nil && s.Claims != nil {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return
	}
	b.render(w, r, http.StatusOK, "home.html", nil)
}

func (b *Bank) tips(w http.ResponseWriter, r *http.Request) {
	if b.config.Tips == nil {
		http.NotFound(w, r)
		return
	}
	b.render(w, r, http.StatusOK, "try.html", b.config.Tips(pageLanguage(r)))
}

// accountView is the signed-in page.
type accountView struct {
	Name, Balance, IBAN      string
	Strong                   bool
	Level, Methods, SignedIn string // the ID token in plain words
	ACR, AMR                 string // and as it is
	Refreshed                string
	Movements                []movement
}

type movement struct{ Date, Text, Amount string }

func (b *Bank) account(w http.ResponseWriter, r *http.Request) {
	s := b.sessions.of(r)
	if s == nil || s.Claims == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	t := texts[pageLanguage(r)]
	v := accountView{Name: s.Claims.Name, Balance: euro(t, "4217,36"), IBAN: "IT60 X054 2811 1010 0000 0123 456", Strong: s.Claims.strong(),
		Level: t["level_one"], ACR: s.Claims.ACR, AMR: strings.Join(s.Claims.AMR, " "), SignedIn: clock(time.Unix(s.Claims.AuthTime, 0))}
	if v.Name == "" {
		v.Name = t["customer"]
	}
	var methods []string
	for _, m := range s.Claims.AMR {
		if words := t["amr_"+m]; words != "" {
			methods = append(methods, words)
		}
	}
	v.Methods = strings.Join(methods, " + ")
	if v.Strong {
		v.Level = t["level_strong"]
		v.Movements = []movement{{"19/11", "Supermercato Il Faro", euro(t, "−62,40")}, {"17/11", t["salary"], euro(t, "+2140,00")}, {"14/11", "Farmacia Centrale", euro(t, "−18,90")}}
	}
	if !s.Refreshed.IsZero() {
		v.Refreshed = clock(s.Refreshed)
	}
	b.render(w, r, http.StatusOK, "account.html", v)
}

func clock(t time.Time) string { return t.Format("15:04:05") }

// euro writes an amount with the language's decimal sign.
func euro(t map[string]string, amount string) string {
	return strings.Replace(amount, ",", t["decimal"], 1) + " €"
}
