package relyingparty_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
	rp "github.com/varco-id/varco/provider/internal/relyingparty"
)

// Each mistake is told with its field; the message says what to do.
func TestValidation(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	keyed := func(raw json.RawMessage) func(*rp.Settings) {
		return func(s *rp.Settings) { s.TokenEndpointAuthMethod, s.JWKS = rp.AuthPrivateKeyJWT, raw }
	}
	uri := func(u string) func(*rp.Settings) { return func(s *rp.Settings) { s.RedirectURIs = []string{u} } }
	native := func(u string) func(*rp.Settings) {
		return func(s *rp.Settings) { s.RedirectURIs, s.Native = []string{u}, true }
	}
	for name, c := range map[string]struct {
		change func(*rp.Settings)
		field  string // "" for a good registration
	}{
		"the least":           {nil, ""},
		"public":              {func(s *rp.Settings) { s.TokenEndpointAuthMethod = rp.AuthNone }, ""},
		"key":                 {keyed(jwks(t, ec.Public())), ""},
		"native scheme":       {native("com.example.bank:/cb"), ""},
		"loopback":            {uri("http://127.0.0.1:8081/cb"), ""},
		"loopback v6":         {uri("http://[::1]:8081/cb"), ""},
		"credentials":         {func(s *rp.Settings) { s.RedirectURIs, s.GrantTypes = nil, []string{"client_credentials"} }, ""},
		"no id":               {func(s *rp.Settings) { s.ClientID = "" }, "client_id"},
		"id with colon":       {func(s *rp.Settings) { s.ClientID = "a:b" }, "client_id"},
		"id with percent":     {func(s *rp.Settings) { s.ClientID = "a%20b" }, "client_id"},
		"id dots":             {func(s *rp.Settings) { s.ClientID = ".." }, "client_id"},
		"id long":             {func(s *rp.Settings) { s.ClientID = strings.Repeat("x", 129) }, "client_id"},
		"id reserved":         {func(s *rp.Settings) { s.ClientID = "varco-account" }, "client_id"},
		"name with control":   {func(s *rp.Settings) { s.Name = "a\nb" }, "client_name"},
		"localised name long": {func(s *rp.Settings) { s.NameLocalised = map[string]string{"it": strings.Repeat("x", 201)} }, "client_name_localised.it"},
		"grant unknown":       {func(s *rp.Settings) { s.GrantTypes = []string{"authorization_code", "password"} }, "grant_types"},
		"refresh alone":       {func(s *rp.Settings) { s.GrantTypes = []string{"refresh_token"} }, "grant_types"},
		"public credentials": {func(s *rp.Settings) {
			s.TokenEndpointAuthMethod, s.GrantTypes = rp.AuthNone, []string{"client_credentials"}
		}, "grant_types"},
		"method unknown":        {func(s *rp.Settings) { s.TokenEndpointAuthMethod = "tls_client_auth" }, "token_endpoint_auth_method"},
		"key missing":           {keyed(nil), "jwks"},
		"key not JSON":          {keyed(json.RawMessage(`"x"`)), "jwks"},
		"key private":           {keyed(jwks(t, ec)), "jwks"},
		"key symmetric":         {keyed(jwks(t, []byte("0123456789abcdef0123456789abcdef"))), "jwks"},
		"key other curve":       {keyed(jwks(t, p384.Public())), "jwks"},
		"key for encryption":    {keyed(json.RawMessage(strings.Replace(string(jwks(t, ec.Public())), `"kid"`, `"use":"enc","kid"`, 1))), "jwks"},
		"keys of none":          {keyed(json.RawMessage(`{"keys":[]}`)), "jwks"},
		"key without use":       {func(s *rp.Settings) { s.JWKS = jwks(t, ec.Public()) }, "jwks"},
		"public, no PKCE":       {func(s *rp.Settings) { s.TokenEndpointAuthMethod, s.PKCEOptional = rp.AuthNone, true }, "pkce_optional"},
		"public, no rotation":   {func(s *rp.Settings) { s.TokenEndpointAuthMethod, s.NoRefreshRotation = rp.AuthNone, true }, "no_refresh_rotation"},
		"public, introspecting": {func(s *rp.Settings) { s.TokenEndpointAuthMethod, s.IntrospectAny = rp.AuthNone, true }, "introspect_any"},
		"no URI":                {func(s *rp.Settings) { s.RedirectURIs = nil }, "redirect_uris"},
		"http":                  {uri("http://bank.test/cb"), "redirect_uris"},
		"http tricky":           {uri("http://127.0.0.1.evil.test/cb"), "redirect_uris"},
		"fragment":              {uri("https://bank.test/cb#x"), "redirect_uris"},
		"empty fragment":        {uri("https://bank.test/cb#"), "redirect_uris"},
		"wildcard":              {uri("https://*.bank.test/cb"), "redirect_uris"},
		"user name":             {uri("https://bank.test@evil.test/cb"), "redirect_uris"},
		"relative":              {uri("/cb"), "redirect_uris"},
		"no host":               {uri("https:///cb"), "redirect_uris"},
		"dots":                  {uri("https://bank.test/x/../cb"), "redirect_uris"},
		"encoded dots":          {uri("https://bank.test/x/%2e%2e/cb"), "redirect_uris"},
		"backslash":             {uri(`https://bank.test\@evil.test/cb`), "redirect_uris"},
		"space":                 {uri("https://bank.test/a b"), "redirect_uris"},
		"not ASCII":             {uri("https://bänk.test/cb"), "redirect_uris"},
		"long":                  {uri("https://bank.test/" + strings.Repeat("x", 2048)), "redirect_uris"},
		"javascript":            {native("javascript:alert(1)"), "redirect_uris"},
		"data":                  {native("data:text/html,x"), "redirect_uris"},
		"short scheme":          {native("bank:/cb"), "redirect_uris"},
		"scheme not native":     {uri("com.example.bank:/cb"), "redirect_uris"},
		"logout http":           {func(s *rp.Settings) { s.PostLogoutRedirectURIs = []string{"http://bank.test/"} }, "post_logout_redirect_uris"},
		"many URIs":             {func(s *rp.Settings) { s.RedirectURIs = slices.Repeat(s.RedirectURIs, 65) }, "redirect_uris"},
		"alg":                   {func(s *rp.Settings) { s.IDTokenAlg = "HS256" }, "id_token_signed_response_alg"},
		"alg none":              {func(s *rp.Settings) { s.IDTokenAlg = "none" }, "id_token_signed_response_alg"},
		"format":                {func(s *rp.Settings) { s.AccessTokenFormat = "xml" }, "access_token_format"},
		"access long":           {func(s *rp.Settings) { s.AccessTokenLifetime = rp.Duration(25 * time.Hour) }, "access_token_lifetime"},
		"access short":          {func(s *rp.Settings) { s.AccessTokenLifetime = rp.Duration(time.Millisecond) }, "access_token_lifetime"},
		"refresh long":          {func(s *rp.Settings) { s.RefreshTokenLifetime = rp.Duration(9000 * time.Hour) }, "refresh_token_lifetime"},
		"id token long":         {func(s *rp.Settings) { s.IDTokenLifetime = rp.Duration(25 * time.Hour) }, "id_token_lifetime"},
		"login long":            {func(s *rp.Settings) { s.LoginTimeout = rp.Duration(2 * time.Hour) }, "login_timeout"},
		"audience empty":        {func(s *rp.Settings) { s.Audience = []string{""} }, "audience"},
		"audience with a space": {func(s *rp.Settings) { s.Audience = []string{"a b"} }, "audience"},
		"many audiences":        {func(s *rp.Settings) { s.Audience = slices.Repeat([]string{"a"}, 17) }, "audience"},
		"scope with a space":    {func(s *rp.Settings) { s.Scopes = []string{"a b"} }, "scopes"},
		"scope reserved":        {func(s *rp.Settings) { s.Scopes = []string{"claim:email"} }, "scopes"},
		"scope offline":         {func(s *rp.Settings) { s.Scopes = []string{"openid", "offline_access"} }, "scopes"},
		"many scopes":           {func(s *rp.Settings) { s.Scopes = slices.Repeat([]string{"a"}, 49) }, "scopes"},
		"consent":               {func(s *rp.Settings) { s.Consent = "never" }, "consent"},
		"acr unknown":           {func(s *rp.Settings) { s.ACRDefault = "urn:other" }, "acr_default"},
		"acr minimum unknown":   {func(s *rp.Settings) { s.ACRMinimum = "urn:other" }, "acr_minimum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := rp.Validate(settings(c.change), []string{"urn:varco:1fa", "urn:varco:sca"})
			if c.field == "" {
				must(t, err)
				return
			}
			var invalid *rp.InvalidError
			if !errors.As(err, &invalid) || !fault.Is(err, fault.Invalid) {
				t.Fatalf("got %v", err)
			}
			if len(invalid.Problems) != 1 || invalid.Problems[0].Field != c.field || len(invalid.Problems[0].Message) < 10 {
				t.Errorf("got %+v", invalid.Problems)
			}
		})
	}
}

func TestWeakRSAKeyIsRefused(t *testing.T) {
	t.Parallel()
	key := &rsa.PublicKey{N: new(rsa.PublicKey).N, E: 65537}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	key.N = strong.N
	good := settings(func(s *rp.Settings) { s.TokenEndpointAuthMethod, s.JWKS = rp.AuthPrivateKeyJWT, jwks(t, key) })
	must(t, rp.Validate(good, nil))
	// Half the modulus is as good as a key for this: only its length is looked at.
	key.N = strong.Primes[0]
	bad := settings(func(s *rp.Settings) { s.TokenEndpointAuthMethod, s.JWKS = rp.AuthPrivateKeyJWT, jwks(t, key) })
	if err := rp.Validate(bad, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a 1024-bit key: %v", err)
	}
}

func TestAllProblemsAreTold(t *testing.T) {
	t.Parallel()
	err := rp.Validate(rp.Settings{ClientID: "a:b", RedirectURIs: []string{"http://x.test"}, Consent: "x"}, nil)
	for _, field := range []string{"client_id", "redirect_uris", "consent"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}
