package grant

import (
	"context"
	"encoding/json"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// Grant is one authorization of a relying party, with everything its tokens say.
type Grant struct {
	ID         string
	Client     string
	Subject    string // empty for client_credentials
	Session    string // OP session it came from
	Flow       string // login Flow it came from
	Scopes     []string
	Audience   []string
	ACR        string
	AMR        []string
	AuthTime   time.Time
	Nonce      string
	Offline    bool  // survives the end of the OP session
	Generation int64 // of the current refresh token
	CreatedAt  time.Time
	ExpiresAt  time.Time // of the refresh token, absolute
	RevokedAt  time.Time // zero while it lives
	Cooling    Cooling   // of the subscriber, read with the grant and not stored in it
}

// Cooling is the time during which a relying party is told to be careful: an address was changed, access was recovered.
type Cooling struct {
	Until  time.Time
	Reason string // subscriber.CoolingReason
}

// At returns what holds at a time: the zero Cooling once it is over.
func (c Cooling) At(now time.Time) Cooling {
	if !now.Before(c.Until) {
		return Cooling{}
	}
	return c
}

// LiveGrant is a grant with what its tokens may tell of its subscriber, who is absent with client_credentials and once removed.
type LiveGrant struct {
	Grant
	Claims    json.RawMessage // OIDC standard claims, without sub; nil when there are none
	Locale    string          // BCP 47
	UpdatedAt time.Time
}

// Redemption is what must match for an authorization code to be redeemed (OAuth 2.1 section 4.1.3).
type Redemption struct {
	Flow        string // first part of the code
	CodeHash    []byte // SHA-256 of the code
	Client      string
	RedirectURI string
	Challenge   string // S256 of the verifier sent; empty when none was sent
	Grant       Grant  // ID, CreatedAt, ExpiresAt set; the rest is filled from the flow
	Now         time.Time
}

// Store is what this package asks of storage.
type Store interface {
	// Redeem marks the code redeemed and inserts the grant, exactly once whatever the number of racers. Must run in a
	// transaction. fault.NotFound: nothing matched (the caller then asks CodeReplayed).
	Redeem(ctx context.Context, q tx.Q, r Redemption) (*Grant, error)
	// CodeReplayed revokes the grants of a code that had been redeemed before and says whether there was one. It only
	// acts when flow and code hash both match: a guess revokes nothing.
	CodeReplayed(ctx context.Context, q tx.Q, flow string, codeHash []byte, at time.Time) (bool, error)
	InsertGrant(ctx context.Context, q tx.Q, g Grant) error
	Grant(ctx context.Context, q tx.Q, id string) (*Grant, error)
	// Rotate raises the generation if it is still the one given, the grant belongs to client, lives and has not
	// expired: one statement, exactly one winner. fault.Conflict when nothing matched.
	Rotate(ctx context.Context, q tx.Q, id, client string, generation int64, now time.Time) (*Grant, error)
	Revoke(ctx context.Context, q tx.Q, id string, at time.Time) error
	// RevokeOf revokes all that a subscriber granted to a relying party.
	RevokeOf(ctx context.Context, q tx.Q, subject, client string, at time.Time) error
	// RevokeAccess revokes one access token by its jti until it would have expired; AccessRevoked asks.
	RevokeAccess(ctx context.Context, q tx.Q, jti string, expires time.Time) error
	// AccessRevoked is for access tokens that have no grant (client_credentials); Live asks it for the others.
	AccessRevoked(ctx context.Context, q tx.Q, jti string) (bool, error)
	// Once remembers key until expires; fault.Conflict if it was remembered before. Atomic whatever the number of racers,
	// and a Conflict leaves the transaction usable (INSERT … ON CONFLICT DO NOTHING). A row past its time may be pruned.
	Once(ctx context.Context, q tx.Q, key string, expires time.Time) error
	// Live returns the grant and whether it, its session, its subscriber and the access token jti are all still good, in one statement.
	Live(ctx context.Context, q tx.Q, id, jti string, now time.Time) (*LiveGrant, bool, error)
}
