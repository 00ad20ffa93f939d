package signingkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
)

// The algorithms of signing keys.
const (
	ES256 = "ES256"
	RS256 = "RS256"
)

const rsaBits = 2048 // 112 bits of strength until 2030 (NIST SP 800-57); larger keys cost each signature more than they add

func generate(alg string) (crypto.Signer, error) {
	switch alg {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return nil, fmt.Errorf("signing algorithm %q is not one of %s, %s", alg, ES256, RS256)
}

func where(keyID string) []string { return []string{"signing_key", keyID} }

// newRow makes a key and seals its private half. The times are the caller's.
func newRow(box sealing.Box, alg string) (Row, error) {
	private, err := generate(alg)
	if err != nil {
		return Row{}, err
	}
	jwk := jose.JSONWebKey{Key: private, KeyID: id.New(), Algorithm: alg, Use: "sig"}
	secret, err := jwk.MarshalJSON()
	if err != nil {
		return Row{}, fmt.Errorf("encode signing key: %w", err)
	}
	defer clear(secret)
	public := jwk.Public()
	pub, err := public.MarshalJSON()
	if err != nil {
		return Row{}, fmt.Errorf("encode signing key: %w", err)
	}
	sealed, err := box.Seal(sealing.ClassSigningKey, secret, where(jwk.KeyID)...)
	if err != nil {
		return Row{}, fmt.Errorf("seal signing key: %w", err)
	}
	return Row{KeyID: jwk.KeyID, Alg: alg, PublicJWK: pub, Sealed: sealed}, nil
}
