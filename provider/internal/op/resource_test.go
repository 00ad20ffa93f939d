package op_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/signingkey"
)

// verified checks a JWT with the published keys, as a relying party does, and returns its claims.
func (e *env) verified(token, alg, typ string) map[string]any {
	e.Helper()
	var set jose.JSONWebKeySet
	must(e.T, json.Unmarshal(e.get("/keys", nil).Body.Bytes(), &set))
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	must(e.T, err)
	head := joseHeader(e.T, token)
	if head["typ"] != typ || head["kid"] == "" {
		e.Errorf("header %v", head)
	}
	keys := set.Key(jws.Signatures[0].Header.KeyID)
	if len(keys) != 1 {
		e.Fatalf("%d keys for %v", len(keys), head)
	}
	raw, err := jws.Verify(keys[0])
	must(e.T, err)
	return object(e.T, raw)
}

func TestIDToken(t *testing.T) {
	for _, alg := range []string{"ES256", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			e := newEnv(t)
			p := e.add(func(s *relyingparty.Settings) { s.IDTokenAlg = alg })
			before := e.clock.Now().Unix()
			got := e.login(p)
			c := e.verified(got.ID, alg, "JWT")
			hash, err := oidc.ClaimHash(got.Access, jose.SignatureAlgorithm(alg))
			must(t, err)
			for name, want := range map[string]any{
				"iss": issuer, "sub": e.subject, "nonce": "n-1", "acr": "urn:varco:sca", "at_hash": hash, "sid": e.session,
				"aud": []any{p.ClientID}, "amr": []any{"pwd", "otp", "mfa"},
			} {
				if got, _ := json.Marshal(c[name]); string(got) != mustJSON(t, want) {
					t.Errorf("%s is %s, want %s", name, got, mustJSON(t, want))
				}
			}
			iat, exp, at := int64(c["iat"].(float64)), int64(c["exp"].(float64)), int64(c["auth_time"].(float64))
			if iat < before || iat > before+5 || exp-iat != 300 || at < iat-65 || at > iat-55 {
				t.Errorf("iat %d exp %d auth_time %d, now %d", iat, exp, at, before)
			}
			for name := range c {
				switch name {
				case "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid":
				default:
					t.Errorf("claim %s has no business here", name)
				}
			}
		})
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

// RFC 9068: type at+jwt, and what a resource server decides by (RFC 9470).
func TestAccessTokenIsATJWT(t *testing.T) {
	for _, alg := range []string{"ES256", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			e := newEnv(t)
			p := e.add(func(s *relyingparty.Settings) { s.IDTokenAlg = alg })
			c := e.verified(e.login(p).Access, alg, "at+jwt")
			want := map[string]any{
				"iss": issuer, "sub": e.subject, "client_id": p.ClientID, "scope": "openid profile email", "acr": "urn:varco:sca",
				"aud": []any{p.ClientID, "https://api.bank.test"}, "amr": []any{"pwd", "otp", "mfa"},
			}
			for name, w := range want {
				if mustJSON(t, c[name]) != mustJSON(t, w) {
					t.Errorf("%s is %v", name, c[name])
				}
			}
			if c["auth_time"] == nil || c["jti"] == nil || c["exp"].(float64)-c["iat"].(float64) != 300 {
				t.Errorf("claims %v", c)
			}
		})
	}
}

func TestAccessTokenDoesNotOutliveItsGrant(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.RefreshTokenLifetime = relyingparty.Duration(6 * time.Minute) })
	got := e.login(p)
	e.clock.Advance(4 * time.Minute)
	if next := e.tokens(e.post("/token", p.refresh(got.Refresh), p.auth)); next.Expires > 120 || next.Expires < 115 {
		t.Errorf("expires in %d s", next.Expires)
	}
}

