package bank

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	cookieName  = "banca_demo"
	lifetime    = 30 * time.Minute
	maxSessions = 10_000 // a stranger can begin sessions: they must not fill the memory
)

// session is what the bank keeps of a browser.
type session struct {
	id      string
	expires time.Time

	Pending   *pendingLogin // on the way to the provider and back
	Claims    *Claims       // nil: not signed in
	IDToken   string
	Token     *oauth2.Token
	Refreshed time.Time
}

// pendingLogin is what the answer of the provider is held against.
type pendingLogin struct{ State, Nonce, Verifier string }

type sessions struct {
	mu  sync.Mutex
	all map[string]*session
}

// of returns a copy of the browser's session, nil when it has none.
func (ss *sessions) of(r *http.Request) *session {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s := ss.all[c.Value]
	if s == nil || time.Now().After(s.expires) {
		return nil
	}
	copied := *s
	return &copied
}

// begin makes a session and gives its cookie to the browser.
func (ss *sessions) begin(w http.ResponseWriter, secure bool) *session {
	s := &session{id: random(), expires: time.Now().Add(lifetime)}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for id, old := range ss.all {
		if len(ss.all) >= maxSessions || time.Now().After(old.expires) {
			delete(ss.all, id)
		}
	}
	ss.all[s.id] = s
	// Lax: the browser must send it when the provider sends it back here.
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: s.id, Path: "/", MaxAge: int(lifetime.Seconds()), HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
	copied := *s
	return &copied
}

// change changes a session that still exists.
func (ss *sessions) change(s *session, f func(*session)) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if stored := ss.all[s.id]; stored != nil {
		f(stored)
		*s = *stored
	}
}

func (ss *sessions) end(s *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.all, s.id)
}
