package op

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// formPage posts the response to the relying party (OAuth 2.0 Form Post Response Mode): by script, or by the person's click where
// there is none. The nonce is the only script that may run here.
var formPage = template.Must(template.New("form_post").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1><form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<p>{{.Text}}</p><button type="submit">{{.Button}}</button></form></main>
<script nonce="{{.Nonce}}">document.forms[0].submit()</script></body></html>
`))

type formTexts struct{ Lang, Title, Text, Button string }

// formLanguages has the two languages of the provider's pages; the page is gone before most people see it.
var formLanguages = map[string]formTexts{
	"en": {"en", "Signed in", "You are being returned to the application.", "Continue"},
	"it": {"it", "Accesso effettuato", "Stai tornando all'applicazione.", "Continua"},
}

func (h *Handler) sendForm(w http.ResponseWriter, to reply, fields []field) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	nonce := base64.RawURLEncoding.EncodeToString(raw[:])
	texts := formLanguages["en"]
	for l := range strings.FieldsSeq(to.locales) {
		if t, ok := formLanguages[strings.ToLower(l[:min(2, len(l))])]; ok {
			texts = t
			break
		}
	}
	if fields[0].Name == "error" {
		texts.Title = texts.Text // nobody signed in
	}
	var page bytes.Buffer
	err := formPage.Execute(&page, struct {
		formTexts
		Action template.URL // matched a registered redirect URI; html/template would refuse a native application's scheme
		Fields []field
		Nonce  string
	}{texts, template.URL(to.uri), fields, nonce})
	if err != nil {
		h.Log.Error("form_post page not rendered", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Length", strconv.Itoa(page.Len()))
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "strict-origin") // with no-referrer the browser would post with Origin: null
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; form-action "+relyingparty.FormAction(to.uri)+
		"; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(http.StatusOK)
	_, _ = page.WriteTo(w)
}
