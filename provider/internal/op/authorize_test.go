package op_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

// answer is an authorization response at the relying party.
func answer(t *testing.T, w *httptest.ResponseRecorder) (target string, fields url.Values) {
	t.Helper()
	if strings.HasPrefix(w.Body.String(), "form ") {
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
		fields = url.Values{}
		for _, l := range lines[1:] {
			name, value, _ := strings.Cut(l, "=")
			fields.Add(name, value)
		}
		return "form_post " + strings.TrimPrefix(lines[0], "form "), fields
	}
	if w.Code != http.StatusSeeOther {
		t.Fatalf("status %d %s", w.Code, w.Body)
	}
	loc := w.Header().Get("Location")
	if uri, frag, ok := strings.Cut(loc, "#"); ok {
		fields, err := url.ParseQuery(frag)
		must(t, err)
		return "fragment " + uri, fields
	}
	rest, ok := strings.CutPrefix(loc, callback)
	if !ok {
		t.Fatalf("redirected to %s", loc)
	}
	fields, err := url.ParseQuery(strings.TrimPrefix(rest, "&"))
	must(t, err)
	return "query " + callback, fields
}

// wantRefusal checks that the relying party gets an error in the response mode it asked for, with state and iss.
func wantRefusal(t *testing.T, w *httptest.ResponseRecorder, mode, code, state string) {
	t.Helper()
	target, fields := answer(t, w)
	if !strings.HasPrefix(target, mode+" "+callback) {
		t.Errorf("answered at %s, want %s", target, mode)
	}
	if fields.Get("error") != code || fields.Get("iss") != issuer || fields.Get("code") != "" {
		t.Errorf("fields %v, want error %s", fields, code)
	}
	if fields.Get("state") != state {
		t.Errorf("state %q", fields.Get("state"))
	}
}

const state = "s t&=#%é"

