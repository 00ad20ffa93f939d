package op

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/signingkey"
)

// An access token is either a JWT (RFC 9068), which resource servers verify themselves, or opaque, which they introspect. Neither has a row of its
// own: both carry the id of their grant, and one statement says whether it still lives.
//
//	jti of a JWT    grant "." random            (client_credentials: random alone, for there is no grant)
//	opaque          grant "." random "." meta "." MAC
//
// The grant's id gives nothing away: refresh tokens of the grant need a MAC.

// access is what an access token says, made or verified.
type access struct {
	grant    string // "" for a JWT of client_credentials
	jti      string
	client   string
	subject  string // "" for client_credentials
	audience []string
	scopes   []string // as the relying party sees them
	acr      string
	amr      []string
	authTime time.Time
	issued   time.Time
	expires  time.Time
	held     *grant.Grant // set by readAccess
}

// accessClaims is the JWT form.
type accessClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	ID       string   `json:"jti"`
	Client   string   `json:"client_id"`
	Scope    string   `json:"scope,omitempty"`
	ACR      string   `json:"acr,omitempty"`
	AMR      []string `json:"amr,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"`
}

// SetSignatureAlgorithm is asked for by the library.
func (*accessClaims) SetSignatureAlgorithm(jose.SignatureAlgorithm) {}

// newJTI names an access token; grantID may be empty.
func newJTI(grantID string) string {
	if grantID == "" {
		return id.New()
	}
	return grantID + "." + id.New()
}

// jwt signs the JWT form.
func (a *access) jwt(issuer string, signer *signingkey.Signer) (string, error) {
	c := accessClaims{
		Issuer: issuer, Subject: a.subject, Audience: a.audience, Expires: a.expires.Unix(), Issued: a.issued.Unix(), ID: a.jti,
		Client: a.client, Scope: strings.Join(a.scopes, " "), ACR: a.acr, AMR: a.amr,
	}
	if c.Subject == "" {
		c.Subject = a.client // RFC 9068 section 2.2
	}
	if !a.authTime.IsZero() {
		c.AuthTime = a.authTime.Unix()
	}
	payload, err := json.Marshal(&c)
	if err != nil {
		return "", err
	}
	return signer.Sign(signingkey.TypeAccessToken, payload)
}

// opaque writes the opaque form. granted are the scopes of the grant, of which the token may have fewer: a refresh may narrow them.
func (a *access) opaque(box sealing.Box, granted []string) string {
	var mask uint64
	for i, s := range granted {
		if slices.Contains(a.scopes, s) {
			mask |= 1 << i
		}
	}
	meta := binary.AppendUvarint(nil, uint64(a.issued.Unix()))
	meta = binary.AppendUvarint(meta, uint64(a.expires.Unix()-a.issued.Unix()))
	meta = binary.AppendUvarint(meta, mask)
	body := a.jti + "." + base64.RawURLEncoding.EncodeToString(meta)
	return body + "." + accessMAC(box, body)
}

func accessMAC(box sealing.Box, body string) string {
	m := box.MAC(sealing.PurposeAccess, body)
	return base64.RawURLEncoding.EncodeToString(m[:])
}

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
	if !alive || a.client != "" && a.client != g.Client {
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
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errInactive
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errInactive
	}
	set, err := h.Keys.Keys(ctx)
	if err != nil {
		return nil, err
	}
	var c accessClaims
	if err := oidc.CheckSignature(ctx, token, payload, &c, ownAlgs, ownKeys{set, signingkey.TypeAccessToken}); err != nil {
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

// audienceOf is who an access token is for: the client, and the resource servers it was registered for.
func audienceOf(client string, resources []string) []string {
	if len(resources) == 0 {
		return []string{client}
	}
	return append([]string{client}, resources...)
}
