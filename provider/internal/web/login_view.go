package web

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/login"
)

// loginBody is what the pages of a Flow share.
type loginBody struct {
	Flow       string // address to send the forms to
	Version    int64
	Client     string // the relying party's name, "" when it is not to be named
	Account    bool   // the Flow belongs to the person's own page
	Minutes    int    // until the Flow expires
	Name       string // the user name given
	AskName    bool
	Identified bool
	Binding    bool
	Notice     *notice
	NameError  bool // the notice is about what is typed here, so the fields are marked
	View       *view
	Beside     *besideView
	Others     []other
	Scopes     []scope
	Retry      bool // a refusal that may pass: offer to try again
	Restart    bool // a refusal of this person: offer another name
	Leave      bool // a refusal that the relying party can be told of
	Call       bool // a refusal that the bank's people can help with
	Focus      string
	Recovering bool   // the Flow replaces what was lost
	Changing   bool   // what is bound replaces what the person has
	Help       string // id of the Flow, where the page leads to recovery
}

type notice struct {
	Text, Style string
}

// other is a method to choose.
type other struct{ Method, Title string }

type scope struct{ Name, Title, Text string }

// showLogin renders a Flow's page.
func (h *Handler) showLogin(w http.ResponseWriter, r *http.Request, p *login.Page) {
	words := h.words(r, p.Locale)
	b := &loginBody{Flow: h.base + "/login/" + p.Flow, Version: p.Version, Account: p.Client == login.AccountClient}
	if h.opt.ClientName != nil && !b.Account {
		b.Client = h.opt.ClientName(r.Context(), p.Client, words.Lang)
	}
	if left := p.Expires.Sub(h.opt.Now()); !p.Expires.IsZero() && left > 0 {
		b.Minutes = minutes(left)
	}
	b.Recovering = p.Request.Recover != ""
	pg := &page{words: words, Body: b, formTarget: formTarget(p.Request.RedirectURI)}
	switch {
	case p.Step != nil:
		key, ok := openingOf(r, words.Lang, b, p.Step)
		if !ok {
			h.showStep(w, r, pg, b, p.Step, func(raw []byte) { h.send(w, r, http.StatusOK, pg, raw) })
			return
		}
		raw := h.openings.page(key, p.Flow, func() (raw []byte) {
			h.showStep(w, r, pg, b, p.Step, func(built []byte) { raw = bytes.Clone(built) })
			return raw
		})
		if raw != nil {
			h.send(w, r, http.StatusOK, pg, raw)
		}
	case p.Choose != nil:
		h.showChoose(w, r, pg, b, p.Choose)
	case p.Consent != nil:
		h.showConsent(w, r, pg, b, p.Consent, p.Client)
	case p.Refusal != nil:
		h.showRefusal(w, r, pg, b, p.Refusal)
	default:
		h.opt.Log.ErrorContext(r.Context(), "login page without content", "version", p.Version)
		h.ErrorPage(w, r, http.StatusInternalServerError, ErrorInternal)
	}
}