func TestAuthorizeStartsAFlow(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	w := e.get("/authorize", p.authorize("acr_values", "urn:varco:sca urn:varco:1fa", "max_age", "0", "prompt", "login consent",
		"ui_locales", "it en", "login_hint", "anna", "response_mode", "fragment", "unknown", "ignored"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login/flow" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	zero := int64(0)
	want := login.Request{
		Client: p.ClientID, RedirectURI: callback, State: state, Nonce: "n-0S6_WzA2Mj", ResponseMode: "fragment", Scopes: []string{"openid", "profile", "email"},
		Audience: []string{"https://api.bank.test"}, Challenge: challenge, ACRValues: []string{"urn:varco:sca", "urn:varco:1fa"},
		Prompt: []string{"login", "consent"}, MaxAge: &zero, LoginHint: "anna", UILocales: []string{"it", "en"},
	}
	got := e.flows.last(t)
	if got.MaxAge == nil || *got.MaxAge != 0 {
		t.Errorf("max_age %v", got.MaxAge)
	}
	got.MaxAge = want.MaxAge
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The answer carries code, state as it came and iss (RFC 9207), in each response mode.
func TestAnswerInEachResponseMode(t *testing.T) {
	for mode, at := range map[string]string{"": "query", "query": "query", "fragment": "fragment", "form_post": "form_post"} {
		t.Run("mode "+mode, func(t *testing.T) {
			e := newEnv(t)
			e.flows.silent = true
			p := e.add(nil)
			w := e.get("/authorize", p.authorize("response_mode", mode))
			target, fields := answer(t, w)
			if target != at+" "+callback {
				t.Errorf("answered at %s", target)
			}
			got := fields.Get("state")
			if at == "form_post" {
				got = strings.ReplaceAll(got, "&amp;", "&")
			}
			if got != state || fields.Get("iss") != issuer || len(fields) != 3 {
				t.Errorf("fields %v", fields)
			}
			e.tokens(e.post("/token", p.exchange(fields.Get("code")), p.auth))
		})
	}
}

// Errors travel in the mode that was asked for, form_post included.
func TestErrorsTravelInTheResponseMode(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	for _, mode := range []string{"query", "fragment"} {
		wantRefusal(t, e.get("/authorize", p.authorize("response_mode", mode, "scope", "")), mode, "invalid_request", state)
	}
	w := e.get("/authorize", p.authorize("response_mode", "form_post", "response_type", "token", "state", "plain"))
	wantRefusal(t, w, "form_post", "unsupported_response_type", "plain")
}

func TestAuthorizeRefusals(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	long := strings.Repeat("x", 3000)
	for name, c := range map[string]struct {
		set  []string
		code string
	}{
		"no response_type":          {[]string{"response_type", ""}, "invalid_request"},
		"response_type token":       {[]string{"response_type", "token"}, "unsupported_response_type"},
		"response_type hybrid":      {[]string{"response_type", "code id_token"}, "unsupported_response_type"},
		"response_type none":        {[]string{"response_type", "none"}, "unsupported_response_type"},
		"response_mode unknown":     {[]string{"response_mode", "web_message"}, "invalid_request"},
		"no scope":                  {[]string{"scope", ""}, "invalid_request"},
		"scope unknown":             {[]string{"scope", "nothing"}, "invalid_scope"},
		"scope internal":            {[]string{"scope", "claim:email id_claim:email"}, "invalid_scope"},
		"prompt none and login":     {[]string{"prompt", "none login"}, "invalid_request"},
		"prompt unknown":            {[]string{"prompt", "create"}, "invalid_request"},
		"max_age negative":          {[]string{"max_age", "-1"}, "invalid_request"},
		"max_age not a number":      {[]string{"max_age", "soon"}, "invalid_request"},
		"max_age too large":         {[]string{"max_age", "99999999999999999999"}, "invalid_request"},
		"max_age with a sign":       {[]string{"max_age", "+5"}, "invalid_request"},
		"no PKCE":                   {[]string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		"PKCE plain":                {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		"PKCE without method":       {[]string{"code_challenge_method", ""}, "invalid_request"},
		"PKCE method unknown":       {[]string{"code_challenge_method", "S512"}, "invalid_request"},
		"PKCE challenge short":      {[]string{"code_challenge", "abc"}, "invalid_request"},
		"PKCE method, no challenge": {[]string{"code_challenge", ""}, "invalid_request"},
		"request object":            {[]string{"request", "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"},
		"request object, huge":      {[]string{"request", strings.Repeat("x", 20000)}, "request_not_supported"},
		"request_uri":               {[]string{"request_uri", "https://rp.bank.test/request"}, "request_uri_not_supported"},
		"registration":              {[]string{"registration", "{}"}, "registration_not_supported"},
		"id_token_hint garbage":     {[]string{"id_token_hint", "garbage"}, "invalid_request"},
		"claims not JSON":           {[]string{"claims", "{"}, "invalid_request"},
		"claims array":              {[]string{"claims", "[1]"}, "invalid_request"},
		"nonce too long":            {[]string{"nonce", long}, "invalid_request"},
		"nonce with NUL":            {[]string{"nonce", "a\x00b"}, "invalid_request"},
		"nonce not UTF-8":           {[]string{"nonce", "\xff"}, "invalid_request"},
		"login_hint too long":       {[]string{"login_hint", long[:400]}, "invalid_request"},
		"too many acr_values":       {[]string{"acr_values", strings.Repeat("a ", 17)}, "invalid_request"},
		"too many ui_locales":       {[]string{"ui_locales", strings.Repeat("it ", 17)}, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, e.get("/authorize", p.authorize(c.set...)), "query", c.code, state)
		})
	}
	if n := e.flows.count(); n != 0 {
		t.Errorf("%d flows were started", n)
	}
}

// A parameter that is there twice is refused; without a usable state or redirect URI when that is the one.
func TestDuplicateParametersAreRefused(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	twice := func(name, value string) *httptest.ResponseRecorder {
		q := p.authorize()
		q.Add(name, value)
		return e.get("/authorize", q)
	}
	wantRefusal(t, twice("scope", "openid"), "query", "invalid_request", state)
	wantRefusal(t, twice("state", "other"), "query", "invalid_request", "")
	for _, name := range []string{"client_id", "redirect_uri"} {
		if w := twice(name, p.authorize().Get(name)); w.Code != 400 || !strings.HasPrefix(w.Body.String(), "error page") {
			t.Errorf("%s twice: %d %s", name, w.Code, w.Body)
		}
	}
	// One that we do not know may be there as often as it likes.
	q := p.authorize()
	q["resource"] = []string{"https://a.test", "https://b.test"}
	if w := e.get("/authorize", q); w.Header().Get("Location") != "/login/flow" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// Until client and redirect URI belong together, nothing is redirected anywhere.
func TestUnregisteredRedirectURIGetsAPage(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	for name, c := range map[string]struct {
		set  []string
		page string
	}{
		"no client":          {[]string{"client_id", ""}, "bad_request"},
		"unknown client":     {[]string{"client_id", "nobody"}, "invalid_client"},
		"client too long":    {[]string{"client_id", strings.Repeat("x", 500)}, "invalid_client"},
		"no redirect_uri":    {[]string{"redirect_uri", ""}, "redirect_uri"},
		"other host":         {[]string{"redirect_uri", "https://evil.test/callback?a=%7e1"}, "redirect_uri"},
		"prefix":             {[]string{"redirect_uri", callback + "2"}, "redirect_uri"},
		"added query":        {[]string{"redirect_uri", callback + "&b=2"}, "redirect_uri"},
		"equivalent":         {[]string{"redirect_uri", strings.Replace(callback, "%7e", "~", 1)}, "redirect_uri"},
		"encoded twice":      {[]string{"redirect_uri", url.QueryEscape(callback)}, "redirect_uri"},
		"upper case":         {[]string{"redirect_uri", strings.Replace(callback, "rp.", "RP.", 1)}, "redirect_uri"},
		"fragment":           {[]string{"redirect_uri", callback + "#x"}, "redirect_uri"},
		"path traversal":     {[]string{"redirect_uri", "https://rp.bank.test/x/../callback?a=%7e1"}, "redirect_uri"},
		"user name":          {[]string{"redirect_uri", "https://rp.bank.test@evil.test/callback"}, "redirect_uri"},
		"also with an error": {[]string{"redirect_uri", "https://evil.test/", "response_type", "token"}, "redirect_uri"},
		"javascript":         {[]string{"redirect_uri", "javascript:alert(1)"}, "redirect_uri"},
	} {
		t.Run(name, func(t *testing.T) {
			w := e.get("/authorize", p.authorize(c.set...))
			if w.Code != 400 || w.Body.String() != "error page "+c.page || w.Header().Get("Location") != "" {
				t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
			}
		})
	}
}

func TestNativeLoopbackRedirectOnAnyPort(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) {
		public(s)
		s.Native, s.RedirectURIs = true, []string{"http://127.0.0.1/cb", "com.example.bank:/cb"}
	})
	for uri, good := range map[string]bool{
		"http://127.0.0.1/cb": true, "http://127.0.0.1:54321/cb": true, "com.example.bank:/cb": true,
		"http://127.0.0.1:54321/other": false, "http://localhost:54321/cb": false, "https://127.0.0.1:1/cb": false, "http://127.0.0.2:1/cb": false,
		"http://127.0.0.1:54321/cb?x=1": false, "http://127.0.0.1:1@evil.test/cb": false, "http://[::1]:1/cb": false,
	} {
		w := e.get("/authorize", p.authorize("redirect_uri", uri))
		if started := w.Header().Get("Location") == "/login/flow"; started != good {
			t.Errorf("%s: %d %s", uri, w.Code, w.Body)
		}
	}
}

func TestUnknownParametersAreIgnored(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	for _, extra := range []string{"&foo=bar", "&foo=%zz", "&%zz=1", "&foo", "&=", "&&", "&foo=a;b", "&foo=%00"} {
		w := e.do(httptest.NewRequest(http.MethodGet, issuer+"/authorize?"+p.authorize().Encode()+extra, nil))
		if w.Header().Get("Location") != "/login/flow" {
			t.Errorf("%s: %d %v", extra, w.Code, w.Header())
		}
	}
}

// A POST is turned into the same request as a GET, with which the browser sends its SameSite=Lax cookies.
func TestAuthorizeByPost(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	w := e.post("/authorize", p.authorize("unknown", "dropped"))
	loc := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(loc, "/authorize?") || strings.Contains(loc, "unknown") {
		t.Fatalf("%d %s", w.Code, loc)
	}
	if n := len(w.Result().Cookies()); n != 0 {
		t.Errorf("%d cookies were set before the browser's own arrived", n)
	}
	if w = e.do(httptest.NewRequest(http.MethodGet, issuer+loc, nil)); w.Header().Get("Location") != "/login/flow" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := e.flows.last(t); got.State != state || got.RedirectURI != callback {
		t.Errorf("got %+v", got)
	}
	// Too long for a URL: served as it is.
	if w = e.post("/authorize", p.authorize("claims", `{"x":"`+strings.Repeat("y", 8000)+`"}`)); w.Header().Get("Location") != "/login/flow" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	wantRefusal(t, e.post("/authorize", with(p.authorize(), "scope", "openid", "nonce", "\xff")), "query", "invalid_request", state)
}

func TestAuthorizeBoundsTheBody(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	big := p.authorize("claims", strings.Repeat("x", 70<<10))
	if w := e.post("/authorize", big); w.Code != 400 || !strings.HasPrefix(w.Body.String(), "error page") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	many := p.authorize().Encode() + strings.Repeat("&a=b", 200)
	if w := e.do(httptest.NewRequest(http.MethodGet, issuer+"/authorize?"+many, nil)); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := e.post("/authorize", p.authorize(), header("Content-Type", "application/json")); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestHeadBeginsNothing(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	w := e.do(httptest.NewRequest(http.MethodHead, issuer+"/authorize?"+p.authorize().Encode(), nil))
	if w.Code != http.StatusMethodNotAllowed || e.flows.count() != 0 {
		t.Errorf("%d, %d flows", w.Code, e.flows.count())
	}
}

func TestScopesTheClientMayNotHaveAreLeftOut(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.GrantTypes, s.Scopes = nil, []string{"openid", "email"} })
	e.get("/authorize", p.authorize("scope", "openid email profile offline_access unknown openid"))
	if got := strings.Join(e.flows.last(t).Scopes, " "); got != "openid email" {
		t.Errorf("scopes %q", got)
	}
}

func TestPKCEOptionalForConfidentialClientsAlone(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.PKCEOptional = true })
	if w := e.get("/authorize", p.authorize("code_challenge", "", "code_challenge_method", "")); w.Header().Get("Location") != "/login/flow" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	wantRefusal(t, e.get("/authorize", p.authorize("code_challenge_method", "plain")), "query", "invalid_request", state)
	s := p.Settings
	s.ClientID, s.TokenEndpointAuthMethod = "public", relyingparty.AuthNone
	if _, err := e.clients.Add(t.Context(), "test", s); !fault.Is(err, fault.Invalid) {
		t.Errorf("a public client without PKCE was registered: %v", err)
	}
}