func TestUserinfoByEveryWay(t *testing.T) {
	for _, format := range []string{relyingparty.FormatJWT, relyingparty.FormatOpaque} {
		t.Run(format, func(t *testing.T) {
			e := newEnv(t)
			p := e.add(func(s *relyingparty.Settings) { s.AccessTokenFormat = format })
			token := e.login(p).Access
			for name, w := range map[string]*httptest.ResponseRecorder{
				"GET":            e.userinfo(token),
				"GET lower case": e.get("/userinfo", nil, header("Authorization", "bearer "+token)),
				"POST header":    e.post("/userinfo", nil, header("Authorization", "Bearer "+token)),
				"POST body":      e.post("/userinfo", url.Values{"access_token": {token}}),
			} {
				info := object(t, w.Body.Bytes())
				if w.Code != 200 || info["sub"] != e.subject || info["name"] != "Anna Rossi" || info["email_verified"] != true || info["locale"] != "it" {
					t.Errorf("%s: %d %v", name, w.Code, info)
				}
				if w.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s: Cache-Control %q", name, w.Header().Get("Cache-Control"))
				}
				// Only what the scopes stand for leaves, and nothing without a value.
				for _, no := range []string{"phone_number", "address", "iban", "nickname"} {
					if _, there := info[no]; there {
						t.Errorf("%s: %s has no business here", name, no)
					}
				}
			}
		})
	}
}

func TestUserinfoScopes(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	info := object(t, e.userinfo(e.login(p, scopesOf("openid")).Access).Body.Bytes())
	if len(info) != 1 || info["sub"] != e.subject {
		t.Errorf("openid alone gives %v", info)
	}
	info = object(t, e.userinfo(e.login(p, scopesOf("openid", "phone", "address")).Access).Body.Bytes())
	if info["phone_number_verified"] != true || info["address"].(map[string]any)["country"] != "IT" || info["name"] != nil {
		t.Errorf("got %v", info)
	}
}

func TestUserinfoRefusesWithAChallenge(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	foreign, _ := keyPair(t, "x")
	forged := signWith(t, jose.ES256, foreign, joseHeader(t, got.Access)["kid"].(string), payload(t, got.Access))
	for name, token := range map[string]string{
		"id_token": got.ID, "refresh token": got.Refresh, "forged": forged, "garbage": "x", "none": "eyJhbGciOiJub25lIn0." + strings.Split(got.Access, ".")[1] + ".",
		"swapped": swapPayload(got.Access, got.ID), "panics the library": hostilePayloads[0],
	} {
		t.Run(name, func(t *testing.T) {
			w := e.userinfo(token)
			if c := w.Header().Get("WWW-Authenticate"); w.Code != 401 || !strings.HasPrefix(c, `Bearer realm="`) || !strings.Contains(c, `error="invalid_token"`) {
				t.Errorf("%d %q", w.Code, c)
			}
		})
	}
	w := e.get("/userinfo", nil)
	if c := w.Header().Get("WWW-Authenticate"); w.Code != 401 || strings.Contains(c, "error") || !strings.HasPrefix(c, "Bearer") {
		t.Errorf("without a token: %d %q", w.Code, c)
	}
	w = e.post("/userinfo", url.Values{"access_token": {got.Access}}, header("Authorization", "Bearer "+got.Access))
	e.wantError(w, 400, "invalid_request")
	w = e.get("/userinfo", url.Values{"access_token": {got.Access}})
	if w.Code != 401 {
		t.Errorf("a token in the URL: %d", w.Code)
	}
	e.clock.Advance(5*time.Minute + time.Second)
	e.wantError(e.userinfo(got.Access), 401, "invalid_token")
}

// Signed by our own key, and still not an access token, or not an id_token: the type and the issuer say which is which.
func TestTokensAreNotTakenForEachOther(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	signer, err := e.keys.Signer(t.Context(), "ES256")
	must(t, err)
	sign := func(typ signingkey.Type, claims map[string]any) string {
		t.Helper()
		token, err := signer.Sign(typ, []byte(mustJSON(t, claims)))
		must(t, err)
		return token
	}
	access, id := payload(t, got.Access), payload(t, got.ID)
	if w := e.userinfo(sign(signingkey.TypeAccessToken, access)); w.Code != 200 {
		t.Fatalf("signed again: %d %s", w.Code, w.Body)
	}
	e.wantError(e.userinfo(sign(signingkey.TypeJWT, access)), 401, "invalid_token")
	for name, value := range map[string]any{"iss": "https://other.test", "client_id": "", "jti": "", "exp": 1, "aud": []int{1}} {
		changed := payload(t, got.Access)
		changed[name] = value
		e.wantError(e.userinfo(sign(signingkey.TypeAccessToken, changed)), 401, "invalid_token")
	}
	ask := func(hint string) *httptest.ResponseRecorder {
		return e.get("/authorize", p.authorize("id_token_hint", hint))
	}
	if w := ask(sign(signingkey.TypeJWT, id)); w.Header().Get("Location") != "/login/flow" {
		t.Fatalf("signed again: %d", w.Code)
	}
	wantRefusal(t, ask(sign(signingkey.TypeAccessToken, id)), "query", "invalid_request", state)
	for name, value := range map[string]any{"iss": "https://other.test", "sub": "", "aud": []string{p.ClientID, "other"}} {
		changed := payload(t, got.ID)
		changed[name] = value
		wantRefusal(t, ask(sign(signingkey.TypeJWT, changed)), "query", "invalid_request", state)
	}
}

