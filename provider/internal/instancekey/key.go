package instancekey

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// The kinds of key (sdk.InstanceKey.Kind).
const (
	ES256 = "ES256"
	HMAC  = "hmac-sha256"
)

// Row is a key as stored.
type Row struct {
	KeyID      string
	Instance   string
	Name       string
	Kind       string
	Generation int64  // from 1
	Sealed     []byte // private JWK; sealing.ClassInstanceKey, where = {"instance_key", KeyID, Instance, Name}
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero while nothing took its place
}

// Store is what this package asks of storage.
type Store interface {
	// InstanceKeys returns all keys, newest first within an instance and name.
	InstanceKeys(ctx context.Context, q tx.Q) ([]Row, error)
	// InsertInstanceKey answers fault.Conflict if another replica made that generation first. One statement.
	InsertInstanceKey(ctx context.Context, q tx.Q, r Row) error
	ExpireInstanceKey(ctx context.Context, q tx.Q, keyID string, at time.Time) error
	// DeleteInstanceKey answers fault.NotFound for one that is gone.
	DeleteInstanceKey(ctx context.Context, q tx.Q, keyID string) error
}

func where(r *Row) []string { return []string{"instance_key", r.KeyID, r.Instance, r.Name} }

// generate makes a key and seals it into r.
func generate(box sealing.Box, r *Row) error {
	jwk := jose.JSONWebKey{KeyID: id.New(), Use: "sig"}
	switch r.Kind {
	case ES256:
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return fmt.Errorf("make an instance key: %w", err)
		}
		jwk.Key, jwk.Algorithm = key, "ES256"
	case HMAC:
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails: it ends the process instead
		jwk.Key, jwk.Algorithm = key, "HS256"
	default:
		return fmt.Errorf("instance keys of kind %q are not known", r.Kind)
	}
	secret, err := jwk.MarshalJSON()
	if err != nil {
		return fmt.Errorf("encode an instance key: %w", err)
	}
	defer clear(secret)
	r.KeyID = jwk.KeyID
	if r.Sealed, err = box.Seal(sealing.ClassInstanceKey, secret, where(r)...); err != nil {
		return fmt.Errorf("seal an instance key: %w", err)
	}
	return nil
}
