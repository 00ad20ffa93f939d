package subscriber

import (
	"context"
	"encoding/json"
	"time"

	"github.com/varco-id/varco/provider/internal/tx"
)

// ReasonContested blocks a subscriber who said of a change that it was not theirs. Account recovery is a way back from this block, unlike
// from the others.
const ReasonContested = "contested"

// Cooling is the time after a change during which relying parties are told to be careful.
type Cooling struct {
	Until  time.Time
	Reason CoolingReason
}

// At returns what holds at a time: the zero Cooling once it is over.
func (c Cooling) At(now time.Time) Cooling {
	if !now.Before(c.Until) {
		return Cooling{}
	}
	return c
}

// CoolingReason says what began a cooling-off time. The words are claims in tokens: never renamed.
type CoolingReason string

// The reasons.
const (
	CoolingEmail     CoolingReason = "email_changed"
	CoolingMobile    CoolingReason = "mobile_changed"
	CoolingRecovery  CoolingReason = "recovery"
	CoolingCancelled CoolingReason = "change_cancelled"
)

// ChangeKind says what a change that can be taken back was.
type ChangeKind string

// The kinds of change.
const (
	ChangedEmail     ChangeKind = "email"
	ChangedMobile    ChangeKind = "mobile"
	ChangedRecovered ChangeKind = "recovery" // an authenticator was replaced without itself
)

// Change is something done to an account that its owner can take back until CoolsUntil.
type Change struct {
	ID          string
	Subject     string
	Kind        ChangeKind
	Method      string // what was replaced
	Sealed      []byte // a Before; sealing.ClassContact, where = {"account_change", ID, Subject}; empty when nothing can be taken back
	CreatedAt   time.Time
	CoolsUntil  time.Time
	CancelledAt time.Time
}

// Before is what an account had before a change.
type Before struct {
	Email         string          `json:"email,omitempty"`
	EmailVerified json.RawMessage `json:"email_verified,omitempty"`
	Phone         string          `json:"phone,omitempty"`
	PhoneVerified json.RawMessage `json:"phone_verified,omitempty"`
	Credentials   []Credential    `json:"credentials"`
	Replaced      []string        `json:"replaced,omitempty"` // ids of credentials whose secret was overwritten
}

// Ticket is the assisted path: after the bank has made sure who somebody is, they get a code that stands for one proof of an account
// recovery.
type Ticket struct {
	ID          string
	Subject     string
	Lost        []string // methods to replace; empty: the one the person names
	Alone       bool     // stands for everything: the person has nothing left
	Reason      string
	CodeHash    []byte // keyed; empty until approved
	RequestedBy string
	ApprovedBy  string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      time.Time
}

// Event is something that happened to an account, as the person's own page tells it.
type Event struct {
	ID      string // ascends with time
	Subject string
	At      time.Time
	Kind    string // a word of audit.Kind, or "message.sent"
	Address string
	Browser string
	Data    map[string]string
}

// Named is a name that an address leads to.
type Named struct {
	Subject, Locale, Name string
	Channel               Channel
}

// LifeStore is what the life of an account asks of storage. Lost compare-and-sets answer fault.Conflict, absent rows fault.NotFound.
type LifeStore interface {
	// Amend writes Status, BlockedReason, Claims, Cooling, ResetAt and UpdatedAt if the version is still s.Version, and raises it.
	Amend(ctx context.Context, q tx.Q, s Subscriber) error
	// PutContact ends the contact in use of c's subject and channel, if there is one, and begins c; a c without ID only ends.
	PutContact(ctx context.Context, q tx.Q, c Contact, at time.Time) error
	// ContactsOf lists the contacts in use and those that ended after since, oldest first.
	ContactsOf(ctx context.Context, q tx.Q, subject string, since time.Time) ([]Contact, error)
	// NamesByContact lists the names, at most 20, of the active subscribers whose verified address has the hash; one statement always.
	NamesByContact(ctx context.Context, q tx.Q, lookup []byte) ([]Named, error)
	InsertChange(ctx context.Context, q tx.Q, c Change) error
	Change(ctx context.Context, q tx.Q, id string) (*Change, error)
	// OpenChanges lists what can be taken back at now, newest first.
	OpenChanges(ctx context.Context, q tx.Q, subject string, now time.Time) ([]Change, error)
	// CancelChange takes a change back once, whatever the number of racers; fault.Conflict when it was, or its time is over.
	CancelChange(ctx context.Context, q tx.Q, id string, now time.Time) error
	InsertTicket(ctx context.Context, q tx.Q, t Ticket) error
	Ticket(ctx context.Context, q tx.Q, id string) (*Ticket, error)
	// TicketByCode finds an approved ticket that lives and was not used; one statement, the same for an empty subject.
	TicketByCode(ctx context.Context, q tx.Q, subject string, codeHash []byte, now time.Time) (*Ticket, error)
	// ApproveTicket sets CodeHash, ApprovedBy and ExpiresAt once, unless ApprovedBy is who requested it; else fault.Conflict.
	ApproveTicket(ctx context.Context, q tx.Q, t Ticket, now time.Time) error
	// SpendTicket uses a ticket up, exactly once whatever the number of racers; fault.Conflict when it is not to be had.
	SpendTicket(ctx context.Context, q tx.Q, id, subject string, now time.Time) error
	VoidTickets(ctx context.Context, q tx.Q, subject string, now time.Time) error
	// RevokeGrantsOf revokes everything a subscriber granted, offline grants too.
	RevokeGrantsOf(ctx context.Context, q tx.Q, subject string, at time.Time) error
	InsertEvents(ctx context.Context, q tx.Q, events ...Event) error
	// EventsOf lists at most limit events that come before an id (all when empty), newest first.
	EventsOf(ctx context.Context, q tx.Q, subject, before string, limit int) ([]Event, error)
}
