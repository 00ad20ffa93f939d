package op

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/grant"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/signingkey"
)

// An access token is either a JWT (RFC 9068), which resource servers verify themselves, or opaque, which they introspect.
// Neither has a row of its own: both carry the id of their grant, and one statement says whether it still lives.
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
	cooling  cooling          // when it was made
	held     *grant.LiveGrant // set by readAccess
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
	cooling
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
		Client: a.client, Scope: strings.Join(a.scopes, " "), ACR: a.acr, AMR: a.amr, cooling: a.cooling,
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

// asRead is what parseJWT finds in the JWT form: whole seconds, and no subject where there is no grant.
func (a *access) asRead() access {
	read := *a
	seconds := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return time.Unix(t.Unix(), 0)
	}
	read.issued, read.expires, read.authTime = seconds(a.issued), seconds(a.expires), seconds(a.authTime)
	return read
}

// opaque writes the opaque form. granted are the scopes of the grant, of which the token may have fewer: a refresh may
// narrow them.
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

// audienceOf is who an access token is for: the client, and the resource servers it was registered for.
func audienceOf(client string, resources []string) []string {
	if len(resources) == 0 {
		return []string{client}
	}
	return append([]string{client}, resources...)
}
