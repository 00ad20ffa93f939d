package relyingparty

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Problem is one thing wrong with a registration.
type Problem struct {
	Field   string // JSON name
	Message string // what is wrong and what to do, without the field's name in front
}

// InvalidError lists everything wrong with a registration; its kind is fault.Invalid.
type InvalidError struct {
	ClientID string
	Problems []Problem
}

func (e *InvalidError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "client %q cannot be registered", e.ClientID)
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "; %s %s", p.Field, p.Message)
	}
	return b.String()
}

// Unwrap gives the error its kind.
func (e *InvalidError) Unwrap() error { return fault.New(fault.Invalid, "invalid registration") }

// The bounds of a registration.
const (
	maxURIs       = 64
	maxName       = 200
	maxAccess     = 24 * time.Hour
	maxRefresh    = 366 * 24 * time.Hour
	maxLogin      = time.Hour
	maxScopes     = 48 // an opaque access token holds one bit for each
	claimPrefix   = "claim:"
	idClaimPrefix = "id_claim:"
)

type checker struct{ problems []Problem }

func (c *checker) add(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{field, fmt.Sprintf(format, args...)})
}

// Validate checks a registration as a whole and answers an *InvalidError that lists every problem. acrs are the acr values that
// policy knows; nil leaves them unchecked.
func Validate(s Settings, acrs []string) error {
	c := &checker{}
	c.identity(s)
	c.grants(s)
	c.authentication(s)
	c.uris(s)
	c.tokens(s)
	c.scopes(s)
	c.policy(s, acrs)
	if len(c.problems) > 0 {
		slices.SortStableFunc(c.problems, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
		return &InvalidError{s.ClientID, c.problems}
	}
	return nil
}

func (c *checker) identity(s Settings) {
	switch {
	case s.ClientID == "":
		c.add("client_id", "is missing: give the relying party a short name, like bank-web")
	case len(s.ClientID) > 128:
		c.add("client_id", "is longer than 128 characters")
	case strings.Trim(s.ClientID, idAlphabet) != "" || s.ClientID == "." || s.ClientID == "..":
		// Half of all clients forget to percent-encode it for HTTP Basic (RFC 6749 section 2.3.1); with these characters it
		// is the same.
		c.add("client_id", "may hold letters, digits and . _ ~ - alone")
	case s.ClientID == ReservedID:
		c.add("client_id", "is reserved for the person's own page: choose another")
	}
	c.name("client_name", s.Name)
	for lang, n := range s.NameLocalised {
		c.name("client_name_localised."+lang, n)
	}
}

const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-"

func (c *checker) name(field, n string) {
	if len(n) > maxName || strings.ContainsFunc(n, func(r rune) bool { return !unicode.IsPrint(r) }) {
		c.add(field, "must be at most %d bytes of printable text", maxName)
	}
}

func (c *checker) grants(s Settings) {
	for _, g := range s.GrantTypes {
		if g != GrantCode && g != GrantRefresh && g != GrantClientCredentials {
			c.add("grant_types", "names %q: use %s, %s or %s", g, GrantCode, GrantRefresh, GrantClientCredentials)
		}
	}
	if s.AllowsGrant(GrantRefresh) && !s.AllowsGrant(GrantCode) {
		c.add("grant_types", "has %s without %s: there would be nothing to refresh", GrantRefresh, GrantCode)
	}
	if s.AllowsGrant(GrantClientCredentials) && s.Public() {
		c.add("grant_types", "has %s, but a client with token_endpoint_auth_method none has no credentials", GrantClientCredentials)
	}
}

func (c *checker) authentication(s Settings) {
	switch s.AuthMethod() {
	case AuthNone, AuthBasic, AuthPost:
		if len(s.JWKS) > 0 {
			c.add("jwks", "is used with token_endpoint_auth_method %s alone: remove it or change the method", AuthPrivateKeyJWT)
		}
	case AuthPrivateKeyJWT:
		if len(s.JWKS) == 0 {
			c.add("jwks", "is missing: %s needs the relying party's public keys", AuthPrivateKeyJWT)
		} else if _, err := parseKeys(s.JWKS); err != nil {
			c.add("jwks", "%s", err)
		}
	default:
		c.add("token_endpoint_auth_method", "is %q: use %s, %s, %s or %s", s.TokenEndpointAuthMethod, AuthBasic, AuthPost, AuthPrivateKeyJWT, AuthNone)
	}
	if s.Public() {
		for field, on := range map[string]bool{
			"no_refresh_rotation": s.NoRefreshRotation, "pkce_optional": s.PKCEOptional, "introspect_any": s.IntrospectAny,
		} {
			if on {
				c.add(field, "is for confidential clients: remove it, or give the client a token_endpoint_auth_method")
			}
		}
	}
}

func (c *checker) uris(s Settings) {
	if s.AllowsGrant(GrantCode) && len(s.RedirectURIs) == 0 {
		c.add("redirect_uris", "is empty: %s needs at least one", GrantCode)
	}
	for field, list := range map[string][]string{"redirect_uris": s.RedirectURIs, "post_logout_redirect_uris": s.PostLogoutRedirectURIs} {
		if len(list) > maxURIs {
			c.add(field, "has more than %d entries", maxURIs)
		}
		for _, u := range list {
			if err := checkRedirect(u, s.Native); err != nil {
				c.add(field, "%q %s", u, err)
			}
		}
	}
}

func (c *checker) tokens(s Settings) {
	if a := s.IDTokenAlgorithm(); a != ES256 && a != RS256 {
		c.add("id_token_signed_response_alg", "is %q: use %s or %s", a, ES256, RS256)
	}
	if f := s.AccessTokenFormat; f != "" && f != FormatJWT && f != FormatOpaque {
		c.add("access_token_format", "is %q: use %s or %s", f, FormatJWT, FormatOpaque)
	}
	for _, l := range []struct {
		field     string
		value     Duration
		low, high time.Duration
	}{
		{"access_token_lifetime", s.AccessTokenLifetime, 10 * time.Second, maxAccess},
		{"id_token_lifetime", s.IDTokenLifetime, 10 * time.Second, maxAccess},
		{"refresh_token_lifetime", s.RefreshTokenLifetime, time.Minute, maxRefresh},
		{"login_timeout", s.LoginTimeout, time.Minute, maxLogin},
		{"default_max_age", s.MaxAgeDefault, time.Second, maxRefresh},
	} {
		if v := time.Duration(l.value); v != 0 && (v < l.low || v > l.high) {
			c.add(l.field, "is %s: give %s to %s", v, l.low, l.high)
		}
	}
	for _, a := range s.Audience {
		if a == "" || len(a) > 256 || strings.ContainsFunc(a, func(r rune) bool { return r <= 0x20 || r >= 0x7f }) {
			c.add("audience", "names %q: give the resource server's URI or name, without spaces", a)
		}
	}
	if len(s.Audience) > maxKeys {
		c.add("audience", "has more than %d entries", maxKeys)
	}
}

func (c *checker) scopes(s Settings) {
	if len(s.Scopes) > maxScopes {
		c.add("scopes", "has more than %d entries", maxScopes)
	}
	for _, sc := range s.Scopes {
		switch {
		case !scopeToken(sc):
			c.add("scopes", "names %q: a scope is 1 to 128 printable ASCII characters without space, \" and \\ (RFC 6749 section 3.3)", sc)
		case strings.HasPrefix(sc, claimPrefix) || strings.HasPrefix(sc, idClaimPrefix):
			c.add("scopes", "names %q: the prefixes %s and %s are reserved", sc, claimPrefix, idClaimPrefix)
		case sc == offlineAccess && !s.AllowsGrant(GrantRefresh):
			c.add("scopes", "has %s without the grant type %s", offlineAccess, GrantRefresh)
		}
	}
	if !slices.Contains([]ConsentMode{"", ConsentImplicit, ConsentExplicit}, s.Consent) {
		c.add("consent", "is %q: use %s or %s", s.Consent, ConsentImplicit, ConsentExplicit)
	}
}

func scopeToken(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func (c *checker) policy(s Settings, acrs []string) {
	for field, v := range map[string]string{"acr_default": s.ACRDefault, "acr_minimum": s.ACRMinimum} {
		if v != "" && acrs != nil && !slices.Contains(acrs, v) {
			c.add(field, "is %q, which the policy does not define: use one of %s", v, strings.Join(acrs, ", "))
		}
	}
}
