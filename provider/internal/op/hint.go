package op

import (
	"context"
	"errors"

	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/varco-id/varco/provider/internal/signingkey"
)

// errHint says that an id_token_hint is not an id_token of ours.
var errHint = errors.New("id_token_hint is not an id_token of this provider")

// readHint verifies an id_token_hint. An expired one is as good: it only says who the relying party means (OIDC Core 3.1.2.1,
// RP-Initiated Logout section 2). An altered one is refused.
func (h *Handler) readHint(ctx context.Context, hint string) (*idTokenClaims, error) {
	set, err := h.Keys.Keys(ctx)
	if err != nil {
		return nil, err
	}
	v := op.NewIDTokenHintVerifier(h.Issuer, &ownKeys{set: set, typ: signingkey.TypeJWT}, op.WithSupportedIDTokenHintSigningAlgorithms(ownAlgs...))
	claims, err := op.VerifyIDTokenHint[idTokenClaims](ctx, hint, v)
	if err != nil && !errors.As(err, &op.IDTokenHintExpiredError{}) {
		return nil, errHint
	}
	if claims.Subject == "" || len(claims.Audience) != 1 {
		return nil, errHint
	}
	return &claims, nil
}