// showStep hands the page of a step to then, or answers with another one when the step cannot be shown.
func (h *Handler) showStep(w http.ResponseWriter, r *http.Request, pg *page, b *loginBody, step *login.StepPage, then func(raw []byte)) {
	s := *step // the notice may be replaced below, and the page is the pipeline's
	text := func(t sdk.Text) string { return h.text(pg.words, s.Instance, t) }
	v, err := buildView(s.View, text)
	if err != nil {
		// A view that cannot be shown faithfully is not shown: the person gets the other methods.
		h.opt.Log.WarnContext(r.Context(), "plugin view refused", "instance", s.Instance, "method", s.Method, "error", err)
		h.showChoose(w, r, pg, b, &login.ChoosePage{Name: s.Name, Options: s.Others, Notice: login.Notice{Code: login.NoticeUnavailable}})
		return
	}
	b.View, b.Name, b.AskName, b.Identified, b.Binding, b.Changing = v, s.Name, s.AskName, s.Identified, s.Binding, s.Changing
	if !b.Recovering && !b.Binding && s.Instance != "" && len(h.opt.Recovery.Recoverable()) > 0 {
		b.Help = strings.TrimPrefix(b.Flow, h.base+"/login/")
	}
	b.Others = h.others(pg.words, s.Others)
	b.Beside = h.beside(r, pg.words, s.Beside)
	pg.Ceremony = v.Script || b.Beside != nil
	if s.Notice.Code == login.NoticeWrong && !s.AskName {
		s.Notice.Code = noticeWrongCode
	}
	if len(v.Errors) > 0 && (s.Notice.Code == noticeWrongCode || s.Notice.Code == login.NoticeWrong || s.Notice.Code == login.NoticeInput) {
		s.Notice = login.Notice{} // the plugin says which field, and why: once is enough
	}
	if v.explains() && isAnswer(s.Notice.Code) {
		s.Notice = login.Notice{}
	}
	b.Notice = noticeOf(pg.words, s.Notice)
	switch s.Notice.Code {
	case login.NoticeWrong, noticeWrongCode, login.NoticeLastTry, login.NoticeLastingNext, login.NoticeExpired, login.NoticeReplayed, login.NoticeInput:
		b.NameError = true
	}
	pg.Problem = b.NameError || len(v.Errors) > 0 || v.explains()
	if pg.Title = v.Title; pg.Title == "" {
		pg.Title = text(s.Title)
	}
	if len(v.Actions) == 0 && (v.Form || s.AskName) {
		v.Actions = []action{{Label: pg.T("continue"), Primary: true}}
		v.Form = true
	}
	pg.Refresh = v.waits() && !b.AskName
	b.place()
	h.rendered(w, r, "step", pg, then)
}

// place says which field has the focus when the page appears, and ties the notice to the fields it is about. A field that comes after
// something to read or scan gets no focus, unless it is wrong: the keyboard of a phone would cover what comes before it.
func (b *loginBody) place() {
	if b.AskName && b.Name == "" && len(b.View.Errors) == 0 {
		b.Focus = "username"
	}
	covered := false
	for i := range b.View.Nodes {
		n := &b.View.Nodes[i]
		switch n.Kind {
		case "field":
		case "paragraph":
			continue
		default:
			covered = covered || !b.NameError
			continue
		}
		if b.NameError {
			n.Field.DescribedBy = join("notice", n.Field.DescribedBy)
		}
		wrong := len(b.View.Errors) > 0 && b.View.Errors[0].ID == n.Field.ID
		if b.Focus == "" && (wrong || len(b.View.Errors) == 0 && !covered) {
			b.Focus, n.Field.Focus = n.Field.ID, true
		}
	}
}

func (h *Handler) showChoose(w http.ResponseWriter, r *http.Request, pg *page, b *loginBody, c *login.ChoosePage) {
	b.Name = c.Name
	b.Notice = noticeOf(pg.words, c.Notice)
	b.Others = h.others(pg.words, c.Options)
	pg.Title = pg.T("choose.title")
	h.render(w, r, http.StatusOK, "choose", pg)
}

func (h *Handler) showConsent(w http.ResponseWriter, r *http.Request, pg *page, b *loginBody, c *login.ConsentPage, client string) {
	b.Name = c.Name
	if b.Client == "" {
		b.Client = client
	}
	b.Scopes = scopes(pg.words, c.Scopes)
	pg.Title = pg.T("consent.title", "client", b.Client)
	h.render(w, r, http.StatusOK, "consent", pg)
}