func TestOpaqueTokenIsSelfVerifying(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.AccessTokenFormat = relyingparty.FormatOpaque })
	got := e.login(p)
	if strings.Count(got.Access, ".") != 3 || strings.HasPrefix(got.Access, "ey") {
		t.Fatalf("not opaque: %s", got.Access)
	}
	parts := strings.Split(got.Access, ".")
	other := strings.Split(e.login(p).Access, ".")
	for i := range parts {
		mixed := append([]string{}, parts...)
		mixed[i] = other[i]
		if strings.Join(mixed, ".") == got.Access {
			continue // issued in the same second: the third part is the same
		}
		e.wantError(e.userinfo(strings.Join(mixed, ".")), 401, "invalid_token")
	}
	e.clock.Advance(5*time.Minute + time.Second)
	e.wantError(e.userinfo(got.Access), 401, "invalid_token")
}

func TestBlockedSubscriberIsRefusedAtOnce(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	got := e.login(p)
	code := e.code(p)
	e.block()
	e.wantError(e.userinfo(got.Access), 401, "invalid_token")
	e.wantError(e.post("/token", p.exchange(code), p.auth), 400, "invalid_grant")
	if e.introspect(p, got.Access)["active"] != false {
		t.Error("active")
	}
}

func TestIntrospection(t *testing.T) {
	for _, format := range []string{relyingparty.FormatJWT, relyingparty.FormatOpaque} {
		t.Run(format, func(t *testing.T) {
			e := newEnv(t)
			p := e.add(func(s *relyingparty.Settings) { s.AccessTokenFormat = format })
			got := e.login(p)
			info := e.introspect(p, got.Access)
			for name, want := range map[string]any{
				"active": true, "iss": issuer, "sub": e.subject, "client_id": p.ClientID, "scope": "openid profile email", "token_type": "Bearer",
				"acr": "urn:varco:sca", "amr": []any{"pwd", "otp", "mfa"}, "sid": e.session, "aud": []any{p.ClientID, "https://api.bank.test"},
			} {
				if mustJSON(t, info[name]) != mustJSON(t, want) {
					t.Errorf("%s is %v, want %v", name, info[name], want)
				}
			}
			iat, exp, at := info["iat"].(float64), info["exp"].(float64), info["auth_time"].(float64)
			if exp-iat != 300 || iat-at < 55 || iat-at > 65 || info["jti"] == "" {
				t.Errorf("got %v", info)
			}
			refresh := e.introspect(p, got.Refresh)
			if refresh["active"] != true || refresh["token_type"] != "refresh_token" || refresh["client_id"] != p.ClientID {
				t.Errorf("refresh token %v", refresh)
			}
			e.clock.Advance(5*time.Minute + time.Second)
			if e.introspect(p, got.Access)["active"] != false {
				t.Error("active after its end")
			}
		})
	}
}