func TestClientWithoutTheCodeGrant(t *testing.T) {
	e := newEnv(t)
	p := e.add(func(s *relyingparty.Settings) { s.GrantTypes, s.Scopes = []string{"client_credentials"}, []string{"x"} })
	wantRefusal(t, e.get("/authorize", p.authorize()), "query", "unauthorized_client", state)
}

func TestErrorsOfThePipelineReachTheRelyingParty(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	for _, code := range []string{"login_required", "interaction_required", "consent_required", "unmet_authentication_requirements"} {
		e.flows.err = fmt.Errorf("start: %w", &login.OAuthError{Code: code, Description: "why"})
		wantRefusal(t, e.get("/authorize", p.authorize("prompt", "none", "response_mode", "fragment")), "fragment", code, state)
	}
}

func TestOutageOfTheLoginIsAPage(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	for kind, want := range map[fault.Kind]string{
		fault.Unavailable: "503 error page unavailable", fault.Throttled: "429 error page throttled", fault.Internal: "500 error page internal",
	} {
		e.flows.err = fault.New(kind, "x")
		w := e.get("/authorize", p.authorize())
		if got := fmt.Sprint(w.Code, " ", w.Body); got != want {
			t.Errorf("%v: %s", kind, got)
		}
		if kind != fault.Internal && w.Header().Get("Retry-After") == "" {
			t.Errorf("%v: no Retry-After", kind)
		}
	}
}

