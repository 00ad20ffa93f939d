package op

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/signingkey"
)

// errInactive says that an access token is not good, for whatever reason.
var errInactive = errors.New("the access token is not valid")

// readAccess verifies an access token of either form and asks storage whether it still counts. errInactive if not.
func (h *Handler) readAccess(ctx context.Context, token string) (*access, error) {
	var a *access
	var mask uint64
	var err error
	if strings.Count(token, ".") == 3 {
		a, mask, err = h.parseOpaque(token)
	} else {
		a, err = h.parseJWT(ctx, token)
	}
	if err != nil {
		return nil, err
	}
	now := h.Now()
	if !now.Before(a.expires) {
		return nil, errInactive
	}
	if a.grant == "" {
		revoked, err := h.Grants.AccessRevoked(ctx, h.DB, a.jti)
		if err != nil {
			return nil, err
		}
		if revoked {
			return nil, errInactive
		}
	} else if err := h.live(ctx, a, mask, now); err != nil {
		return nil, err
	}
	if _, err := h.Clients.Registered(ctx, a.client); err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil, errInactive // its tokens go with the client
		}
		return nil, err
	}
	return a, nil
}

// live asks for the grant and fills what an opaque token leaves to it.
func (h *Handler) live(ctx context.Context, a *access, mask uint64, now time.Time) error {
	g, alive, err := h.Grants.Live(ctx, h.DB, a.grant, a.jti, now)
	if fault.Is(err, fault.NotFound) {
		return errInactive
	}
	if err != nil {
		return err
	}
	if !alive {
		return errInactive
	}
	a.held = g
	if a.client != "" {
		return nil
	}
	a.client, a.subject, a.acr, a.amr, a.authTime = g.Client, g.Subject, g.ACR, g.AMR, g.AuthTime
	a.audience = audienceOf(g.Client, g.Audience)
	for i, s := range g.Scopes {
		if i < 64 && mask&(1<<i) != 0 && !internalScope(s) {
			a.scopes = append(a.scopes, s)
		}
	}
	return nil
}

// parseJWT verifies the JWT form: signature, type, issuer. Times and revocation are the caller's.
func (h *Handler) parseJWT(ctx context.Context, token string) (*access, error) {
	set, err := h.Keys.Keys(ctx)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(token))
	if s, ok := h.verified.get(digest); ok && set.Key(s.key) != nil {
		return &s.access, nil
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errInactive
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errInactive
	}
	var c accessClaims
	keys := &ownKeys{set: set, typ: signingkey.TypeAccessToken}
	if err := oidc.CheckSignature(ctx, token, payload, &c, ownAlgs, keys); err != nil {
		return nil, errInactive
	}
	if err := json.Unmarshal(payload, &c); err != nil || c.Issuer != h.Issuer || c.ID == "" || c.Client == "" {
		return nil, errInactive
	}
	a := &access{
		jti: c.ID, client: c.Client, subject: c.Subject, audience: c.Audience, scopes: strings.Fields(c.Scope), acr: c.ACR, amr: c.AMR,
		issued: time.Unix(c.Issued, 0), expires: time.Unix(c.Expires, 0),
	}
	if g, _, ok := strings.Cut(c.ID, "."); ok {
		a.grant = g
	} else {
		a.subject = ""
	}
	if c.AuthTime != 0 {
		a.authTime = time.Unix(c.AuthTime, 0)
	}
	h.verified.put(digest, seenJWT{keys.used, *a})
	return a, nil
}

// parseOpaque verifies the opaque form. The mask says which of the grant's scopes it has.
func (h *Handler) parseOpaque(token string) (a *access, mask uint64, err error) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || len(token) > 256 {
		return nil, 0, errInactive
	}
	body := token[:i]
	if subtle.ConstantTimeCompare([]byte(token[i+1:]), []byte(accessMAC(h.Box, body))) != 1 {
		return nil, 0, errInactive
	}
	parts := strings.Split(body, ".")
	if len(parts) != 3 {
		return nil, 0, errInactive
	}
	meta, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, 0, errInactive
	}
	var n [3]uint64
	for i := range n {
		v, size := binary.Uvarint(meta)
		if size <= 0 {
			return nil, 0, errInactive
		}
		n[i], meta = v, meta[size:]
	}
	issued := time.Unix(int64(n[0]), 0)
	return &access{
		grant: parts[0], jti: parts[0] + "." + parts[1], issued: issued, expires: issued.Add(time.Duration(n[1]) * time.Second),
	}, n[2], nil
}