// Whoever finds a token learns nothing of it: the answer is active=false and nothing else.
func TestIntrospectionOfOthersTokens(t *testing.T) {
	e := newEnv(t)
	p, stranger := e.add(nil), e.add(nil)
	any := e.add(func(s *relyingparty.Settings) { s.IntrospectAny = true })
	api := e.add(nil)
	q := e.add(func(s *relyingparty.Settings) { s.Audience = []string{api.ClientID} })
	got, forAPI := e.login(p), e.login(q)
	for name, c := range map[string]struct {
		asker  party
		token  string
		active bool
	}{
		"stranger": {stranger, got.Access, false}, "resource server of all": {any, got.Access, true}, "audience": {api, forAPI.Access, true},
		"not its audience": {api, got.Access, false}, "refresh token of another": {any, got.Refresh, false}, "id_token": {p, got.ID, false},
		"garbage": {p, "x", false}, "hostile": {p, hostilePayloads[0], false},
	} {
		t.Run(name, func(t *testing.T) {
			info := e.introspect(c.asker, c.token)
			if info["active"] != c.active || !c.active && len(info) != 1 {
				t.Errorf("got %v", info)
			}
		})
	}
	e.wantError(e.post("/introspect", url.Values{"token": {got.Access}}), 401, "invalid_client")
	e.wantError(e.post("/introspect", url.Values{}, p.auth), 400, "invalid_request")
}

func TestRevocation(t *testing.T) {
	for _, format := range []string{relyingparty.FormatJWT, relyingparty.FormatOpaque} {
		t.Run(format, func(t *testing.T) {
			e := newEnv(t)
			p, other := e.add(func(s *relyingparty.Settings) { s.AccessTokenFormat = format }), e.add(nil)
			got := e.login(p)
			revoke := func(p party, token string) *httptest.ResponseRecorder {
				return e.post("/revoke", url.Values{"token": {token}, "token_type_hint": {"nonsense"}}, p.auth)
			}
			e.wantError(revoke(other, got.Access), 400, "unauthorized_client")
			e.wantError(revoke(other, got.Refresh), 400, "unauthorized_client")
			if w := e.userinfo(got.Access); w.Code != 200 {
				t.Fatal("another client revoked it")
			}
			if w := revoke(p, got.Access); w.Code != 200 || w.Body.Len() != 0 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			e.wantError(e.userinfo(got.Access), 401, "invalid_token")
			next := e.tokens(e.post("/token", p.refresh(got.Refresh), p.auth)) // the access token went alone
			if w := revoke(p, next.Refresh); w.Code != 200 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			e.wantError(e.post("/token", p.refresh(next.Refresh), p.auth), 400, "invalid_grant")
			e.wantError(e.userinfo(next.Access), 401, "invalid_token")
			e.wantEvent(p.ClientID, "token.revoked")
			for _, token := range []string{got.Access, next.Refresh, "unknown", got.ID} {
				if w := revoke(p, token); w.Code != 200 {
					t.Errorf("again: %d %s", w.Code, w.Body)
				}
			}
			e.wantError(e.post("/revoke", url.Values{}, p.auth), 400, "invalid_request")
			e.wantError(e.post("/revoke", url.Values{"token": {"x"}}), 401, "invalid_client")
		})
	}
}

// A token that was good a moment ago is not when its key was revoked: remembering the signature does not outlive the key.
func TestRevokedKeyTakesItsTokens(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.AccessTokenLifetime = relyingparty.Duration(10 * time.Hour) })
	got := e.login(p, func(f *login.Flow) { f.Outcome.Session = "" })
	for range 2 { // the second from memory
		if w := e.userinfo(got.Access); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	must(t, e.keys.Rotate(t.Context(), "test", "ES256", true))
	e.clock.Advance(2 * time.Hour)
	must(t, e.keys.Revoke(t.Context(), "test", joseHeader(t, got.Access)["kid"].(string)))
	e.wantError(e.userinfo(got.Access), 401, "invalid_token")
	if e.introspect(p, got.Access)["active"] != false {
		t.Error("active")
	}
}

// Tokens of an old signing key are good as long as it is published.
func TestRotationKeepsOldTokensGood(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.AccessTokenLifetime = relyingparty.Duration(10 * time.Hour) })
	old := e.login(p, func(f *login.Flow) { f.Outcome.Session = "" })
	must(t, e.keys.Rotate(t.Context(), "test", "ES256", true))
	e.clock.Advance(2 * time.Hour) // beyond the TTL, after which the new key signs
	fresh := e.login(p, func(f *login.Flow) { f.Outcome.Session = "" })
	if joseHeader(t, old.ID)["kid"] == joseHeader(t, fresh.ID)["kid"] {
		t.Fatal("not rotated")
	}
	for _, token := range []string{old.Access, fresh.Access} {
		if w := e.userinfo(token); w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		e.verified(token, "ES256", "at+jwt")
	}
}
