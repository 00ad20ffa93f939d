package op

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/tx"
)

var logoutParams = names("id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales", paramConfirm)

// paramConfirm is the field of our own confirmation page.
const paramConfirm = "confirm"

// LogoutPage asks the person whether to sign out.
type LogoutPage struct {
	Client  *relyingparty.Client // who asks; nil when unknown
	Locales []string             // ui_locales of the request
	Action  string               // path to post to
	Fields  [][2]string          // hidden fields, the confirmation among them
}

// leaving is a checked logout request.
type leaving struct {
	client  *relyingparty.Registered // nil when unknown
	hint    *idTokenClaims           // nil without a hint
	to      string                   // "" when there is nowhere to return to
	state   string
	form    form
	confirm bool
}

// logout is RP-Initiated Logout 1.0. It ends the session without a question only if an id_token of the person who is signed
// in says that the relying party acts for them; otherwise any page could sign anybody out.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	f, err := readForm(w, r, logoutParams, true)
	if err != nil {
		h.failPage(w, r, err)
		return
	}
	own := h.sameOrigin(r)
	if r.Method == http.MethodPost && !own {
		// As in authorize: our cookies come with the GET. The confirmation does not travel along: nobody else may give it.
		delete(f, paramConfirm)
		if q := f.encode(); len(q) <= maxRedirectQuery {
			redirect(w, h.path+pathLogout+"?"+q)
			return
		}
	}
	l, err := h.readLogout(w, r, f)
	if l == nil {
		if err != nil {
			h.failPage(w, r, err)
		}
		return
	}
	l.confirm = r.Method == http.MethodPost && own && f[paramConfirm] != ""
	current, err := h.currentSession(r)
	if err != nil {
		h.failPage(w, r, err)
		return
	}
	switch {
	case current == nil:
	case l.confirm, l.hint != nil && l.hint.Subject == current.Subject:
		if err := h.endSession(r, l, current); err != nil {
			h.failPage(w, r, err)
			return
		}
	default:
		h.ConfirmLogout(w, r, h.confirmPage(l))
		return
	}
	h.ForgetSession(w)
	if l.to == "" {
		var client *relyingparty.Client
		if l.client != nil {
			client = &l.client.Client
		}
		h.SignedOut(w, r, client)
		return
	}
	to := l.to
	if l.state != "" {
		to = withQuery(to, [][2]string{{"state", l.state}})
	}
	h.Leave(w, r, to)
}

// readLogout checks who asks and where to return to. With a nil result the answer was given, or the error is for the caller
// to show.
func (h *Handler) readLogout(w http.ResponseWriter, r *http.Request, f form) (*leaving, error) {
	l := &leaving{state: f["state"], form: f}
	id := f["client_id"]
	if f["id_token_hint"] != "" {
		hint, err := h.readHint(r.Context(), f["id_token_hint"])
		switch {
		case errors.Is(err, errHint), err == nil && id != "" && id != hint.Audience[0]:
			h.ErrorPage(w, r, http.StatusBadRequest, PageLogout)
			return nil, nil
		case err != nil:
			return nil, err
		}
		l.hint, id = hint, hint.Audience[0]
	}
	if id != "" {
		client, err := h.Clients.Registered(r.Context(), id)
		switch {
		case err == nil:
			l.client = client
		case !fault.Is(err, fault.NotFound):
			return nil, err
		case l.hint == nil:
			h.ErrorPage(w, r, http.StatusBadRequest, PageUnknownClient)
			return nil, nil
		}
	}
	if uri := f["post_logout_redirect_uri"]; uri != "" {
		if l.client == nil || !l.client.MatchPostLogout(uri) {
			h.ErrorPage(w, r, http.StatusBadRequest, PageLogout)
			return nil, nil
		}
		l.to = uri
	}
	return l, nil
}

// currentSession is the browser's, nil if it has none that lives.
func (h *Handler) currentSession(r *http.Request) (*session.Session, error) {
	id, ok := session.FromCookie(h.Box, h.SessionCookie(r))
	if !ok {
		return nil, nil
	}
	s, err := h.Sessions.Session(r.Context(), h.DB, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !s.EndedAt.IsZero() || !h.Now().Before(s.ExpiresAt) {
		return nil, nil
	}
	return s, nil
}

func (h *Handler) endSession(r *http.Request, l *leaving, s *session.Session) error {
	ctx, now := r.Context(), h.Now()
	e := audit.Event{
		At: now, Kind: audit.SessionEnded, Subject: s.Subject, Session: s.ID, Address: h.Address(r), Data: map[string]string{"reason": "logout"},
	}
	if l.client != nil {
		e.Client = l.client.ClientID
	}
	return h.DB.InTx(ctx, func(q tx.Q) error {
		if err := h.Sessions.EndSession(ctx, q, s.ID, now); err != nil {
			return err
		}
		return audit.Write(ctx, q, h.Audit, e)
	})
}

func (h *Handler) confirmPage(l *leaving) LogoutPage {
	p := LogoutPage{Action: h.path + pathLogout, Fields: [][2]string{{paramConfirm, "yes"}}, Locales: strings.Fields(l.form["ui_locales"])}
	if l.client != nil {
		p.Client = &l.client.Client
		p.Fields = append(p.Fields, [2]string{"client_id", l.client.ClientID})
	}
	for _, name := range []string{"post_logout_redirect_uri", "state", "ui_locales"} {
		if v := l.form[name]; v != "" {
			p.Fields = append(p.Fields, [2]string{name, v})
		}
	}
	return p
}

// sameOrigin says that one of our own pages sent the request. A browser that sends neither header does not count as ours.
func (h *Handler) sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	return slices.Equal(r.Header.Values("Origin"), []string{h.origin})
}
