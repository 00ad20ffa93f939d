package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"

	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

// TestReplicas runs two servers on one PostgreSQL database behind a balancer that sends every request to the other one.
func TestReplicas(t *testing.T) {
	t.Parallel()
	one := install(t, relyingParty("web", nil))
	dsn := pgtest.DSN(t)
	one.config["database"] = map[string]any{"url": dsn}
	one.save(t)
	two := one.replica(t, "two")
	one.start(t)
	second := two.start(t)
	balanced := one.balanced(t, two)
	elena := one.newPerson(t, "elena")

	t.Run("every request at the other one", func(t *testing.T) {
		c := balanced.goClient(t, "web")
		got := c.login(elena, oauth2.SetAuthURLParam("acr_values", acrStrong))
		for range 3 {
			got = c.refresh(got.RefreshToken)
		}
		if _, err := c.provider.UserInfo(c.context(), oauth2.StaticTokenSource(got.Token)); err != nil {
			t.Errorf("userinfo: %v", err)
		}
	})
	t.Run("one code, many racers", func(t *testing.T) {
		c := balanced.goClient(t, "web")
		a := c.begin()
		code := balanced.visitor(t).signIn(a.url, elena).params().Get("code")
		won := race(16, func() error {
			_, err := c.Exchange(c.context(), code, oauth2.VerifierOption(a.verifier))
			return err
		})
		if won != 1 {
			t.Errorf("one code was redeemed %d times", won)
		}
	})
	t.Run("one refresh token, many racers", func(t *testing.T) {
		c := balanced.goClient(t, "web")
		got := c.login(elena)
		won := race(16, func() error {
			_, err := c.TokenSource(c.context(), &oauth2.Token{RefreshToken: got.RefreshToken}).Token()
			return err
		})
		if won != 1 {
			t.Errorf("one refresh token was used %d times", won)
		}
	})
	t.Run("one answer to a page, many racers", func(t *testing.T) {
		franco := one.newPerson(t, "franco")
		c := balanced.goClient(t, "web")
		v, a := balanced.visitor(t), c.begin()
		v.open(a.url)
		f, fill := v.answers(franco)
		codes := make(chan string, 8)
		race(cap(codes), func() error {
			w := *v // the same browser: a person who clicks many times
			_, err := w.trySubmit(f, button{}, fill)
			if err == nil && w.left != nil {
				codes <- w.left.params().Get("code")
			}
			return err
		})
		close(codes)
		seen := map[string]bool{}
		for code := range codes {
			seen[code] = true
		}
		if len(seen) != 1 {
			t.Errorf("many clicks led to %d authorization codes", len(seen))
		}
		for code := range seen {
			if _, err := c.Exchange(c.context(), code, oauth2.VerifierOption(a.verifier)); err != nil {
				t.Errorf("redeem the code: %v", err)
			}
		}
	})
	t.Run("one one-time code, many browsers", func(t *testing.T) {
		giulio := one.newPerson(t, "giulio")
		c := balanced.goClient(t, "web")
		var browsers []*visitor
		for range 4 { // fewer than the failures that block
			v := balanced.visitor(t)
			v.open(c.begin(oauth2.SetAuthURLParam("acr_values", acrStrong)).url)
			v.answer(giulio)
			browsers = append(browsers, v)
		}
		code := giulio.code(t)
		var next, in atomic.Int32
		race(len(browsers), func() error {
			v := browsers[next.Add(1)-1]
			f, name := v.page.field("one-time-code")
			_, err := v.trySubmit(f, button{}, url.Values{name: {code}})
			if err == nil && v.left != nil && v.left.params().Get("code") != "" {
				in.Add(1)
			}
			return err
		})
		if in.Load() != 1 {
			t.Errorf("one code of an app let %d browsers in", in.Load())
		}
	})
	t.Run("one learns what the other was told", func(t *testing.T) {
		added := decode[struct {
			Secret string `json:"client_secret"`
		}](t, one.varco(t, "", "client", "add", "later", "--redirect-uri", callback, "--grant-type", "authorization_code,refresh_token"))
		one.canary.keep("secret of client later", added.Secret)
		one.secret["later"] = added.Secret
		waitFor(t, "the other replica knows the new relying party", func() bool {
			v := two.direct(t)
			return v.open(two.goClient(t, "later").begin().url).status == http.StatusOK
		})
	})
	t.Run("one is killed", func(t *testing.T) {
		c := one.goClient(t, "web")
		v, a := balanced.visitor(t), c.begin()
		v.open(a.url)
		second.end(syscall.SIGKILL)
		alone := one.visitor(t)
		alone.http.Jar, alone.page = v.http.Jar, v.page // the same browser, which the balancer now sends to the one that lives
		alone.finish(elena)
		c.redeem(a, alone.left.params())
	})
	t.Run("no secret in the database", func(t *testing.T) {
		text := dump(t, dsn)
		one.canary.check(t, "the PostgreSQL database", []byte(text))
		if !strings.Contains(text, "Persona elena") { // her name is no secret, and stands where secrets would
			t.Error("in the database not even what may be there was found")
		}
	})
}

// race lets n callers go at once and counts who got through.
func race(n int, f func() error) int {
	var won atomic.Int32
	var start, all sync.WaitGroup
	start.Add(1)
	for range n {
		all.Go(func() {
			start.Wait()
			if f() == nil {
				won.Add(1)
			}
		})
	}
	start.Done()
	all.Wait()
	return int(won.Load())
}

// replica is a second server of the same installation: same issuer, database and keys, with addresses and a folder of its own.
func (in *installation) replica(t testing.TB, name string) *installation {
	t.Helper()
	other := *in
	other.config = map[string]any{}
	for k, v := range in.config {
		other.config[k] = v
	}
	admin := freeAddress(t)
	other.config["listen"], other.config["metrics_listen"], other.config["data_dir"] = freeAddress(t), admin, name
	other.admin, other.file = "http://"+admin, filepath.Join(in.dir, name+".yaml")
	other.save(t)
	return &other
}

// balanced is the installation behind a balancer: each request of each client goes to the replica that did not get the one before.
func (in *installation) balanced(t testing.TB, other *installation) *installation {
	t.Helper()
	var n atomic.Int64
	return in.through(t, func() string {
		return []*installation{in, other}[n.Add(1)%2].config["listen"].(string)
	})
}

// through is the installation with every connection made to an address that is chosen anew for each request.
func (in *installation) through(t testing.TB, address func() string) *installation {
	out := *in
	transport := &http.Transport{TLSClientConfig: trusting(t), DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address())
		}}
	out.http = &http.Client{Transport: transport, Timeout: patience}
	return &out
}

// direct is a visitor that reaches this replica, whatever the issuer says.
func (in *installation) direct(t testing.TB) *visitor {
	t.Helper()
	return in.through(t, func() string { return in.config["listen"].(string) }).visitor(t)
}

// dump is everything that is stored, as text.
func dump(t testing.TB, dsn string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	column := func(query string) []string {
		t.Helper()
		rows, err := conn.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	tables := column(`SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`)
	if len(tables) == 0 {
		t.Fatal("the database has no tables")
	}
	var b strings.Builder
	for _, table := range tables {
		for _, row := range column(fmt.Sprintf("SELECT t::text FROM %s t", table)) {
			fmt.Fprintln(&b, table, row)
		}
	}
	return b.String()
}
