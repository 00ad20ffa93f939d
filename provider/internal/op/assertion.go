package op

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/relyingparty"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// The bounds of an assertion's times. Clocks differ by seconds; an assertion that is good for long is a password.
const (
	assertionSkew = 10 * time.Second
	assertionLife = time.Hour
	maxJTI        = 256
)

// assertionClaims are those of RFC 7523 section 3.
type assertionClaims struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"`
	Audience   audience `json:"aud"`
	ID         string   `json:"jti"`
	Expiration *float64 `json:"exp"`
	NotBefore  *float64 `json:"nbf"`
	IssuedAt   *float64 `json:"iat"`
}

// SetSignatureAlgorithm is asked for by the library.
func (*assertionClaims) SetSignatureAlgorithm(jose.SignatureAlgorithm) {}

var assertionAlgs = func() []string {
	list := make([]string, len(relyingparty.AssertionAlgs))
	for i, a := range relyingparty.AssertionAlgs {
		list[i] = string(a)
	}
	return list
}()

// authenticateByAssertion is private_key_jwt (OIDC Core 9). The assertion is spent later, in the transaction of what it is
// good for.
func (h *Handler) authenticateByAssertion(r *http.Request, id string, f form) (*caller, error) {
	if f["client_assertion_type"] != assertionType || f["client_assertion"] == "" {
		return nil, invalidRequest("client_assertion needs client_assertion_type " + assertionType)
	}
	claims, payload, err := parseAssertion(f["client_assertion"])
	if err != nil || id != "" && id != claims.Issuer {
		return nil, errAuthentication
	}
	client, err := h.Clients.Registered(r.Context(), claims.Issuer)
	if fault.Is(err, fault.NotFound) {
		return nil, errAuthentication
	}
	if err != nil {
		return nil, err
	}
	if client.AuthMethod() != relyingparty.AuthPrivateKeyJWT {
		h.noteFailure(r, client.ClientID, relyingparty.AuthPrivateKeyJWT)
		return nil, errAuthentication
	}
	err = oidc.CheckSignature(r.Context(), f["client_assertion"], payload, claims, assertionAlgs, clientKeys(client.Keys))
	if err == nil {
		err = h.checkAssertion(claims)
	}
	if err != nil {
		// The developer at the other end needs to know which claim is wrong; that far comes only who has a signed assertion
		// or a guess.
		h.Log.InfoContext(r.Context(), "client assertion refused", "client", client.ClientID, "reason", err)
		h.noteFailure(r, client.ClientID, relyingparty.AuthPrivateKeyJWT)
		return nil, errAuthentication
	}
	// Hashed with the client's id: two clients may choose the same jti.
	sum := sha256.Sum256([]byte(claims.Issuer + "\x00" + claims.ID))
	return &caller{
		client: client, once: "assertion:" + base64.RawURLEncoding.EncodeToString(sum[:]),
		expires: unix(*claims.Expiration).Add(assertionSkew),
	}, nil
}

var errAssertion = errors.New("not a JWT")

// parseAssertion reads the claims before anything is verified: they name the client whose keys verify.
func parseAssertion(token string) (*assertionClaims, []byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errAssertion
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, nil, errAssertion
	}
	var c assertionClaims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, nil, errAssertion
	}
	return &c, payload, nil
}

// checkAssertion checks the claims of an assertion whose signature is good.
func (h *Handler) checkAssertion(c *assertionClaims) error {
	now := h.Now()
	switch {
	case c.Subject != c.Issuer:
		return errors.New("sub differs from iss")
	case !slices.Contains(c.Audience, h.Issuer) && !slices.Contains(c.Audience, h.url(pathToken)):
		// Made for somebody else: who got it there must not use it here.
		return errors.New("aud is neither the issuer nor the token endpoint")
	case c.ID == "" || len(c.ID) > maxJTI:
		return errors.New("jti is missing or too long")
	case c.Expiration == nil:
		return errors.New("exp is missing")
	case !now.Before(unix(*c.Expiration).Add(assertionSkew)):
		return errors.New("expired")
	case unix(*c.Expiration).After(now.Add(assertionLife)):
		return errors.New("exp is more than an hour away")
	case c.NotBefore != nil && unix(*c.NotBefore).After(now.Add(assertionSkew)):
		return errors.New("nbf is in the future")
	case c.IssuedAt != nil && unix(*c.IssuedAt).After(now.Add(assertionSkew)):
		return errors.New("iat is in the future")
	}
	return nil
}

// unix reads a NumericDate, which may have a fraction; what is out of bounds stays out of bounds.
func unix(seconds float64) time.Time {
	const limit = 1 << 40
	return time.Unix(int64(max(-limit, min(seconds, limit))), 0)
}

// clientKeys verifies with a relying party's registered keys. It is the library's KeySet.
type clientKeys []jose.JSONWebKey

var _ oidc.KeySet = clientKeys{}

// VerifySignature tries the key that is named, or each that fits when none is.
func (k clientKeys) VerifySignature(_ context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	head := jws.Signatures[0].Protected
	err := errSignature
	for i := range k {
		if head.KeyID != "" && k[i].KeyID != "" && head.KeyID != k[i].KeyID || k[i].Algorithm != "" && k[i].Algorithm != head.Algorithm {
			continue
		}
		payload, e := jws.Verify(&k[i])
		if e == nil {
			return payload, nil
		}
		err = e
	}
	return nil, err
}
