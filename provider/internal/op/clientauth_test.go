package op_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

func credentials(s *relyingparty.Settings) {
	s.GrantTypes, s.RedirectURIs, s.Scopes = []string{"client_credentials"}, nil, []string{"x"}
}

var asClient = url.Values{"grant_type": {"client_credentials"}}

// The client is authenticated before anything else is looked at, with 401 and a challenge.
func TestClientIsAuthenticatedFirst(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	code := e.code(p)
	for name, f := range map[string]func(*http.Request){
		"wrong secret":   func(r *http.Request) { r.SetBasicAuth(p.ClientID, "wrong") },
		"unknown client": func(r *http.Request) { r.SetBasicAuth("nobody", "wrong") },
		"nothing":        func(*http.Request) {},
		"bearer":         header("Authorization", "Bearer x"),
		"not base64":     header("Authorization", "Basic !"),
		"no colon":       header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("x"))),
		"bad escape":     header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(p.ClientID+":%zz"))),
		"empty secret":   func(r *http.Request) { r.SetBasicAuth(p.ClientID, "") },
	} {
		t.Run(name, func(t *testing.T) {
			for _, form := range []url.Values{p.exchange(code), p.exchange("garbage"), {}} {
				w := e.post("/token", form, f)
				if w.Code != 401 || object(t, w.Body.Bytes())["error"] != "invalid_client" || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), `Basic realm="`) {
					t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
				}
			}
		})
	}
	e.wantEvent(p.ClientID, "client.auth_failed")
	e.tokens(e.post("/token", p.exchange(code), p.auth)) // none of that used up the code
}

func TestFloodOfFailuresLeavesFewEvents(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	for range 50 {
		e.post("/token", asClient, func(r *http.Request) { r.SetBasicAuth(p.ClientID, "wrong") })
	}
	if n := strings.Count(strings.Join(e.events(p.ClientID), " "), "auth_failed"); n != 10 {
		t.Errorf("%d events", n)
	}
}