func TestFinishedFlowWithAnError(t *testing.T) {
	e := newEnv(t)
	w := httptest.NewRecorder()
	e.op.Respond(w, httptest.NewRequest(http.MethodPost, issuer+"/login/x", nil), &login.Answer{
		Request: login.Request{RedirectURI: callback, State: state, ResponseMode: "fragment"}, Outcome: login.Outcome{Error: "access_denied"}, Code: "never",
	})
	wantRefusal(t, w, "fragment", "access_denied", state)
}

func TestAnswerForSomebodyElseThanHinted(t *testing.T) {
	e := newEnv(t)
	w := httptest.NewRecorder()
	e.op.Respond(w, httptest.NewRequest(http.MethodPost, issuer+"/login/x", nil), &login.Answer{
		Request: login.Request{RedirectURI: callback, State: state, SubjectHint: "anna"}, Outcome: login.Outcome{Subject: "berto"}, Code: "never",
	})
	wantRefusal(t, w, "query", "login_required", state)
}

func TestIDTokenHint(t *testing.T) {
	e := newEnv(t)
	p, other := e.add(nil), e.add(nil)
	got, foreign := e.login(p), e.login(other)
	ask := func(p party, hint string) *httptest.ResponseRecorder {
		return e.get("/authorize", p.authorize("id_token_hint", hint, "prompt", "none"))
	}
	ask(p, got.ID)
	if hint := e.flows.last(t).SubjectHint; hint != e.subject {
		t.Errorf("subject hint %q", hint)
	}
	e.clock.Advance(48 * time.Hour) // expired: as good
	ask(p, got.ID)
	if e.flows.count() != 2 {
		t.Error("an expired hint was refused")
	}
	altered := []string{got.ID[:len(got.ID)-4] + "AAAA", swapPayload(got.ID, foreign.ID), got.Access}
	for _, hint := range append(altered, hostilePayloads...) {
		wantRefusal(t, ask(p, hint), "query", "invalid_request", state)
	}
	wantRefusal(t, ask(other, got.ID), "query", "invalid_request", state)
}