func (h *Handler) showRefusal(w http.ResponseWriter, r *http.Request, pg *page, b *loginBody, f *login.Refusal) {
	code := f.Code
	if b.Recovering && code == login.RefusalNoMethod {
		code = refusalNoRecovery
	}
	if code == login.RefusalContested && !b.Recovering {
		b.Help = strings.TrimPrefix(b.Flow, h.base+"/login/")
	}
	if !pg.Has("refusal." + code + ".title") {
		h.opt.Log.WarnContext(r.Context(), "refusal without text", "refusal", code)
		code = refusalOther
	}
	b.Notice = &notice{Text: pg.T("refusal."+code+".text", params(f.Params)...)}
	pg.Title = pg.T("refusal." + code + ".title")
	status := http.StatusForbidden
	b.Leave = f.Code != login.RefusalRedeemed
	b.Call = b.Leave && f.Code != login.RefusalLastMethod && f.Code != login.RefusalDown
	switch f.Code {
	case login.RefusalBlocked, login.RefusalContested, login.RefusalNoMethod:
		b.Restart = !b.Account
	case login.RefusalDown:
		b.Retry, status = true, http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(retrySeconds))
	case login.RefusalRedeemed:
		status = http.StatusGone
	}
	h.render(w, r, status, "refusal", pg)
}

const (
	refusalOther      = "generic"
	refusalNoRecovery = "no_recovery" // RefusalNoMethod in a recovery
	noticeWrongCode   = "wrong_code"  // NoticeWrong on a page that asks for no name, where mentioning it would confuse
)

func (h *Handler) others(w *words, options []login.MethodOption) []other {
	out := make([]other, 0, len(options))
	for _, o := range options {
		if title := h.text(w, o.Instance, o.Title); title != "" {
			out = append(out, other{o.Method, title})
		}
	}
	return out
}

// noticeOf is the host's message above a page; nil when there is none.
func noticeOf(w *words, n login.Notice) *notice {
	if n.Code == "" {
		return nil
	}
	style := "error"
	switch n.Code {
	case login.NoticeLastTry, login.NoticeLastingNext, login.NoticeUnavailable:
		style = "warning"
	case login.NoticeReauth, login.NoticeStepUp:
		style = "info"
	}
	key := "notice." + n.Code
	if !w.Has(key) {
		key = "notice." + login.NoticeUnavailable
	}
	return &notice{Text: w.T(key, params(n.Params)...), Style: style}
}

// params hands a notice's parameters to the catalogue; minutes choose the plural form.
func params(m map[string]string) []any {
	out := make([]any, 0, 2*len(m)+2)
	for name, value := range m {
		out = append(out, name, value)
		if name == "minutes" {
			if n, err := strconv.Atoi(value); err == nil {
				out = append(out, "count", n)
			}
		}
	}
	return out
}

// scopes tells a person what each scope gives away. A scope of the operator's own shows its name when the catalogue has no text.
func scopes(w *words, names []string) []scope {
	out := make([]scope, 0, len(names))
	for _, s := range names {
		s = scopeOf(s)
		if s == "openid" { // the identity itself: the page's introduction says it
			continue
		}
		if slices.ContainsFunc(out, func(e scope) bool { return e.Name == s }) {
			continue
		}
		e := scope{Name: s, Title: s}
		if w.Has("scope." + s + ".title") {
			e.Title, e.Text = w.T("scope."+s+".title"), w.T("scope."+s+".text")
		}
		out = append(out, e)
	}
	return out
}

// scopeOf is what a person is asked about: a claim asked for by name (the claims parameter, OIDC Core 5.5) is shown as the scope
// that it is part of (5.4).
func scopeOf(s string) string {
	claim, ok := strings.CutPrefix(s, "claim:")
	if !ok {
		if claim, ok = strings.CutPrefix(s, "id_claim:"); !ok {
			return s
		}
	}
	switch claim {
	case "email", "email_verified":
		return "email"
	case "phone_number", "phone_number_verified":
		return "phone"
	case "address":
		return "address"
	}
	return "profile"
}

// minutes is a duration in whole minutes, at least one; never more than there are.
func minutes(d time.Duration) int { return max(1, int(d.Minutes())) }
