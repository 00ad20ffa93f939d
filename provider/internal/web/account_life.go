package web

import (
	"net/http"
	"slices"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// contactRow is an address on the person's own page.
type contactRow struct {
	Channel, Title, Address string
	Verified                moment
	Proven                  bool
}

// eventRow is something that happened.
type eventRow struct {
	Text, Address, Browser string
	At                     moment
	ByBank                 bool
}

// eventsBody is the page with all that happened.
type eventsBody struct {
	Events []eventRow
	Before string // id of the last one shown, "" when there are no older ones
}

func (h *Handler) contactRows(w *words, list []login.ContactInfo) []contactRow {
	var out []contactRow
	for _, c := range list {
		out = append(out, contactRow{Channel: string(c.Channel), Title: w.T("account.contacts." + string(c.Channel)), Address: c.Masked,
			Verified: h.moment(w, c.VerifiedAt), Proven: c.Verified})
	}
	return out
}

func (h *Handler) eventRows(w *words, list []subscriber.Event) []eventRow {
	var out []eventRow
	for _, e := range list {
		key := "event." + e.Kind
		for _, more := range []string{"channel", "kind", "reason"} { // of a closed list, and only where there are words for it
			if v := e.Data[more]; v != "" && w.Has(key+"."+v) {
				key += "." + v
				break
			}
		}
		if !w.Has(key) {
			if key = "event." + e.Kind + ".any"; !w.Has(key) {
				continue
			}
		}
		row := eventRow{Text: w.T(key, "method", h.eventMethod(w, e)), Address: e.Address, At: h.moment(w, e.At), ByBank: e.Data["by"] != ""}
		if e.Browser != "" {
			row.Browser = browserName(w, e.Browser)
		}
		out = append(out, row)
	}
	return out
}

// eventMethod is what the person calls the method of an event.
func (h *Handler) eventMethod(w *words, e subscriber.Event) string {
	instance := e.Data["instance"]
	for _, m := range h.opt.Recovery.Recoverable() {
		if m.Method == e.Data["method"] || (instance != "" && m.Instance == instance) {
			if title := h.opt.Texts.Text(m.Instance, w.Lang, m.Title); title != "" {
				return title
			}
		}
	}
	return w.T("account.authenticators.unknown")
}

// accountEvents shows what happened, a page at a time.
func (h *Handler) accountEvents(w http.ResponseWriter, r *http.Request) {
	h.rememberLocale(w, r)
	before := r.URL.Query().Get("before")
	if before != "" && !isToken(before) {
		h.notFound(w, r)
		return
	}
	list, more, err := h.opt.Account.Events(r.Context(), h.browser(r), before)
	if fault.Is(err, fault.Denied) {
		h.redirect(w, h.base+"/account")
		return
	}
	if err != nil {
		h.failed(w, r, err, "?")
		return
	}
	words := h.words(r, "")
	b := eventsBody{Events: h.eventRows(words, list)}
	if more {
		b.Before = list[len(list)-1].ID
	}
	h.render(w, r, http.StatusOK, "account_events", &page{words: words, Title: words.T("account.events.title"), Body: b, Signed: true, Wide: true})
}

// accountContact begins a Flow that replaces an address.
func (h *Handler) accountContact(w http.ResponseWriter, r *http.Request) {
	f, err := form(w, r)
	channel := subscriber.Channel("")
	if err == nil {
		if channel = subscriber.Channel(f.Get("channel")); !slices.Contains(subscriber.Channels, channel) {
			err = fault.New(fault.Invalid, "an address of no known kind")
		}
	}
	if err != nil {
		h.failed(w, r, err, "")
		return
	}
	h.startAccount(w, r, login.Request{Contact: channel})
}

// text resolves a text of a plugin, or of the host's own step, which has no instance.
func (h *Handler) text(w *words, instance string, t sdk.Text) string {
	if instance != "" || t.Key == "" {
		return h.opt.Texts.Text(instance, w.Lang, t)
	}
	key := "host." + t.Key
	if !w.Has(key) {
		return ""
	}
	return w.T(key, params(t.Params)...)
}
