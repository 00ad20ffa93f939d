package op_test

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/session"
	"github.com/varco-id/varco/provider/internal/subscriber"
)

func TestCodeGivesTokensOnce(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	code := e.code(p)
	w := e.post("/token", p.exchange(code), p.auth)
	got := e.tokens(w)
	if got.Type != "Bearer" || got.Access == "" || got.ID == "" || got.Refresh == "" || got.Scope != "openid profile email" || got.Expires != 300 {
		t.Errorf("got %+v", got)
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Pragma") != "no-cache" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", w.Header())
	}
	e.wantEvent(p.ClientID, "token.issued")
	e.wantError(e.post("/token", p.exchange(code), p.auth), 400, "invalid_grant")
}

// A code that comes again revokes what it gave, however late (OIDC Core 3.1.3.2, RFC 6749 section 4.1.2).
func TestCodeReplayRevokesTokensAlsoLater(t *testing.T) {
	for _, later := range []time.Duration{0, 31 * time.Second, 4 * time.Minute} {
		t.Run(later.String(), func(t *testing.T) {
			e := newEnv(t)
			p := e.add(nil)
			code := e.code(p)
			got := e.tokens(e.post("/token", p.exchange(code), p.auth))
			e.clock.Advance(later)
			if w := e.userinfo(got.Access); w.Code != 200 {
				t.Fatalf("before the replay: %d %s", w.Code, w.Body)
			}
			e.wantError(e.post("/token", p.exchange(code), p.auth), 400, "invalid_grant")
			e.wantError(e.userinfo(got.Access), 401, "invalid_token")
			e.wantError(e.post("/token", p.refresh(got.Refresh), p.auth), 400, "invalid_grant")
			e.wantEvent(p.ClientID, "code.reuse_detected")
		})
	}
}

func TestCodeIsRedeemedByOneOfManyRacers(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	code := e.code(p)
	const racers = 12
	status := make([]int, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() { status[i] = e.post("/token", p.exchange(code), p.auth).Code })
	}
	wg.Wait()
	won := 0
	for _, s := range status {
		if s == 200 {
			won++
		} else if s != 400 {
			t.Errorf("a loser got %d", s)
		}
	}
	if won != 1 {
		t.Errorf("%d racers won", won)
	}
}

// What a code is bound to is a condition of its redemption: a mismatch refuses and does not use it up.
func TestCodeIsBoundAndNotBurnedByMismatch(t *testing.T) {
	e := newEnv(t)
	p, other := e.add(nil), e.add(nil)
	code := e.code(p)
	for name, w := range map[string]url.Values{
		"verifier":     p.exchange(code, "code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX"),
		"redirect_uri": p.exchange(code, "redirect_uri", "https://rp.bank.test/other"),
		"encoded uri":  p.exchange(code, "redirect_uri", "https://rp.bank.test/callback?a=~1"),
		"forged":       p.exchange("x" + code),
		"garbage":      p.exchange("garbage"),
	} {
		t.Run(name, func(t *testing.T) {
			if r := e.post("/token", w, p.auth); r.Code != 400 || object(t, r.Body.Bytes())["error"] != "invalid_grant" {
				t.Errorf("%d %s", r.Code, r.Body)
			}
		})
	}
	e.wantError(e.post("/token", p.exchange(code), other.auth), 400, "invalid_grant")
	e.wantError(e.post("/token", p.exchange(code, "code_verifier", ""), p.auth), 400, "invalid_request")
	e.wantError(e.post("/token", p.exchange(code, "redirect_uri", ""), p.auth), 400, "invalid_request")
	e.wantError(e.post("/token", p.exchange(code, "code_verifier", "short"), p.auth), 400, "invalid_request")
	e.wantError(e.post("/token", p.exchange("", "code", ""), p.auth), 400, "invalid_request")
	e.wantEvent(p.ClientID, "code.refused")
	e.tokens(e.post("/token", p.exchange(code), p.auth))
}

func TestCodeExpires(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	code := e.code(p)
	e.clock.Advance(61 * time.Second)
	e.wantError(e.post("/token", p.exchange(code), p.auth), 400, "invalid_grant")
}

// A code of a flow without PKCE must not be redeemed with a verifier, nor one with PKCE without (RFC 9700 section 4.8.2).
func TestPKCEDowngradeIsRefused(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.PKCEOptional = true })
	plain := e.code(p, func(f *login.Flow) { f.Request.Challenge = "" })
	e.wantError(e.post("/token", p.exchange(plain), p.auth), 400, "invalid_grant")
	e.tokens(e.post("/token", p.exchange(plain, "code_verifier", ""), p.auth))
	pkce := e.code(p)
	e.wantError(e.post("/token", p.exchange(pkce, "code_verifier", ""), p.auth), 400, "invalid_grant")
}

