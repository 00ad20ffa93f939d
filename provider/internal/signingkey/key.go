package signingkey

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// Row is a key as stored. A key is published from CreatedAt, signs from ActiveAt until RetiredAt, and stays published
// until ExpiresAt, so that relying parties with a cached key set never see a signature they cannot check.
type Row struct {
	KeyID     string
	Alg       string // ES256, RS256
	PublicJWK []byte
	Sealed    []byte // private JWK; sealing.ClassSigningKey, where = {"signing_key", KeyID}
	CreatedAt time.Time
	ActiveAt  time.Time
	RetiredAt time.Time // zero while it may sign
	ExpiresAt time.Time // zero while it is published without an end
}

// Store is what this package asks of storage.
type Store interface {
	SigningKeys(ctx context.Context, q tx.Q) ([]Row, error)
	// InsertSigningKey answers fault.Conflict if another replica made a key for the same Alg and generation first.
	InsertSigningKey(ctx context.Context, q tx.Q, r Row, generation int64) error
	RetireSigningKey(ctx context.Context, q tx.Q, keyID string, retiredAt, expiresAt time.Time) error
	DeleteSigningKey(ctx context.Context, q tx.Q, keyID string) error
}
