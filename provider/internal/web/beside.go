package web

import (
	"net/http"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/login"
)

// besideView is a method that names the person, beside the field for their name. The browser offers its passkeys in that field, and the
// script alone can show the button: without it there is nothing to press that could not work.
type besideView struct {
	Method, Ceremony string
	Create           bool
	Action           action
}

// beside returns nil when there is none, or none that can be shown.
func (h *Handler) beside(r *http.Request, w *words, s *login.BesidePage) *besideView {
	if s == nil {
		return nil
	}
	text := func(t sdk.Text) string { return h.opt.Texts.Text(s.Instance, w.Lang, t) }
	v, err := buildView(s.View, text)
	if err != nil {
		h.opt.Log.WarnContext(r.Context(), "plugin view refused", "instance", s.Instance, "method", s.Method, "error", err)
		return nil
	}
	i := slices.IndexFunc(v.Nodes, func(n node) bool { return n.Kind == "webauthn" })
	if i < 0 {
		return nil
	}
	out := &besideView{Method: s.Method, Ceremony: v.Nodes[i].Ceremony, Create: v.Nodes[i].Create, Action: action{Label: text(s.Title)}}
	if len(v.Actions) > 0 {
		out.Action = v.Actions[0]
	}
	return out
}

// explains says whether the view tells by itself what went wrong, without a field to point to.
func (v *view) explains() bool {
	return slices.ContainsFunc(v.Nodes, func(n node) bool { return n.Kind == "paragraph" && n.Style == string(sdk.StyleError) })
}

// isAnswer says whether a notice is about what was answered, of which the plugin knows more.
func isAnswer(code string) bool {
	switch code {
	case login.NoticeWrong, noticeWrongCode, login.NoticeInput, login.NoticeExpired, login.NoticeReplayed, login.NoticeDenied:
		return true
	}
	return false
}
