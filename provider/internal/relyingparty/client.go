package relyingparty

import (
	"context"
	"encoding/json"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// AuthMethod is how a relying party authenticates at the token endpoint (RFC 7591 token_endpoint_auth_method).
type AuthMethod string

// The supported methods.
const (
	AuthNone          AuthMethod = "none"
	AuthBasic         AuthMethod = "client_secret_basic"
	AuthPost          AuthMethod = "client_secret_post"
	AuthPrivateKeyJWT AuthMethod = "private_key_jwt"
)

// ConsentMode is whether the person is asked before data go to the relying party.
type ConsentMode string

// The consent modes.
const (
	ConsentImplicit ConsentMode = "implicit" // the bank's own applications
	ConsentExplicit ConsentMode = "explicit"
)

// Settings is a registration as an operator writes it (`varco client apply -f`, names after RFC 7591 where it has
// one). The zero value of every optional field is the safe choice.
type Settings struct {
	ClientID                string            `json:"client_id" jsonschema:"required,minLength=1,maxLength=128"`
	Name                    string            `json:"client_name,omitempty"`
	NameLocalised           map[string]string `json:"client_name_localised,omitempty"`
	RedirectURIs            []string          `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs  []string          `json:"post_logout_redirect_uris,omitempty"`
	GrantTypes              []string          `json:"grant_types,omitempty"`                // default authorization_code
	TokenEndpointAuthMethod AuthMethod        `json:"token_endpoint_auth_method,omitempty"` // default client_secret_basic
	JWKS                    json.RawMessage   `json:"jwks,omitempty"`
	Scopes                  []string          `json:"scopes,omitempty"`                       // default openid profile email phone address offline_access, as allowed by grants
	IDTokenAlg              string            `json:"id_token_signed_response_alg,omitempty"` // ES256 (default) or RS256
	AccessTokenFormat       string            `json:"access_token_format,omitempty"`          // jwt (default) or opaque
	AccessTokenLifetime     Duration          `json:"access_token_lifetime,omitempty"`        // default 5m
	RefreshTokenLifetime    Duration          `json:"refresh_token_lifetime,omitempty"`       // absolute, default 8h
	IDTokenLifetime         Duration          `json:"id_token_lifetime,omitempty"`            // default 5m
	NoRefreshRotation       bool              `json:"no_refresh_rotation,omitempty"`          // confidential clients only
	Audience                []string          `json:"audience,omitempty"`                     // of access tokens, beside client_id
	Consent                 ConsentMode       `json:"consent,omitempty"`                      // default implicit
	PKCEOptional            bool              `json:"pkce_optional,omitempty"`                // confidential clients that cannot do PKCE
	ACRDefault              string            `json:"acr_default,omitempty"`                  // when the request asks for none
	ACRMinimum              string            `json:"acr_minimum,omitempty"`
	MaxAgeDefault           Duration          `json:"default_max_age,omitempty"`
	LoginTimeout            Duration          `json:"login_timeout,omitempty"`  // default 10m
	Native                  bool              `json:"native,omitempty"`         // loopback redirect URIs on any port (RFC 8252)
	IntrospectAny           bool              `json:"introspect_any,omitempty"` // may introspect tokens of other clients (a resource server)
}

// Client is a stored registration.
type Client struct {
	Settings
	SecretHash     []byte // SHA-256 of a secret we generated (256 bits, so no slow hash is needed)
	OldSecretHash  []byte // the one before, until OldSecretUntil: rotation without downtime
	OldSecretUntil time.Time
	Declared       bool // from the configuration or apply -f; otherwise from client add
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Store is what this package asks of storage.
type Store interface {
	Client(ctx context.Context, q tx.Q, id string) (*Client, error)
	Clients(ctx context.Context, q tx.Q) ([]Client, error)
	InsertClient(ctx context.Context, q tx.Q, c Client) error
	UpdateClient(ctx context.Context, q tx.Q, c Client) error // compare-and-set on Version
	DeleteClient(ctx context.Context, q tx.Q, id string) error
}
