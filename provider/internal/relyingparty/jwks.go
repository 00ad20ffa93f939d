package relyingparty

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// AssertionAlgs are the algorithms a relying party may sign its client assertion with: asymmetric ones only, so that nobody who
// knows a public key can sign (the HS256 confusion).
var AssertionAlgs = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA}

const maxKeys = 16

// parseKeys reads a relying party's public keys. Errors tell the operator what to change.
func parseKeys(raw json.RawMessage) ([]jose.JSONWebKey, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, errors.New(`is not a JSON Web Key Set: write it like {"keys":[{"kty":"EC",…}]}`)
	}
	if len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("has %d keys: give 1 to %d", len(set.Keys), maxKeys)
	}
	for i, k := range set.Keys {
		if err := checkKey(k); err != nil {
			return nil, fmt.Errorf("key %d %w", i+1, err)
		}
	}
	return set.Keys, nil
}

func checkKey(k jose.JSONWebKey) error {
	if k.Use != "" && k.Use != "sig" {
		return errors.New(`has "use" other than "sig"`)
	}
	switch key := k.Key.(type) {
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize != 256 {
			return errors.New("is not on the curve P-256")
		}
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return errors.New("is an RSA key under 2048 bits")
		}
		if key.N.BitLen() > 8192 { // verifying would cost us more than signing costs the sender
			return errors.New("is an RSA key over 8192 bits")
		}
	case ed25519.PublicKey:
	case *ecdsa.PrivateKey, *rsa.PrivateKey, ed25519.PrivateKey:
		return errors.New("is a private key: give the public half alone, and make a new pair, for this one has left its owner")
	default:
		return errors.New("is of a kind that is not supported: use EC P-256, RSA or Ed25519")
	}
	return nil
}
