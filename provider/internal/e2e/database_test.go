package e2e_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

// TestDatabaseAway takes PostgreSQL away in the middle of a login and gives it back: meanwhile the server says so, to people and to machines, and
// afterwards it goes on by itself.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	db, err := url.Parse(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	line := newLine(t, db.Host)
	db.Host = line.address
	in := install(t, relyingParty("web", nil))
	in.config["database"] = map[string]any{"url": db.String()}
	in.save(t)
	p := in.start(t)
	dario, c := in.newPerson(t, "dario"), in.goClient(t, "web")
	got := c.login(dario)
	v, a := in.visitor(t), c.begin()
	v.open(a.url)
	f, fill := v.answers(dario)

	line.cut()
	waitFor(t, "/readyz fails", func() bool { return in.ready() == http.StatusServiceUnavailable })
	away := func(what string, req *http.Request) {
		t.Helper()
		res, err := in.http.Do(req)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, Retry-After %q", what, res.Status, res.Header.Get("Retry-After"))
		}
	}
	get := func(address string) *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	away("authorize", get(c.begin().url))
	away("the page of a login", get(v.page.url.String()))
	away("userinfo", bearer(get(in.issuer+"/userinfo"), got.AccessToken))
	refresh, err := http.NewRequestWithContext(t.Context(), http.MethodPost, in.issuer+"/token",
		strings.NewReader(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	refresh.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	refresh.SetBasicAuth("web", url.QueryEscape(in.secret["web"]))
	away("refresh", refresh)
	if p, err := v.trySubmit(f, button{}, fill); err != nil || p == nil || p.status != http.StatusServiceUnavailable {
		t.Errorf("an answer to a page led to %+v, %v", p, err)
	}
	if !p.running() {
		t.Fatal("the server ended")
	}

	line.mend()
	waitFor(t, "/readyz is good again", func() bool { return in.ready() == http.StatusOK })
	v.submit(f, button{}, fill) // nothing was counted, and nothing was lost
	v.finish(dario)
	c.redeem(a, v.left.params())
	c.refresh(got.RefreshToken)
}

// TestDatabaseHangs has PostgreSQL accept everything and answer nothing: people and machines are told to come back rather than left to wait,
// and the server goes on by itself.
func TestDatabaseHangs(t *testing.T) {
	t.Parallel()
	db, err := url.Parse(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	line := newLine(t, db.Host)
	db.Host = line.address
	in := install(t, relyingParty("web", nil))
	in.config["database"] = map[string]any{"url": db.String()}
	in.save(t)
	in.start(t)
	dario, c := in.newPerson(t, "dario"), in.goClient(t, "web")
	got := c.login(dario)

	line.hang()
	t.Cleanup(func() { // also when the test fails, or nothing could be closed
		line.mu.Lock()
		hung := line.silent != nil
		line.mu.Unlock()
		if hung {
			line.speak()
		}
	})
	var all sync.WaitGroup
	for what, address := range map[string]string{"authorize": c.begin().url, "userinfo": in.issuer + "/userinfo"} {
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Error(err)
				return
			}
			res, err := in.http.Do(bearer(req, got.AccessToken))
			if err != nil {
				t.Errorf("%s: %v", what, err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %s, Retry-After %q", what, res.Status, res.Header.Get("Retry-After"))
			}
		})
	}
	waitFor(t, "/readyz fails", func() bool { return in.ready() == http.StatusServiceUnavailable })
	all.Wait()

	line.speak()
	waitFor(t, "/readyz is good again", func() bool { return in.ready() == http.StatusOK })
	c.login(dario)
	c.refresh(got.RefreshToken)
}

func bearer(r *http.Request, token string) *http.Request {
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// TestStartBeforeDatabase starts the server while PostgreSQL is not there yet.
func TestStartBeforeDatabase(t *testing.T) {
	t.Parallel()
	db, err := url.Parse(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	line := newLine(t, db.Host)
	line.cut()
	db.Host = line.address
	in := install(t)
	in.config["database"] = map[string]any{"url": db.String()}
	in.save(t)
	p := launch(t, "varco serve", in.command("serve"))
	waitFor(t, "/readyz answers", func() bool { return in.ready() == http.StatusServiceUnavailable })
	line.mend()
	in.awaitReady(t, p)
}

// TestMigrateFirst starts the server on an empty PostgreSQL database: it says which command to run, and goes on when that was done.
func TestMigrateFirst(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.config["database"] = map[string]any{"url": pgtest.EmptyDSN(t)}
	in.save(t)
	p := launch(t, "varco serve", in.command("serve"))
	waitFor(t, "the server says what to do", func() bool { return strings.Contains(p.log.String(), "varco db migrate") })
	if got := in.ready(); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz without a schema answers %d", got)
	}
	in.varco(t, "", "db", "migrate")
	in.awaitReady(t, p)
}

// line is the network between the server and its database. When it is cut, connections break and new ones are refused, as when the database
// is stopped.
type line struct {
	t       testing.TB
	address string
	to      string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	silent   chan struct{} // closed when bytes go through; nil: they do
}

func newLine(t testing.TB, to string) *line {
	t.Helper()
	l := &line{t: t, address: freeAddress(t), to: to, open: map[net.Conn]bool{}}
	l.mend()
	t.Cleanup(l.cut)
	return l
}

func (l *line) mend() {
	l.t.Helper()
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		l.t.Fatal(err)
	}
	l.mu.Lock()
	l.listener = listener
	l.mu.Unlock()
	go func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go l.carry(listener, conn)
			}
		}
	}()
}

func (l *line) carry(listener net.Listener, from net.Conn) {
	to, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = from.Close()
		return
	}
	l.mu.Lock()
	if l.listener != listener { // it was cut since
		l.mu.Unlock()
		_, _ = from.Close(), to.Close()
		return
	}
	l.open[from], l.open[to] = true, true
	l.mu.Unlock()
	pipe := func(a, b net.Conn) {
		_, _ = io.Copy(a, &heard{l, b})
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, c := range []net.Conn{a, b} {
			_ = c.Close()
			delete(l.open, c)
		}
	}
	go pipe(from, to)
	pipe(to, from)
}

// hang keeps connections open, takes new ones, and lets nothing through, as when the database's host is stopped or its disk is.
func (l *line) hang() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = make(chan struct{})
}

// speak ends hang.
func (l *line) speak() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.silent)
	l.silent = nil
}

// heard reads what goes through the line.
type heard struct {
	line *line
	from net.Conn
}

func (h *heard) Read(b []byte) (int, error) {
	n, err := h.from.Read(b)
	h.line.mu.Lock()
	silent := h.line.silent
	h.line.mu.Unlock()
	if silent != nil {
		<-silent
	}
	return n, err
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close()
		l.listener = nil
	}
	for c := range l.open {
		_ = c.Close()
	}
}
