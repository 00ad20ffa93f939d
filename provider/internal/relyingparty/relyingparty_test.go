package relyingparty_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	rp "github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) *sqlstore.Store {
	t.Helper()
	t.Parallel()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "varco.db"), AutoMigrate: true, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func service(s *sqlstore.Store) *rp.Service {
	return &rp.Service{DB: s, Store: s, Audit: s, ACRs: []string{"urn:varco:1fa", "urn:varco:sca"}}
}

func settings(change func(*rp.Settings)) rp.Settings {
	s := rp.Settings{ClientID: "bank-web", RedirectURIs: []string{"https://bank.test/cb"}}
	if change != nil {
		change(&s)
	}
	return s
}

func jwks(t *testing.T, keys ...any) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k, KeyID: "k"})
	}
	raw, err := json.Marshal(set)
	must(t, err)
	return raw
}

func TestReservedIDIsTheAccountPage(t *testing.T) {
	t.Parallel()
	if rp.ReservedID != login.AccountClient {
		t.Errorf("%s is not %s", rp.ReservedID, login.AccountClient)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s := settings(nil)
	got := fmt.Sprintln(s.AuthMethod(), s.Public(), s.AllowsGrant("authorization_code"), s.AllowsGrant("refresh_token"), s.AllowsScope("email"),
		s.AllowsScope("offline_access"), s.AllowsScope("payments"), s.IDTokenAlgorithm(), s.OpaqueAccessTokens(), s.AccessLifetime(), s.RefreshLifetime(), s.IDLifetime(), s.LoginLimit())
	if got != "client_secret_basic false true false true false false ES256 false 5m0s 8h0m0s 5m0s 10m0s\n" {
		t.Error(got)
	}
	s.GrantTypes = []string{"authorization_code", "refresh_token"}
	if !s.AllowsScope("offline_access") {
		t.Error("offline_access with the grant")
	}
	s.Scopes = []string{"openid"}
	if s.AllowsScope("email") || s.AllowsScope("offline_access") {
		t.Error("a scope that is not listed")
	}
	s.NameLocalised = map[string]string{"it": "Banca"}
	if s.DisplayName("it") != "Banca" || s.DisplayName("en") != "bank-web" {
		t.Error(s.DisplayName("it"), s.DisplayName("en"))
	}
}

func TestSecrets(t *testing.T) {
	store := open(t)
	svc, now := service(store), time.Now()
	svc.Now = func() time.Time { return now }
	a, err := svc.Add(t.Context(), "operator", settings(nil))
	must(t, err)
	client := func() *rp.Client {
		t.Helper()
		c, err := store.Client(t.Context(), store, "bank-web")
		must(t, err)
		return c
	}
	if len(a.Secret) != 43 || !client().SecretMatches(a.Secret, now) || client().SecretMatches("", now) || client().SecretMatches(a.Secret+"x", now) {
		t.Error("the secret does not work, or others do")
	}
	if raw, err := json.Marshal(client()); err != nil || strings.Contains(string(raw), a.Secret) {
		t.Error("the secret is stored")
	}
	b, err := svc.RotateSecret(t.Context(), "operator", "bank-web", time.Hour)
	must(t, err)
	if !client().SecretMatches(a.Secret, now) || !client().SecretMatches(b.Secret, now) {
		t.Error("both are good while they overlap")
	}
	if client().SecretMatches(a.Secret, now.Add(time.Hour)) {
		t.Error("the former outlives the overlap")
	}
	c, err := svc.RotateSecret(t.Context(), "operator", "bank-web", 0)
	must(t, err)
	if client().SecretMatches(b.Secret, now) || client().SecretMatches(a.Secret, now) || !client().SecretMatches(c.Secret, now) {
		t.Error("a leaked secret lives on")
	}
	for _, d := range []time.Duration{-1, rp.MaxOverlap + 1} {
		if _, err := svc.RotateSecret(t.Context(), "operator", "bank-web", d); !fault.Is(err, fault.Invalid) {
			t.Errorf("overlap %s: %v", d, err)
		}
	}
	if _, err := svc.RotateSecret(t.Context(), "operator", "nobody", 0); !fault.Is(err, fault.NotFound) {
		t.Errorf("unknown client: %v", err)
	}
	_, err = svc.Add(t.Context(), "operator", settings(func(s *rp.Settings) { s.ClientID, s.TokenEndpointAuthMethod = "spa", rp.AuthNone }))
	must(t, err)
	if _, err := svc.RotateSecret(t.Context(), "operator", "spa", 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("a client without a secret: %v", err)
	}
}

func TestAddListRemove(t *testing.T) {
	store := open(t)
	svc := service(store)
	var told []string
	svc.Changed = func(ids ...string) { told = append(told, ids...) }
	for _, id := range []string{"b", "a"} {
		_, err := svc.Add(t.Context(), "operator", settings(func(s *rp.Settings) { s.ClientID = id }))
		must(t, err)
	}
	if _, err := svc.Add(t.Context(), "operator", settings(func(s *rp.Settings) { s.ClientID = "a" })); !fault.Is(err, fault.Conflict) {
		t.Errorf("a taken id: %v", err)
	}
	if _, err := svc.Add(t.Context(), "operator", rp.Settings{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("nothing: %v", err)
	}
	list, err := svc.List(t.Context())
	must(t, err)
	if len(list) != 2 || list[0].ClientID != "a" || list[0].Declared {
		t.Errorf("list %+v", list)
	}
	must(t, svc.Remove(t.Context(), "operator", "a"))
	if err := svc.Remove(t.Context(), "operator", "a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if strings.Join(told, " ") != "b a a" {
		t.Errorf("told %v", told)
	}
	wantEvents(t, store, "client.added client.added client.removed")
}

func wantEvents(t *testing.T, store *sqlstore.Store, want string) {
	t.Helper()
	rows, err := store.UnsealedAudit(t.Context(), store, 100)
	must(t, err)
	var kinds []string
	for _, r := range rows {
		var m struct{ Kind, Actor string }
		must(t, json.Unmarshal(r.Body, &m))
		kinds = append(kinds, m.Kind)
		if m.Actor == "" {
			t.Errorf("%s by nobody", m.Kind)
		}
	}
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("events %s, want %s", got, want)
	}
}

func TestApply(t *testing.T) {
	store := open(t)
	svc := service(store)
	_, err := svc.Add(t.Context(), "operator", settings(func(s *rp.Settings) { s.ClientID = "manual" }))
	must(t, err)
	one, two := settings(func(s *rp.Settings) { s.ClientID = "one" }), settings(func(s *rp.Settings) { s.ClientID, s.TokenEndpointAuthMethod = "two", rp.AuthNone })
	apply := func(want string, prune bool, list ...rp.Settings) *rp.Applied {
		t.Helper()
		done, err := svc.Apply(t.Context(), "operator", list, prune)
		must(t, err)
		if got := fmt.Sprint(done.Added, done.Changed, done.Removed, done.Unchanged, len(done.Secrets)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return done
	}
	first := apply("[one two] [] [] [] 1", true, one, two)
	apply("[] [] [] [one two] 0", true, one, two)
	one.Name = "Changed"
	apply("[] [one] [] [two] 0", true, one, two)
	c, err := store.Client(t.Context(), store, "one")
	must(t, err)
	if c.Name != "Changed" || !c.SecretMatches(first.Secrets["one"], time.Now()) {
		t.Error("a change lost the secret")
	}
	two.TokenEndpointAuthMethod = rp.AuthPost
	apply("[] [two] [] [one] 1", true, one, two)
	one.TokenEndpointAuthMethod = rp.AuthNone
	apply("[] [one] [] [two] 0", true, one, two)
	if c, err = store.Client(t.Context(), store, "one"); err != nil || len(c.SecretHash) != 0 {
		t.Error("a public client keeps a secret", err)
	}
	apply("[] [] [] [one] 0", false, one)
	apply("[] [] [two] [one] 0", true, one)
	manual := settings(func(s *rp.Settings) { s.ClientID = "manual" })
	apply("[] [manual] [] [one] 0", true, one, manual)
	apply("[] [] [manual one] [] 0", true)
}

// All or nothing: a mistake in one changes none.
func TestApplyIsAtomic(t *testing.T) {
	store := open(t)
	svc := service(store)
	good := settings(nil)
	for _, bad := range []rp.Settings{{ClientID: "bad"}, good} {
		if _, err := svc.Apply(t.Context(), "operator", []rp.Settings{good, bad}, true); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	}
	list, err := svc.List(t.Context())
	must(t, err)
	if len(list) != 0 {
		t.Errorf("left behind %+v", list)
	}
}

func TestCache(t *testing.T) {
	store := open(t)
	svc := service(store)
	now := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	advance := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	cache := rp.NewCache(store, store, time.Minute, clock)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	_, err = svc.Add(t.Context(), "operator", settings(func(s *rp.Settings) { s.TokenEndpointAuthMethod, s.JWKS = rp.AuthPrivateKeyJWT, jwks(t, ec.Public()) }))
	must(t, err)
	found := func() bool {
		t.Helper()
		c, err := cache.Client(t.Context(), "bank-web")
		if err != nil && !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		return err == nil && c.ClientID == "bank-web"
	}
	if !found() {
		t.Fatal("not found")
	}
	if r, err := cache.Registered(t.Context(), "bank-web"); err != nil || len(r.Keys) != 1 {
		t.Errorf("keys: %v", err)
	}
	must(t, svc.Remove(t.Context(), "operator", "bank-web"))
	if !found() {
		t.Error("asked storage within the TTL")
	}
	cache.Invalidate("other")
	if !found() {
		t.Error("forgot what nobody named")
	}
	advance(time.Minute)
	if found() {
		t.Error("kept beyond the TTL")
	}
	_, err = svc.Add(t.Context(), "operator", settings(nil))
	must(t, err)
	if !found() {
		t.Error("remembers that there was none")
	}
	must(t, svc.Remove(t.Context(), "operator", "bank-web"))
	cache.Invalidate("bank-web")
	if found() {
		t.Error("kept after the invalidation")
	}
	for _, id := range []string{"", strings.Repeat("x", 129), "nobody"} {
		if _, err := cache.Client(t.Context(), id); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	slow, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := cache.Client(slow, "bank-web"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("outage: %v", err)
	}
	if _, err := cache.AllowsOrigin(slow, "https://bank.test"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("outage: %v", err)
	}
}

func TestOriginsOfPublicClients(t *testing.T) {
	store := open(t)
	svc := service(store)
	cache := rp.NewCache(store, store, time.Hour, nil)
	svc.Changed = cache.Invalidate
	allowed := func(o string) bool {
		t.Helper()
		ok, err := cache.AllowsOrigin(t.Context(), o)
		must(t, err)
		return ok
	}
	if allowed("https://spa.test") {
		t.Error("nothing is registered")
	}
	_, err := svc.Apply(t.Context(), "operator", []rp.Settings{
		{ClientID: "spa", TokenEndpointAuthMethod: rp.AuthNone, RedirectURIs: []string{"https://SPA.test:443/cb", "http://127.0.0.1:80/cb", "https://x.test:8443/"}},
		{ClientID: "app", TokenEndpointAuthMethod: rp.AuthNone, Native: true, RedirectURIs: []string{"com.example.app:/cb"}},
		{ClientID: "web", RedirectURIs: []string{"https://web.test/cb"}},
	}, true)
	must(t, err)
	for origin, want := range map[string]bool{
		"https://spa.test": true, "http://127.0.0.1": true, "https://x.test:8443": true,
		"https://web.test": false, "https://spa.test:443": false, "http://spa.test": false, "com.example.app:": false, "": false, "null": false,
	} {
		if allowed(origin) != want {
			t.Errorf("%q: %v", origin, !want)
		}
	}
}

func FuzzRedirectURI(f *testing.F) {
	for _, u := range []string{"https://bank.test/cb", "http://127.0.0.1:1/cb", "com.example:/x", "javascript:alert(1)", "https://a@b", `https:\\x`, "http://[::1%25x]:1/"} {
		f.Add(u, u)
	}
	f.Fuzz(func(t *testing.T, registered, asked string) {
		s := rp.Settings{ClientID: "x", Native: true, RedirectURIs: []string{registered}}
		if rp.Validate(s, nil) != nil || !s.MatchRedirect(asked) || asked == registered {
			return
		}
		// Anything but the very same is a loopback address that differs in its port alone.
		if !strings.HasPrefix(asked, "http://127.") && !strings.HasPrefix(asked, "http://[") || strings.ContainsAny(asked, "@\\# ") {
			t.Fatalf("%q passes for %q", asked, registered)
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte(`{"client_id":"a","redirect_uris":["https://a.test"],"jwks":{"keys":[{"kty":"EC"}]},"access_token_lifetime":"5m"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var s rp.Settings
		if json.Unmarshal(raw, &s) == nil {
			if err := rp.Validate(s, nil); err != nil && !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
		}
	})
}
