package signingkey

import (
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/sealing"
)

// Type is the typ header of what is signed (RFC 8725 section 3.11): it keeps one kind of token from being taken for another.
type Type string

// The types.
const (
	TypeJWT         Type = "JWT"    // id_token
	TypeAccessToken Type = "at+jwt" // RFC 9068
)

// Signer signs with one key. Made once per key, because building a signer costs as much as using it. Safe for concurrent use.
type Signer struct {
	KeyID, Alg string
	activeAt   time.Time
	retiredAt  time.Time // zero: no end yet
	byType     map[Type]jose.Signer
}

// Sign returns the compact serialisation of the payload, which is a JSON object.
func (s *Signer) Sign(t Type, payload []byte) (string, error) {
	signer, ok := s.byType[t]
	if !ok {
		return "", fmt.Errorf("no signer of type %q", t)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", t, err)
	}
	return jws.CompactSerialize()
}

// signsAt says whether the key signs at t.
func (s *Signer) signsAt(t time.Time) bool {
	return !t.Before(s.activeAt) && (s.retiredAt.IsZero() || t.Before(s.retiredAt))
}

func open(box sealing.Box, r Row) (*Signer, error) {
	secret, err := box.Open(sealing.ClassSigningKey, r.Sealed, where(r.KeyID)...)
	if err != nil {
		return nil, fmt.Errorf("open signing key %s: %w", r.KeyID, err)
	}
	defer clear(secret)
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(secret); err != nil {
		return nil, fmt.Errorf("decode signing key %s: %w", r.KeyID, err)
	}
	s := &Signer{KeyID: r.KeyID, Alg: r.Alg, activeAt: r.ActiveAt, retiredAt: r.RetiredAt, byType: map[Type]jose.Signer{}}
	for _, t := range []Type{TypeJWT, TypeAccessToken} {
		s.byType[t], err = jose.NewSigner(
			jose.SigningKey{Algorithm: jose.SignatureAlgorithm(r.Alg), Key: jose.JSONWebKey{Key: jwk.Key, KeyID: r.KeyID}},
			(&jose.SignerOptions{}).WithType(jose.ContentType(t)))
		if err != nil {
			return nil, fmt.Errorf("signer for key %s: %w", r.KeyID, err)
		}
	}
	return s, nil
}