// A client uses the method it registered, one a request.
func TestRegisteredMethodIsEnforced(t *testing.T) {
	e := newEnv(t)
	basic, post := e.add(credentials), e.add(func(s *relyingparty.Settings) {
		credentials(s)
		s.TokenEndpointAuthMethod = relyingparty.AuthPost
	})
	pub := e.add(public)
	inBody := func(p party, secret string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {p.ClientID}, "client_secret": {secret}}
	}
	e.tokens(e.post("/token", asClient, basic.basic))
	e.tokens(e.post("/token", inBody(post, post.secret)))
	e.wantError(e.post("/token", inBody(basic, basic.secret)), 401, "invalid_client")
	e.wantError(e.post("/token", asClient, post.basic), 401, "invalid_client")
	e.wantError(e.post("/token", inBody(basic, basic.secret), basic.basic), 400, "invalid_request")
	e.wantError(e.post("/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"other"}}, basic.basic), 400, "invalid_request")
	e.wantError(e.post("/token", inBody(pub, "guess")), 401, "invalid_client")
	e.wantError(e.post("/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {basic.ClientID}}), 401, "invalid_client")
	// A secret in the URL is not read: URLs are logged.
	e.wantError(e.post("/token?client_id="+post.ClientID+"&client_secret="+post.secret, asClient), 401, "invalid_client")
	// The same client_id beside Basic is harmless, and common.
	e.tokens(e.post("/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {basic.ClientID}}, basic.basic))
}

func TestPublicClientNeedsNoSecretAndNoOtherEndpoint(t *testing.T) {
	e := newEnv(t)
	p := e.add(public)
	got := e.login(p)
	e.tokens(e.post("/token", p.refresh(got.Refresh)))
	e.wantError(e.post("/introspect", url.Values{"client_id": {p.ClientID}, "token": {got.Access}}), 401, "invalid_client")
	if w := e.post("/revoke", url.Values{"client_id": {p.ClientID}, "token": {got.Refresh}}); w.Code != 200 {
		t.Errorf("revoke %d %s", w.Code, w.Body)
	}
}

func TestSecretRotationOverlaps(t *testing.T) {
	e := newEnv(t)
	p := e.add(credentials)
	a, err := e.clients.RotateSecret(t.Context(), "test", p.ClientID, time.Hour)
	must(t, err)
	fresh := party{p.Settings, a.Secret}
	e.tokens(e.post("/token", asClient, p.basic))
	e.tokens(e.post("/token", asClient, fresh.basic))
	e.clock.Advance(time.Hour)
	e.wantError(e.post("/token", asClient, p.basic), 401, "invalid_client")
	e.tokens(e.post("/token", asClient, fresh.basic))
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func asserting(token string, more ...string) url.Values {
	return with(url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {token}}, more...)
}

func TestPrivateKeyJWT(t *testing.T) {
	e := newEnv(t)
	key, jwks := keyPair(t, "k1")
	stranger, _ := keyPair(t, "k1")
	p := e.add(func(s *relyingparty.Settings) {
		credentials(s)
		s.TokenEndpointAuthMethod, s.JWKS = relyingparty.AuthPrivateKeyJWT, jwks
	})
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	now := e.clock.Now().Unix()
	claims := func(more ...any) map[string]any {
		m := map[string]any{"iss": p.ClientID, "sub": p.ClientID, "aud": issuer, "jti": id.New(), "iat": now, "exp": now + 60}
		for i := 0; i < len(more); i += 2 {
			if m[more[i].(string)] = more[i+1]; more[i+1] == nil {
				delete(m, more[i].(string))
			}
		}
		return m
	}
	sign := func(m map[string]any) string { return signWith(t, jose.ES256, key, "k1", m) }

	for name, token := range map[string]string{
		"aud issuer": sign(claims()), "aud token endpoint": sign(claims("aud", issuer+"/token")), "aud list": sign(claims("aud", []string{"x", issuer})),
		"no kid": signWith(t, jose.ES256, key, "", claims()), "iat 8 s ahead": sign(claims("iat", now+8)), "no iat": sign(claims("iat", nil)),
		"fractions": sign(claims("exp", float64(now)+60.5)), "nbf now": sign(claims("nbf", now)),
	} {
		t.Run(name, func(t *testing.T) {
			if w := e.post("/token", asserting(token)); w.Code != 200 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	hmac := signWith(t, jose.HS256, []byte(strings.Repeat("k", 32)), "k1", claims())
	for name, token := range map[string]string{
		"other aud": sign(claims("aud", "https://other.test")), "aud prefix": sign(claims("aud", issuer+"/")), "no aud": sign(claims("aud", nil)),
		"aud numbers": sign(claims("aud", []int{1})), "expired": sign(claims("exp", now-60)), "no exp": sign(claims("exp", nil)),
		"exp far": sign(claims("exp", now+2*3600)), "iat 60 s ahead": sign(claims("iat", now+60)), "nbf 60 s ahead": sign(claims("nbf", now+60)),
		"no jti": sign(claims("jti", nil)), "jti long": sign(claims("jti", strings.Repeat("x", 300))), "sub differs": sign(claims("sub", "other")),
		"iss unknown": sign(claims("iss", "nobody", "sub", "nobody")), "wrong key": signWith(t, jose.ES256, stranger, "k1", claims()),
		"wrong kid": signWith(t, jose.ES256, key, "k2", claims()), "wrong alg": signWith(t, jose.RS256, rsaKey, "k1", claims()), "hmac": hmac,
		"none": "eyJhbGciOiJub25lIn0." + strings.Split(hmac, ".")[1] + ".", "exp string": sign(claims("exp", "soon")), "exp huge": sign(claims("exp", 1e300)),
		"null": "eyJhbGciOiJFUzI1NiJ9.bnVsbA.AAAA", "garbage": "garbage",
	} {
		t.Run(name, func(t *testing.T) {
			w := e.post("/token", asserting(token))
			if w.Code != 401 || object(t, w.Body.Bytes())["error"] != "invalid_client" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	e.wantError(e.post("/token", asserting(sign(claims()), "client_assertion_type", "x")), 400, "invalid_request")
	e.wantError(e.post("/token", asserting("", "client_assertion", "")), 400, "invalid_request")
	e.wantError(e.post("/token", asserting(sign(claims()), "client_id", "other")), 401, "invalid_client")
	e.wantError(e.post("/token", asserting(sign(claims()), "client_secret", "x")), 400, "invalid_request")
	e.wantError(e.post("/token", asserting(sign(claims())), p.basic), 401, "invalid_client") // a Basic header without a secret
	// A client of another method cannot use one, even with a key of its own.
	other := e.add(credentials)
	e.wantError(e.post("/token", asserting(sign(claims("iss", other.ClientID, "sub", other.ClientID)))), 401, "invalid_client")
}

// Registrations that Validate refuses today may have been stored by something else: what they allow stays refused.
func TestUnsafeStoredRegistrationsAreNotBelieved(t *testing.T) {
	e := newEnv(t)
	key, jwks := keyPair(t, "k1")
	store := func(change func(*relyingparty.Settings)) party {
		t.Helper()
		s := relyingparty.Settings{ClientID: id.NewSubject(), RedirectURIs: []string{callback}, GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"}}
		change(&s)
		must(t, e.store.InsertClient(t.Context(), e.store, relyingparty.Client{Settings: s, Version: 1}))
		return party{Settings: s}
	}
	loose := store(func(s *relyingparty.Settings) { public(s); s.PKCEOptional, s.NoRefreshRotation = true, true })
	wantRefusal(t, e.get("/authorize", loose.authorize("code_challenge", "", "code_challenge_method", "")), "query", "invalid_request", state)
	plain := e.code(loose, func(f *login.Flow) { f.Request.Challenge = "" })
	e.wantError(e.post("/token", loose.exchange(plain, "code_verifier", "")), 400, "invalid_request")
	got := e.login(loose)
	if next := e.tokens(e.post("/token", loose.refresh(got.Refresh))); next.Refresh == got.Refresh {
		t.Error("a public client's refresh token was not rotated")
	}

	keyed := store(func(s *relyingparty.Settings) { s.JWKS = jwks })
	token := signWith(t, jose.ES256, key, "k1", map[string]any{
		"iss": keyed.ClientID, "sub": keyed.ClientID, "aud": issuer, "jti": "1", "exp": e.clock.Now().Unix() + 60,
	})
	e.wantError(e.post("/token", asserting(token)), 401, "invalid_client")
	// Without a stored hash no secret is right, the empty one included.
	for _, secret := range []string{"x", "%00"} {
		e.wantError(e.post("/token", asClient, func(r *http.Request) { r.SetBasicAuth(keyed.ClientID, secret) }), 401, "invalid_client")
	}
}

// An assertion is good for one request, by one of many racers, at any endpoint, whatever the request's outcome.
func TestAssertionIsSpentOnce(t *testing.T) {
	e := newEnv(t)
	key, jwks := keyPair(t, "k1")
	p := e.add(func(s *relyingparty.Settings) {
		credentials(s)
		s.TokenEndpointAuthMethod, s.JWKS = relyingparty.AuthPrivateKeyJWT, jwks
	})
	fresh := func() string {
		now := e.clock.Now().Unix()
		return signWith(t, jose.ES256, key, "k1", map[string]any{"iss": p.ClientID, "sub": p.ClientID, "aud": issuer, "jti": id.New(), "exp": now + 60})
	}
	token := fresh()
	status := make([]int, 8)
	var wg sync.WaitGroup
	for i := range status {
		wg.Go(func() { status[i] = e.post("/token", asserting(token)).Code })
	}
	wg.Wait()
	if n := strings.Count(fmt.Sprint(status), "200"); n != 1 {
		t.Errorf("%d racers won: %v", n, status)
	}
	for _, path := range []string{"/token", "/introspect", "/revoke"} {
		e.wantError(e.post(path, asserting(token, "token", "x")), 401, "invalid_client")
	}

	for name, failing := range map[string]url.Values{
		"bad scope": asserting(fresh(), "scope", "nothing"), "bad grant type": asserting(fresh(), "grant_type", "password"),
	} {
		if w := e.post("/token", failing); w.Code != 400 {
			t.Errorf("%s: %d", name, w.Code)
		}
		e.wantError(e.post("/token", with(failing, "scope", "", "grant_type", "client_credentials")), 401, "invalid_client")
	}
	used := fresh()
	if w := e.post("/introspect", asserting(used, "token", "x")); w.Code != 200 {
		t.Errorf("introspect %d %s", w.Code, w.Body)
	}
	e.wantError(e.post("/token", asserting(used)), 401, "invalid_client")
	used = fresh()
	if w := e.post("/revoke", asserting(used, "token", "x")); w.Code != 200 {
		t.Errorf("revoke %d %s", w.Code, w.Body)
	}
	e.wantError(e.post("/revoke", asserting(used, "token", "x")), 401, "invalid_client")
}
