package op

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/signingkey"
)

// ownKeys verifies what we signed, for one type of token: an id_token must not pass as an access token, nor the other way round
// (RFC 8725 section 3.11). It is the library's KeySet.
type ownKeys struct {
	set  *signingkey.Set
	typ  signingkey.Type
	used string // id of the key that VerifySignature used
}

var _ oidc.KeySet = (*ownKeys)(nil)

var errSignature = errors.New("not signed by us")

// VerifySignature checks that the named key is published and made the signature. Its kind fits one of our algorithms alone.
func (k *ownKeys) VerifySignature(_ context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	head := jws.Signatures[0].Protected
	key := k.set.Key(head.KeyID)
	if key == nil {
		return nil, errSignature
	}
	if typ, _ := head.ExtraHeaders[jose.HeaderType].(string); typ != string(k.typ) {
		return nil, errSignature
	}
	k.used = head.KeyID
	return jws.Verify(key)
}

// ownAlgs are those we sign with.
var ownAlgs = []string{signingkey.ES256, signingkey.RS256}

// audience is an aud claim: a string or a list of strings. The library's own type panics on a list of anything else, before any
// signature is checked.
type audience []string

func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// idTokenClaims is what we read of an id_token that comes back to us. A value, not a pointer: a payload of null would leave
// a nil pointer, and the library calls it.
type idTokenClaims struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"`
	Audience   audience `json:"aud"`
	Expiration int64    `json:"exp"`
	IssuedAt   int64    `json:"iat"`
	Session    string   `json:"sid"`
}

var _ oidc.Claims = idTokenClaims{}

// The accessors that the library asks for.

func (c idTokenClaims) GetIssuer() string                               { return c.Issuer }
func (c idTokenClaims) GetSubject() string                              { return c.Subject }
func (c idTokenClaims) GetAudience() []string                           { return c.Audience }
func (c idTokenClaims) GetExpiration() time.Time                        { return time.Unix(c.Expiration, 0) }
func (c idTokenClaims) GetIssuedAt() time.Time                          { return time.Unix(c.IssuedAt, 0) }
func (c idTokenClaims) GetNonce() string                                { return "" }
func (c idTokenClaims) GetAuthenticationContextClassReference() string  { return "" }
func (c idTokenClaims) GetAuthTime() time.Time                          { return time.Time{} }
func (c idTokenClaims) GetAuthorizedParty() string                      { return "" }
func (c idTokenClaims) SetSignatureAlgorithm(_ jose.SignatureAlgorithm) {}
