package subscriber

import (
	"context"
	"encoding/json"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// Status is whether a subscriber may sign in.
type Status string

// The statuses.
const (
	Active  Status = "active"
	Blocked Status = "blocked" // by an operator, or lastingly by throttling; `varco subscriber unblock` is the way back
)

// Subscriber is a person known to this installation.
type Subscriber struct {
	ID            string // the OIDC sub
	Status        Status
	BlockedReason string
	Locale        string          // BCP 47, empty when unknown
	Claims        json.RawMessage // OIDC standard claims (Core 5.1) as a JSON object, without sub
	Version       int64           // compare-and-set
	CreatedAt     time.Time
	UpdatedAt     time.Time
	Cooling       Cooling
	ResetAt       time.Time // what was proven before counts for nothing; zero: never
}

// NameKind says what a name is.
type NameKind string

// The kinds of name. All share one name space.
const (
	NameUsername NameKind = "username"
	NameAlias    NameKind = "alias"
	NameLegacy   NameKind = "legacy"
)

// Name is what a person signs in with.
type Name struct {
	Folded  string // PRECIS UsernameCaseMapped; unique for ever
	Shown   string // as the person wrote it
	Subject string
	Kind    NameKind
	Retired bool
}

// Credential is a bound authenticator as stored: Data is sealed.
type Credential struct {
	ID         string
	Subject    string
	Instance   string // plugin instance
	Type       string // the plugin's credential type
	Handle     string // public lookup key, unique per instance; empty when there is none
	Label      string
	Sealed     []byte // sealing.ClassCredential, where = {"credential", ID, Instance, Subject}
	Version    uint32 // plugin's state version
	Revision   int64  // compare-and-set
	CreatedAt  time.Time
	LastUsedAt time.Time // zero when never
}

// Store is what this package asks of storage. Lost compare-and-sets and names taken answer fault.Conflict; absent
// rows answer fault.NotFound.
type Store interface {
	InsertSubscriber(ctx context.Context, q tx.Q, s Subscriber, names []Name, creds []Credential) error
	SubscriberByID(ctx context.Context, q tx.Q, id string) (*Subscriber, error)
	// SubscriberByName finds an active (not retired) name. One statement, the same for names that do not exist.
	SubscriberByName(ctx context.Context, q tx.Q, folded string) (*Subscriber, error)
	NamesOf(ctx context.Context, q tx.Q, id string) ([]Name, error)
	SetStatus(ctx context.Context, q tx.Q, id string, status Status, reason string, at time.Time, version int64) error
	ListSubscribers(ctx context.Context, q tx.Q, after string, limit int) ([]Subscriber, error)
	RemoveSubscriber(ctx context.Context, q tx.Q, id string) error
}

// CredentialStore is what the pipeline and the person's own page ask of storage.
type CredentialStore interface {
	CredentialsOf(ctx context.Context, q tx.Q, subject string) ([]Credential, error)
	CredentialByHandle(ctx context.Context, q tx.Q, instance, handle string) (*Credential, error)
	InsertCredential(ctx context.Context, q tx.Q, c Credential) error
	// UpdateCredential writes Sealed, Version, Label, Handle and LastUsedAt if the revision is still c.Revision, and raises it.
	UpdateCredential(ctx context.Context, q tx.Q, c Credential) error
	DeleteCredential(ctx context.Context, q tx.Q, id, subject string, revision int64) error
}
