// Package consent owns what a person allowed a relying party to get. It does not own scopes' meaning (op).
package consent

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// Consent is the set of scopes a person granted to a relying party.
type Consent struct {
	Subject, Client string
	Scopes          []string
	GrantedAt       time.Time
}

// Covers says whether every scope asked for was granted.
func (c *Consent) Covers(scopes []string) bool {
	if c == nil {
		return false
	}
	have := make(map[string]bool, len(c.Scopes))
	for _, s := range c.Scopes {
		have[s] = true
	}
	for _, s := range scopes {
		if !have[s] {
			return false
		}
	}
	return true
}

// Store is what this package asks of storage.
type Store interface {
	Consent(ctx context.Context, q tx.Q, subject, client string) (*Consent, error) // fault.NotFound when none
	PutConsent(ctx context.Context, q tx.Q, c Consent) error
	ConsentsOf(ctx context.Context, q tx.Q, subject string) ([]Consent, error)
	DeleteConsent(ctx context.Context, q tx.Q, subject, client string) error
}
