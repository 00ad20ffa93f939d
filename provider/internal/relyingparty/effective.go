package relyingparty

import (
	"slices"
	"time"
)

// The grant types a registration may name (RFC 6749).
const (
	GrantCode              = "authorization_code"
	GrantRefresh           = "refresh_token"
	GrantClientCredentials = "client_credentials"
)

// The algorithms tokens are signed with.
const (
	ES256 = "ES256"
	RS256 = "RS256"
)

// The forms of access tokens.
const (
	FormatJWT    = "jwt"
	FormatOpaque = "opaque"
)

// ReservedID is the client id of the person's own page, which no registration may take.
const ReservedID = "varco-account"

const offlineAccess = "offline_access"

// StandardScopes are the scopes a registration has that names none. offline_access counts only with the refresh_token grant.
var StandardScopes = []string{"openid", "profile", "email", "phone", "address", offlineAccess}

// AuthMethod is the one method by which the relying party must authenticate.
func (s *Settings) AuthMethod() AuthMethod {
	if s.TokenEndpointAuthMethod == "" {
		return AuthBasic
	}
	return s.TokenEndpointAuthMethod
}

// Public says that the relying party cannot keep a secret (RFC 6749 section 2.1).
func (s *Settings) Public() bool { return s.TokenEndpointAuthMethod == AuthNone }

// UsesSecret says that the relying party authenticates with a secret of ours.
func (s *Settings) UsesSecret() bool {
	m := s.AuthMethod()
	return m == AuthBasic || m == AuthPost
}

// AllowsGrant says whether the relying party may use a grant type.
func (s *Settings) AllowsGrant(grant string) bool {
	if len(s.GrantTypes) == 0 {
		return grant == GrantCode
	}
	return slices.Contains(s.GrantTypes, grant)
}

// AllowsScope says whether the relying party may ask for a scope.
func (s *Settings) AllowsScope(scope string) bool {
	if scope == offlineAccess && !s.AllowsGrant(GrantRefresh) {
		return false
	}
	if len(s.Scopes) == 0 {
		return slices.Contains(StandardScopes, scope)
	}
	return slices.Contains(s.Scopes, scope)
}

// IDTokenAlgorithm is the algorithm of everything we sign for the relying party.
func (s *Settings) IDTokenAlgorithm() string {
	if s.IDTokenAlg == "" {
		return ES256
	}
	return s.IDTokenAlg
}

// OpaqueAccessTokens says that access tokens are references instead of JWTs.
func (s *Settings) OpaqueAccessTokens() bool { return s.AccessTokenFormat == FormatOpaque }

// The lifetimes in force.
func (s *Settings) AccessLifetime() time.Duration  { return s.AccessTokenLifetime.Or(5 * time.Minute) }
func (s *Settings) RefreshLifetime() time.Duration { return s.RefreshTokenLifetime.Or(8 * time.Hour) }
func (s *Settings) IDLifetime() time.Duration      { return s.IDTokenLifetime.Or(5 * time.Minute) }
func (s *Settings) LoginLimit() time.Duration      { return s.LoginTimeout.Or(10 * time.Minute) }

// DisplayName is what the relying party is called in a language (BCP 47), for the person.
func (s *Settings) DisplayName(locale string) string {
	if n := s.NameLocalised[locale]; n != "" {
		return n
	}
	if s.Name != "" {
		return s.Name
	}
	return s.ClientID
}
