package op_test

import (
	"context"
	"database/sql"
	"fmt"
	"html"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/op"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/tx"
)

// counted is the store, counting what the handler asks of it: transactions, and statements outside any.
type counted struct {
	*sqlstore.Store
	transactions, writes, reads atomic.Int64
}

func (c *counted) InTx(ctx context.Context, fn func(q tx.Q) error) error {
	c.transactions.Add(1)
	return c.Store.InTx(ctx, fn)
}

func (c *counted) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	c.writes.Add(1)
	return c.Store.ExecContext(ctx, query, args...)
}

func (c *counted) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.reads.Add(1)
	return c.Store.QueryContext(ctx, query, args...)
}

func (c *counted) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	c.reads.Add(1)
	return c.Store.QueryRowContext(ctx, query, args...)
}

// taken returns what was counted since the last call.
func (c *counted) taken() string {
	return fmt.Sprintf("%d transactions, %d writes, %d reads", c.transactions.Swap(0), c.writes.Swap(0), c.reads.Swap(0))
}

// flows stands in for the login: it records requests, and answers at once when somebody is signed in.
type flows struct {
	env    *env
	mu     sync.Mutex
	seen   []login.Request
	silent bool
	err    error
}

func (f *flows) Start(_ context.Context, r login.Request, b login.Browser) (*login.Page, error) {
	f.mu.Lock()
	f.seen = append(f.seen, r)
	f.mu.Unlock()
	switch {
	case b.Binding == "":
		return nil, fmt.Errorf("no binding")
	case f.err != nil:
		return nil, f.err
	case f.silent:
		e := f.env
		code := e.code(party{Settings: relyingparty.Settings{ClientID: r.Client}}, func(fl *login.Flow) {
			fl.Request = r
			fl.Outcome.Scopes, fl.Outcome.Audience, fl.Outcome.Nonce = r.Scopes, r.Audience, r.Nonce
		})
		return &login.Page{Answer: &login.Answer{Request: r, Outcome: login.Outcome{Subject: e.subject, Session: e.session}, Code: code}}, nil
	}
	return &login.Page{Flow: "flow", Request: r}, nil
}

func (f *flows) last(t *testing.T) login.Request {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == 0 {
		t.Fatal("no flow was started")
	}
	return f.seen[len(f.seen)-1]
}

func (f *flows) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}

// pages stands in for the web package, in plain text.
type pages struct {
	env       *env
	confirmed op.LogoutPage
}

func (p *pages) Browser(w http.ResponseWriter, r *http.Request) login.Browser {
	b := login.Browser{Binding: "bound", Session: p.SessionCookie(r)}
	http.SetCookie(w, &http.Cookie{Name: "binding", Value: b.Binding})
	return b
}

func (p *pages) SessionCookie(r *http.Request) string {
	c, err := r.Cookie("session")
	if err != nil {
		return ""
	}
	return c.Value
}

func (p *pages) ForgetSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: "session", MaxAge: -1})
}

func (p *pages) ShowPage(w http.ResponseWriter, r *http.Request, page *login.Page) {
	if page.Answer != nil {
		p.env.op.Respond(w, r, page.Answer)
		return
	}
	http.Redirect(w, r, "/login/"+page.Flow, http.StatusSeeOther)
}

func (p *pages) ErrorPage(w http.ResponseWriter, _ *http.Request, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, "error page "+code)
}

func (p *pages) Leave(w http.ResponseWriter, _ *http.Request, target string) {
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}

func (p *pages) FormPost(w http.ResponseWriter, _ *http.Request, target string, fields [][2]string) {
	_, _ = fmt.Fprintf(w, "form %s\n", target)
	for _, f := range fields {
		_, _ = fmt.Fprintf(w, "%s=%s\n", f[0], html.EscapeString(f[1]))
	}
}

func (p *pages) ConfirmLogout(w http.ResponseWriter, _ *http.Request, page op.LogoutPage) {
	p.confirmed = page
	_, _ = fmt.Fprint(w, "confirm page")
}

func (p *pages) SignedOut(w http.ResponseWriter, _ *http.Request, _ *relyingparty.Client) {
	_, _ = fmt.Fprint(w, "signed out page")
}
