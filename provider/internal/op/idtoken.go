package op

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/relyingparty"
	"github.com/varco-id/varco/provider/internal/signingkey"
)

// idToken makes an id_token (OIDC Core 2 and 3.1.3.6). The claims are the library's type; its CreateIDToken is not used,
// because it builds a signer for each token, reads a clock of its own, and asks a storage of 25 methods for the key.
func (h *Handler) idToken(ctx context.Context, g *grant.Grant, nonce, accessToken string, client *relyingparty.Registered, signer *signingkey.Signer, now time.Time) (string, error) {
	hash, err := oidc.ClaimHash(accessToken, jose.SignatureAlgorithm(signer.Alg))
	if err != nil {
		return "", fmt.Errorf("at_hash: %w", err)
	}
	claims := oidc.IDTokenClaims{
		TokenClaims: oidc.TokenClaims{
			Issuer: h.Issuer, Subject: g.Subject, Audience: oidc.Audience{g.Client},
			Expiration: oidc.FromTime(now.Add(client.IDLifetime())), IssuedAt: oidc.FromTime(now), AuthTime: oidc.FromTime(g.AuthTime),
			Nonce: nonce, AuthenticationContextClassReference: g.ACR, AuthenticationMethodsReferences: g.AMR,
		},
		AccessTokenHash: hash,
		SessionID:       g.Session,
	}
	if want := wanted(g.Scopes, claimInIDToken, false); len(want) > 0 {
		if claims.Claims, err = h.idTokenClaims(ctx, g.Subject, want); err != nil {
			return "", err
		}
	}
	if c := coolingOf(g, now); c.Until != 0 {
		if claims.Claims == nil {
			claims.Claims = map[string]any{}
		}
		claims.Claims[claimCoolingUntil], claims.Claims[claimCoolingReason] = c.Until, c.Reason
	}
	payload, err := json.Marshal(&claims)
	if err != nil {
		return "", fmt.Errorf("encode id_token: %w", err)
	}
	return signer.Sign(signingkey.TypeJWT, payload)
}

// idTokenClaims reads the standard claims that were asked for by name in the id_token.
func (h *Handler) idTokenClaims(ctx context.Context, subject string, want map[string]bool) (map[string]any, error) {
	s, err := h.Subscribers.SubscriberByID(ctx, h.DB, subject)
	if err != nil {
		return nil, err
	}
	raw, err := claimsOf(s, want)
	if err != nil {
		return nil, err
	}
	claims := make(map[string]any, len(raw))
	for name, value := range raw {
		claims[name] = value
	}
	return claims, nil
}