func TestTokenEndpointRefusals(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.GrantTypes = nil })
	for name, c := range map[string]struct {
		form   url.Values
		status int
		code   string
	}{
		"no grant type":        {url.Values{}, 400, "invalid_request"},
		"unknown grant type":   {url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		"implicit":             {url.Values{"grant_type": {"implicit"}}, 400, "unsupported_grant_type"},
		"not registered":       {url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, 400, "unauthorized_client"},
		"not for credentials":  {url.Values{"grant_type": {"client_credentials"}}, 400, "unauthorized_client"},
		"parameter twice":      {url.Values{"grant_type": {"authorization_code"}, "code": {"a", "b"}}, 400, "invalid_request"},
		"unknown twice is not": {url.Values{"x": {"a", "b"}}, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.post("/token", c.form, p.auth)
			if w.Code != c.status || object(t, w.Body.Bytes())["error"] != c.code {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestNoIDTokenWithoutOpenIDScope(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p, scopesOf("profile"))
	if got.ID != "" || got.Access == "" {
		t.Errorf("got %+v", got)
	}
	e.wantError(e.userinfo(got.Access), http.StatusForbidden, "insufficient_scope")
}

func TestNoRefreshTokenWithoutTheGrant(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.GrantTypes = nil })
	if got := e.login(p); got.Refresh != "" {
		t.Errorf("got %+v", got)
	}
}

func TestRefreshRotatesAndDetectsReuse(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	first := e.login(p)
	second := e.tokens(e.post("/token", p.refresh(first.Refresh), p.auth))
	if second.Refresh == first.Refresh || second.Access == first.Access || second.ID == "" {
		t.Errorf("got %+v", second)
	}
	if claims := payload(t, second.ID); claims["nonce"] != nil {
		t.Error("an id_token of a refresh has the nonce of the request")
	}
	e.wantEvent(p.ClientID, "token.refreshed")
	third := e.tokens(e.post("/token", p.refresh(second.Refresh), p.auth))
	e.wantError(e.post("/token", p.refresh(first.Refresh), p.auth), 400, "invalid_grant")
	e.wantEvent(p.ClientID, "token.reuse_detected")
	e.wantError(e.post("/token", p.refresh(third.Refresh), p.auth), 400, "invalid_grant")
	e.wantError(e.userinfo(third.Access), 401, "invalid_token")
}

func TestRefreshIsWonByOneOfManyRacers(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	first := e.login(p)
	const racers = 8
	codes := make([]int, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() { codes[i] = e.post("/token", p.refresh(first.Refresh), p.auth).Code })
	}
	wg.Wait()
	if won := len(slices.DeleteFunc(codes, func(c int) bool { return c != 200 })); won != 1 {
		t.Errorf("%d racers won", won)
	}
}

func TestRefreshWithoutRotation(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.NoRefreshRotation = true })
	first := e.login(p)
	for range 3 {
		if next := e.tokens(e.post("/token", p.refresh(first.Refresh), p.auth)); next.Refresh != first.Refresh {
			t.Error("rotated")
		}
	}
	e.clock.Advance(9 * time.Hour)
	e.wantError(e.post("/token", p.refresh(first.Refresh), p.auth), 400, "invalid_grant")
}

func TestRefreshRefusals(t *testing.T) {
	e := newEnv(t)
	p, other := e.add(nil), e.add(nil)
	got := e.login(p)
	forged := got.Refresh[:len(got.Refresh)-2] + "AA"
	e.wantError(e.post("/token", p.refresh(forged), p.auth), 400, "invalid_grant")
	e.wantError(e.post("/token", p.refresh(got.Access), p.auth), 400, "invalid_grant")
	e.wantError(e.post("/token", p.refresh(""), p.auth), 400, "invalid_request")
	e.wantError(e.post("/token", p.refresh(got.Refresh), other.auth), 400, "invalid_grant")
	e.wantError(e.post("/token", p.refresh(got.Refresh, "scope", "openid phone"), p.auth), 400, "invalid_scope")
	// None of that used it up, or counted as reuse.
	e.tokens(e.post("/token", p.refresh(got.Refresh), p.auth))
}

func TestRefreshEnds(t *testing.T) {
	for name, end := range map[string]func(*env){
		"expired": func(e *env) { e.clock.Advance(8*time.Hour + time.Second) },
		"blocked": (*env).block,
		"signed out": func(e *env) {
			must(e.T, e.store.EndSession(e.Context(), e.store, e.session, e.clock.Now()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, rotate := range []bool{true, false} {
				t.Run(map[bool]string{true: "rotating", false: "kept"}[rotate], func(t *testing.T) {
					e := newEnv(t)
					p := e.add(func(s *relyingparty.Settings) { s.NoRefreshRotation = !rotate })
					got := e.login(p)
					end(e)
					e.wantError(e.post("/token", p.refresh(got.Refresh), p.auth), 400, "invalid_grant")
					e.wantError(e.userinfo(got.Access), 401, "invalid_token")
				})
			}
		})
	}
}

// A block that is lifted gives back what it took: the current token was not used up, and its coming was no reuse.
func TestRefreshAfterABlockIsLifted(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	e.block()
	e.wantError(e.post("/token", p.refresh(got.Refresh), p.auth), 400, "invalid_grant")
	must(t, e.store.SetStatus(t.Context(), e.store, e.subject, subscriber.Active, "", e.clock.Now(), 2))
	e.tokens(e.post("/token", p.refresh(got.Refresh), p.auth))
}

// What another client sends says nothing about the one that holds the grant.
func TestReuseByAnotherClientRevokesNothing(t *testing.T) {
	e := newEnv(t)
	p, other := e.add(nil), e.add(nil)
	first := e.login(p)
	second := e.tokens(e.post("/token", p.refresh(first.Refresh), p.auth))
	e.wantError(e.post("/token", p.refresh(first.Refresh), other.auth), 400, "invalid_grant")
	e.tokens(e.post("/token", p.refresh(second.Refresh), p.auth))
}

func TestOfflineGrantOutlivesTheSession(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p, scopesOf("openid", "offline_access"), func(f *login.Flow) { f.Outcome.Offline = true })
	must(t, e.store.EndSession(t.Context(), e.store, e.session, e.clock.Now()))
	e.tokens(e.post("/token", p.refresh(got.Refresh), p.auth))
}

