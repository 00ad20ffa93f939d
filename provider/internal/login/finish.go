package login

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

// keepDone is how long a finished flow is kept: a replayed authorization code must still find it, to have what it gave revoked. Flows
// nobody finishes go when they expire, because anybody can begin one.
const keepDone = 6 * time.Hour

// finish ends a satisfied flow: the OP session, what the tokens will say, the authorization code's hash. version is
// the one the flow's row will have, which the code is derived from.
func (d *Dispatcher) finish(x *run, version int64, c *change) error {
	x.state.leaveStep()
	x.state.Notice, x.state.Refusal, x.state.Consenting = Notice{}, "", false
	if x.recovering() {
		d.finishRecovery(x, c)
		return nil
	}
	if err := d.unbind(x, c); err != nil {
		return err
	}
	d.keepSession(x, c)

	acr, amr := d.truth(x)
	r := x.flow.Request
	x.flow.DoneAt, x.flow.CodeExpiresAt = x.now, x.now.Add(d.CodeLifetime)
	x.flow.ExpiresAt = x.now.Add(keepDone)
	x.flow.Outcome = Outcome{
		Subject: x.flow.Subject, Session: c.session.ID, Scopes: r.Scopes, Audience: r.Audience, ACR: acr, AMR: amr,
		AuthTime: c.session.AuthTime, Nonce: r.Nonce, Offline: slices.Contains(r.Scopes, "offline_access"),
	}
	if r.RedirectURI != "" {
		x.flow.CodeHash = CodeHash(CodeFor(d.Box, x.flow.ID, version))
	}
	if _, known := knownBrowser(d.Box, x.b.Known, x.flow.Subject, x.now); !known && len(x.state.Proofs) > 0 && d.full(x) {
		x.state.KnownBrowser = newKnownBrowser()
	}
	reused := ""
	if len(x.state.Proofs) == 0 {
		reused = "true"
	}
	c.finished = true
	c.event(x, audit.LoginCompleted, "acr", acr, "amr", strings.Join(amr, " "), "reused", reused,
		"auth_time", c.session.AuthTime.UTC().Format(time.RFC3339))
	return nil
}

// truth computes acr and amr from what was proven. The host alone does so; a plugin only claims amr values under its
// ceiling. Of the acr values asked for, the first that is reached is answered; otherwise the highest that is.
func (d *Dispatcher) truth(x *run) (acr string, amr []string) {
	level, _ := d.Policy.Reached(x.state.methods())
	if level < 0 {
		return "", nil
	}
	acr = d.Policy.Levels[level].ACR
	for _, a := range x.flow.Request.ACRValues {
		if l := d.Policy.Level(a); l >= 0 && l <= level {
			acr = a
			break
		}
	}
	amr, factors := claimed(slices.Concat(x.state.Old, x.state.Proofs))
	if factors > 1 && !slices.Contains(amr, "mfa") {
		amr = append(amr, "mfa") // RFC 8176: together with the methods
	}
	return acr, amr
}

// full says whether everything was proven that the person has. Only then are failures forgotten and is a browser given a budget of
// its own: whoever has a stolen password could else buy guesses at the second factor, without end, with logins that ask for none.
func (d *Dispatcher) full(x *run) bool {
	level, _ := d.Policy.Reached(x.state.methods())
	return level >= d.attainable(x.who.creds)
}

// attainable is the level that someone's authenticators reach together, -1 for none.
func (d *Dispatcher) attainable(creds []subscriber.Credential) int {
	enrolled := d.enrolled(creds)
	return d.Policy.Attainable(func(m string) bool { return slices.Contains(enrolled, m) })
}

// keepSession makes the OP session, or adds to the one the flow builds on.
func (d *Dispatcher) keepSession(x *run, c *change) {
	sess := x.session
	old, _ := session.FromCookie(d.Box, x.b.Session)
	if sess == nil {
		// A session id is never taken over from before a login: no fixation.
		c.newSession = true
		sess = &session.Session{ID: id.New(), Subject: x.flow.Subject, CreatedAt: x.now, ExpiresAt: x.now.Add(d.Session.Absolute), Version: 1}
	}
	if old != "" && old != sess.ID {
		c.endSession = old
	}
	for _, p := range x.state.Proofs {
		sess.Proofs = slices.DeleteFunc(sess.Proofs, func(o session.Proof) bool { return o.Method == p.Method })
		sess.Proofs = append(sess.Proofs, p)
		if p.At.After(sess.AuthTime) { // which may be a while ago: on a phone, before the browser came back
			sess.AuthTime = p.At
		}
	}
	sess.LastSeenAt = x.now
	sess.Browser, sess.Address = clip(x.b.UserAgent, 200), x.b.Address
	x.state.Session = sess.ID
	c.session = sess
}

// idleAt is when a session counts as left by its owner.
func (d *Dispatcher) idleAt(seen ...time.Time) time.Time {
	return slices.MaxFunc(seen, time.Time.Compare).Add(d.Session.Inactivity)
}

// resumeSession reads the session a running flow builds on. If it has ended since, what it proved does not count any
// more: a session that was revoked must not live on in a page somebody left open. ended says that the page at hand is void.
func (d *Dispatcher) resumeSession(ctx context.Context, x *run) (ended bool, err error) {
	if x.state.Session == "" {
		return false, nil
	}
	s, err := d.Rows.Session(ctx, d.DB, x.state.Session)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	// A page left open is no activity (RTS article 4(3)(d)); answering it is.
	idle := err == nil && !x.now.Before(d.idleAt(s.LastSeenAt, x.state.SeenAt))
	if err != nil || idle || !s.EndedAt.IsZero() || !x.now.Before(s.ExpiresAt) || s.Subject != x.flow.Subject {
		if len(x.state.Proofs) == 0 {
			x.forget()
			return true, nil
		}
		x.state.leaveStep()
		x.state.Session, x.state.Old, x.state.Consenting, x.state.Consented = "", nil, false, false
		return true, nil
	}
	if len(x.state.Old) == 0 {
		s.Proofs = nil // did not count for this request, and must not come back through it
	}
	x.session = s
	return false, nil
}

// unbind removes the credential the person asked to remove, now that they have proven enough.
func (d *Dispatcher) unbind(x *run, c *change) error {
	if x.flow.Request.Unbind == "" {
		return nil
	}
	i := slices.IndexFunc(x.who.creds, func(o subscriber.Credential) bool { return o.ID == x.flow.Request.Unbind })
	if i < 0 {
		return nil // gone already: a second tab
	}
	if !d.removable(x.who.creds, x.who.creds[i].ID) {
		x.state.Refusal = RefusalLastMethod
		return nil
	}
	cred := x.who.creds[i]
	c.unbound = &cred
	c.event(x, audit.CredentialRevoked, "credential", cred.ID, "instance", cred.Instance, "reason", "subscriber")
	d.notice(x, c, delivery.NoticeRemoved, cred.Instance, cred.ID)
	return nil
}
