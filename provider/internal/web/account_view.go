package web

import (
	"time"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// accountBody is the person's own page.
type accountBody struct {
	DisplayName string
	UserName    string
	Done        string // what was just done
	Credentials []credentialRow
	Bindable    []other
	Sessions    []sessionRow
	Consents    []consentRow
	Contacts    []contactRow
	Cooling     moment // until then relying parties are told to be careful
	Events      []eventRow
}

type credentialRow struct {
	ID, Title, Label  string
	Created, LastUsed moment
	Removable         bool
	Change            string // method to bind again, "" when it cannot be changed
}

type sessionRow struct {
	ID, Browser, Address string
	Created, LastSeen    moment
	Current              bool
}

type consentRow struct {
	Client, Name string
	Scopes       []string
	Granted      moment
}

// moment is a time to read and to compute with.
type moment struct{ Text, ISO string }

func (h *Handler) accountBody(w *words, o *login.Overview) *accountBody {
	b := &accountBody{DisplayName: o.DisplayName, Bindable: h.others(w, o.Bindable), Contacts: h.contactRows(w, o.Contacts),
		Cooling: h.moment(w, o.Cooling.Until), Events: h.eventRows(w, o.Events)}
	for _, n := range o.Names {
		if n.Kind == subscriber.NameUsername && !n.Retired {
			b.UserName = n.Shown
			break
		}
	}
	if b.UserName == b.DisplayName {
		b.UserName = ""
	}
	for _, c := range o.Credentials {
		title := h.opt.Texts.Text(c.Instance, w.Lang, c.Title)
		if title == "" { // its plugin is gone; the person must still see and remove it
			title = w.T("account.authenticators.unknown")
		}
		row := credentialRow{ID: c.ID, Title: title, Label: c.Label, Created: h.moment(w, c.CreatedAt), LastUsed: h.moment(w, c.LastUsedAt),
			Removable: c.Removable}
		if c.Changeable {
			row.Change = c.Method
		}
		if row.Label == row.Title {
			row.Label = ""
		}
		b.Credentials = append(b.Credentials, row)
	}
	for _, s := range o.Sessions {
		b.Sessions = append(b.Sessions, sessionRow{ID: s.ID, Browser: browserName(w, s.Browser), Address: s.Address,
			Created: h.moment(w, s.CreatedAt), LastSeen: h.moment(w, s.LastSeenAt), Current: s.Current})
	}
	for _, c := range o.Consents {
		row := consentRow{Client: c.Client, Name: c.Name, Granted: h.moment(w, c.GrantedAt)}
		if row.Name == "" {
			row.Name = c.Client
		}
		for _, s := range scopes(w, c.Scopes) {
			row.Scopes = append(row.Scopes, s.Title)
		}
		b.Consents = append(b.Consents, row)
	}
	return b
}

// moment writes a time in the operator's zone and names the zone; script turns it to the browser's. The zero time is empty.
func (h *Handler) moment(w *words, t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	t = t.In(h.opt.Location)
	return moment{
		Text: w.T("date", "day", t.Day(), "month", w.T("month."+t.Format("01")), "year", t.Year(), "time", t.Format("15:04 MST")),
		ISO:  t.UTC().Format(time.RFC3339),
	}
}