func TestRefreshNarrowsScope(t *testing.T) {
	for _, format := range []string{relyingparty.FormatJWT, relyingparty.FormatOpaque} {
		t.Run(format, func(t *testing.T) {
			e := newEnv(t)
			p := e.add(func(s *relyingparty.Settings) { s.AccessTokenFormat = format })
			got := e.login(p)
			next := e.tokens(e.post("/token", p.refresh(got.Refresh, "scope", "openid email"), p.auth))
			if next.Scope != "openid email" {
				t.Errorf("scope %q", next.Scope)
			}
			info := object(t, e.userinfo(next.Access).Body.Bytes())
			if info["name"] != nil || info["email"] != "anna@bank.test" {
				t.Errorf("userinfo %v", info)
			}
			if s := e.introspect(p, next.Access)["scope"]; s != "openid email" {
				t.Errorf("introspected scope %v", s)
			}
			// The next one may have all again: the grant did not narrow (RFC 6749 section 6).
			if again := e.tokens(e.post("/token", p.refresh(next.Refresh), p.auth)); again.Scope != "openid profile email" {
				t.Errorf("scope %q", again.Scope)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	for _, format := range []string{relyingparty.FormatJWT, relyingparty.FormatOpaque} {
		t.Run(format, func(t *testing.T) {
			e := newEnv(t)
			p := e.add(func(s *relyingparty.Settings) {
				s.GrantTypes, s.RedirectURIs, s.Scopes, s.AccessTokenFormat = []string{"client_credentials"}, nil, []string{"payments.read", "payments.write", "profile"}, format
			})
			form := url.Values{"grant_type": {"client_credentials"}, "scope": {"payments.read"}}
			got := e.tokens(e.post("/token", form, p.auth))
			if got.Refresh != "" || got.ID != "" || got.Scope != "payments.read" {
				t.Errorf("got %+v", got)
			}
			info := e.introspect(p, got.Access)
			if info["active"] != true || info["sub"] != p.ClientID || info["client_id"] != p.ClientID || info["scope"] != "payments.read" || info["acr"] != nil {
				t.Errorf("introspection %v", info)
			}
			if w := e.userinfo(got.Access); w.Code != http.StatusForbidden {
				t.Errorf("userinfo %d", w.Code)
			}
			e.wantError(e.post("/token", with(form, "scope", "profile"), p.auth), 400, "invalid_scope")
			e.wantError(e.post("/token", with(form, "scope", "other"), p.auth), 400, "invalid_scope")
			if all := e.tokens(e.post("/token", with(form, "scope", ""), p.auth)); all.Scope != "payments.read payments.write" {
				t.Errorf("default scope %q", all.Scope)
			}
			e.wantEvent(p.ClientID, "token.issued")

			if w := e.post("/revoke", url.Values{"token": {got.Access}}, p.auth); w.Code != 200 {
				t.Fatalf("revoke %d", w.Code)
			}
			if e.introspect(p, got.Access)["active"] != false {
				t.Error("active after revocation")
			}
		})
	}
}

func TestTokensOfRemovedClientDie(t *testing.T) {
	e := newEnv(t)
	rs := e.add(func(s *relyingparty.Settings) { s.IntrospectAny = true })
	p := e.add(func(s *relyingparty.Settings) {
		s.GrantTypes, s.RedirectURIs, s.Scopes = []string{"client_credentials"}, nil, []string{"x"}
	})
	got := e.tokens(e.post("/token", url.Values{"grant_type": {"client_credentials"}}, p.auth))
	if e.introspect(rs, got.Access)["active"] != true {
		t.Fatal("not active")
	}
	must(t, e.clients.Remove(t.Context(), "test", p.ClientID))
	if e.introspect(rs, got.Access)["active"] != false {
		t.Error("active without its client")
	}
}

func TestSessionCookieIsNoToken(t *testing.T) {
	e := newEnv(t)
	e.wantError(e.userinfo(session.Cookie(e.box, e.session)), 401, "invalid_token")
}
