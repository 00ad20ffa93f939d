package session

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// Proof is one authenticator used in a session.
type Proof struct {
	Method     string    `json:"method"` // plugin method reference
	Credential string    `json:"credential,omitempty"`
	Factors    []string  `json:"factors"`
	AMR        []string  `json:"amr"`
	At         time.Time `json:"at"`
}

// Session is one browser's signed-in state. Its cookie is derived (sealing.PurposeSession) and never stored.
type Session struct {
	ID         string
	Subject    string
	Proofs     []Proof
	AuthTime   time.Time // of the last active authentication (OIDC Core auth_time)
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time // absolute limit
	EndedAt    time.Time // zero while it lives
	Browser    string    // what the browser calls itself, cut to 200 characters
	Address    string
	Version    int64
}

// Live says whether the session counts at now under the inactivity limit.
func (s *Session) Live(now time.Time, inactivity time.Duration) bool {
	return s.EndedAt.IsZero() && now.Before(s.ExpiresAt) && now.Sub(s.LastSeenAt) < inactivity
}

// Store is what this package asks of storage.
type Store interface {
	Session(ctx context.Context, q tx.Q, id string) (*Session, error)
	InsertSession(ctx context.Context, q tx.Q, s Session) error
	// UpdateSession writes Proofs, AuthTime, LastSeenAt by compare-and-set on Version.
	UpdateSession(ctx context.Context, q tx.Q, s Session) error
	// EndSession ends it and revokes its grants that are not offline; ending an ended one is no error.
	EndSession(ctx context.Context, q tx.Q, id string, at time.Time) error
	SessionsOf(ctx context.Context, q tx.Q, subject string, now time.Time) ([]Session, error)
	EndSessionsOf(ctx context.Context, q tx.Q, subject string, at time.Time) error
}
