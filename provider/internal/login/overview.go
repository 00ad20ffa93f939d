package login

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
	"github.com/varco-id/varco/provider/internal/tx"
)

// owner returns the live session of the browser; fault.Denied when nobody is signed in.
func (d *Dispatcher) owner(ctx context.Context, b Browser) (*session.Session, error) {
	sid, ok := session.FromCookie(d.Box, b.Session)
	if !ok {
		return nil, fault.New(fault.Denied, "nobody is signed in in this browser")
	}
	s, err := d.Rows.Session(ctx, d.DB, sid)
	if fault.Is(err, fault.NotFound) || (err == nil && !s.Live(d.Now(), d.Session.Inactivity)) {
		return nil, fault.New(fault.Denied, "the session has ended")
	}
	return s, err
}

// Overview returns what the person's own page shows, and counts as activity of the session. fault.Denied: sign in first.
func (d *Dispatcher) Overview(ctx context.Context, b Browser) (*Overview, error) {
	s, err := d.owner(ctx, b)
	if err != nil {
		return nil, err
	}
	now := d.Now()
	sub, err := d.Rows.SubscriberByID(ctx, d.DB, s.Subject)
	if fault.Is(err, fault.NotFound) || (err == nil && sub.Status != subscriber.Active) {
		return nil, fault.New(fault.Denied, "the subscriber may not sign in")
	}
	if err != nil {
		return nil, err
	}
	creds, err := d.Rows.CredentialsOf(ctx, d.DB, s.Subject)
	if err != nil {
		return nil, err
	}
	who := person{sub: sub}
	o := &Overview{Subject: s.Subject, DisplayName: who.display(), Locale: d.locale(who.locales(), b.Locales)}
	if o.Names, err = d.Rows.NamesOf(ctx, d.DB, s.Subject); err != nil {
		return nil, err
	}
	d.describeCredentials(o, creds)
	sessions, err := d.Rows.SessionsOf(ctx, d.DB, s.Subject, now)
	if err != nil {
		return nil, err
	}
	for _, e := range sessions {
		if e.Live(now, d.Session.Inactivity) {
			o.Sessions = append(o.Sessions, SessionInfo{ID: e.ID, Browser: e.Browser, Address: e.Address,
				CreatedAt: e.CreatedAt, LastSeenAt: e.LastSeenAt, Current: e.ID == s.ID})
		}
	}
	consents, err := d.Rows.ConsentsOf(ctx, d.DB, s.Subject)
	if err != nil {
		return nil, err
	}
	for _, e := range consents {
		info := ConsentInfo{Client: e.Client, Name: e.Client, Scopes: e.Scopes, GrantedAt: e.GrantedAt}
		if c, err := d.Clients.Client(ctx, e.Client); err == nil && c.Name != "" {
			info.Name = c.Name
		}
		o.Consents = append(o.Consents, info)
	}
	if err := d.describeLife(ctx, o, sub); err != nil {
		return nil, err
	}
	s.LastSeenAt = now
	if err := d.Rows.UpdateSession(ctx, d.DB, *s); err != nil && !fault.Is(err, fault.Conflict) {
		return nil, err // a conflict means that another request was activity too
	}
	return o, nil
}

func (d *Dispatcher) describeCredentials(o *Overview, creds []subscriber.Credential) {
	level, enrolled := d.attainable(creds), d.enrolled(creds)
	for _, c := range creds {
		info := CredentialInfo{ID: c.ID, Instance: c.Instance, Label: c.Label, CreatedAt: c.CreatedAt,
			LastUsedAt: c.LastUsedAt, Removable: d.removable(creds, c.ID)}
		for _, m := range d.Plugins.Methods() {
			if m.Instance == c.Instance {
				info.Method, info.Title = m.Ref, sdk.Text{Key: m.Method.Title}
				// Of what a person has one of (a password), binding again is changing it.
				info.Changeable = m.Available && m.Method.CanEnrol && m.Method.MaxCredentials <= 1
				break
			}
		}
		o.Credentials = append(o.Credentials, info)
	}
	for _, m := range d.Plugins.Methods() {
		have := 0
		for _, c := range creds {
			if c.Instance == m.Instance {
				have++
			}
		}
		if m.Available && m.Method.CanEnrol && have < max(m.Method.MaxCredentials, 1) &&
			mayBind(d.Policy, m.Ref, level, enrolled) {
			o.Bindable = append(o.Bindable, MethodOption{Method: m.Ref, Instance: m.Instance, Title: sdk.Text{Key: m.Method.Title}})
		}
	}
}

// removable says whether the person could still sign in without the credential.
func (d *Dispatcher) removable(creds []subscriber.Credential, id string) bool {
	var rest []subscriber.Credential
	for _, c := range creds {
		if c.ID != id {
			rest = append(rest, c)
		}
	}
	return d.attainable(rest) >= 0
}

// EndSession ends one of the person's own sessions. An empty id means the browser's own, which may be ended whatever its age.
func (d *Dispatcher) EndSession(ctx context.Context, b Browser, sessionID string) error {
	if sessionID == "" {
		sid, ok := session.FromCookie(d.Box, b.Session)
		if !ok {
			return fault.New(fault.Denied, "nobody is signed in in this browser")
		}
		e, err := d.Rows.Session(ctx, d.DB, sid)
		if err != nil {
			return err
		}
		return d.endSession(ctx, e, "logout", b)
	}
	s, err := d.owner(ctx, b)
	if err != nil {
		return err
	}
	e, err := d.Rows.Session(ctx, d.DB, sessionID)
	if err != nil {
		return err
	}
	if e.Subject != s.Subject {
		return fault.New(fault.NotFound, "no such session")
	}
	return d.endSession(ctx, e, "subscriber", b)
}

func (d *Dispatcher) endSession(ctx context.Context, e *session.Session, reason string, b Browser) error {
	return d.DB.InTx(ctx, func(q tx.Q) error {
		if err := d.Rows.EndSession(ctx, q, e.ID, d.Now()); err != nil {
			return err
		}
		return audit.Write(ctx, q, d.Rows, audit.Event{At: d.Now(), Kind: audit.SessionEnded, Subject: e.Subject,
			Session: e.ID, Address: b.Address, Data: map[string]string{"reason": reason}})
	})
}

// RevokeConsent takes back what the person allowed a relying party; it is asked again at the next login.
func (d *Dispatcher) RevokeConsent(ctx context.Context, b Browser, client string) error {
	s, err := d.owner(ctx, b)
	if err != nil {
		return err
	}
	return d.DB.InTx(ctx, func(q tx.Q) error {
		if err := d.Rows.DeleteConsent(ctx, q, s.Subject, client); err != nil {
			return err
		}
		// What was granted on the strength of it ends too, the tokens that work while the person is away first of all.
		if err := d.Rows.RevokeOf(ctx, q, s.Subject, client, d.Now()); err != nil {
			return err
		}
		return audit.Write(ctx, q, d.Rows, audit.Event{At: d.Now(), Kind: audit.ConsentRevoked, Subject: s.Subject,
			Client: client, Session: s.ID, Address: b.Address})
	})
}