// hostilePayloads made the library panic before it looked at a signature: a list of numbers as aud, null as the whole.
var hostilePayloads = []string{
	"eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOlsxXX0.AAAA", "eyJhbGciOiJFUzI1NiJ9.bnVsbA.AAAA", "eyJhbGciOiJub25lIn0.e30.", "a.b.c", "..", "",
}[:5]

// swapPayload puts the claims of one token under the signature of another.
func swapPayload(a, b string) string {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	return x[0] + "." + y[1] + "." + x[2]
}

func TestClaimsParameter(t *testing.T) {
	e := newEnv(t)
	e.flows.silent = true
	p := e.add(func(s *relyingparty.Settings) { s.Scopes = []string{"openid", "email", "profile", "phone"} })
	ask := func(claims string) tokens {
		t.Helper()
		_, fields := answer(t, e.get("/authorize", p.authorize("scope", "openid profile", "claims", claims)))
		return e.tokens(e.post("/token", p.exchange(fields.Get("code")), p.auth))
	}
	got := ask(`{"userinfo":{"email":{"essential":true},"name":null,"address":null,"x":{"value":1}},
		"id_token":{"phone_number":null,"auth_time":{"essential":true}}}`)
	if got.Scope != "openid profile" {
		t.Errorf("scope shown %q", got.Scope)
	}
	info := object(t, e.userinfo(got.Access).Body.Bytes())
	if info["email"] != "anna@bank.test" || info["email_verified"] != nil || info["address"] != nil || info["name"] != "Anna Rossi" {
		t.Errorf("userinfo %v", info)
	}
	id := payload(t, got.ID)
	if id["phone_number"] != "+39021234567" || id["email"] != nil || id["auth_time"] == nil {
		t.Errorf("id_token %v", id)
	}
	if s := e.introspect(p, got.Access)["scope"]; s != "openid profile" {
		t.Errorf("introspected scope %v", s)
	}
}

func TestClaimsParameterAsksForACRAndSubject(t *testing.T) {
	e := newEnv(t)
	p := e.add(nil)
	e.get("/authorize", p.authorize("acr_values", "urn:varco:1fa", "claims", `{"id_token":{"acr":{"essential":true,"values":["urn:varco:sca","b"]},"sub":{"value":"anna"}}}`))
	if r := e.flows.last(t); !r.ACREssential || strings.Join(r.ACRValues, " ") != "urn:varco:sca b" || r.SubjectHint != "anna" {
		t.Errorf("got %+v", r)
	}
	e.get("/authorize", p.authorize("acr_values", "urn:varco:1fa", "claims", `{"id_token":{"acr":null}}`))
	if r := e.flows.last(t); r.ACREssential || strings.Join(r.ACRValues, " ") != "urn:varco:1fa" {
		t.Errorf("got %+v", r)
	}
	wantRefusal(t, e.get("/authorize", p.authorize("claims", `{"id_token":{"sub":{"value":"anna"}},"userinfo":{"sub":{"value":"berto"}}}`)), "query", "login_required", state)
}
