package delivery

import (
	"context"
	"database/sql"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/tx"
)

// State is where a message stands.
type State string

// The states. All but the first two are final.
const (
	Queued        State = "queued"        // waits for a worker, or for its next attempt
	Sending       State = "sending"       // an attempt was begun; if its process died, nobody knows what came of it
	Sent          State = "sent"          // a channel accepted it
	Delivered     State = "delivered"     // …and says that it arrived
	Failed        State = "failed"        // refused for good, unreadable, or out of attempts: the dead letters
	Unknown       State = "unknown"       // it may or may not have left, and repeating it could send it twice
	Expired       State = "expired"       // its time was over before it could be sent
	Undeliverable State = "undeliverable" // no address, or no channel of its kind is configured
)

// Final says whether nothing more happens to a message in this state.
func (s State) Final() bool { return s != Queued && s != Sending }

// Row is a message as stored.
type Row struct {
	ID            string
	Key           string // unique; see [Message.Key]
	Channel       string // sms, email, voice, push
	Instance      string // plugin instance that asked; empty for the host
	Subject       string // sub; empty when there is none
	Template      string // text key
	Sealed        []byte // sealing.ClassMessage, where = {"message", ID}; empty once nothing needs it
	State         State
	Attempts      int64
	Sender        string // channel instance of the last attempt
	ProviderID    string // what the channel calls it, once sent
	LastErrorKind string // one of the Kind constants, empty when none
	Credential    string // the one it goes to; empty when nobody asks what becomes of it
	// Report is what Instance is yet to be told of it; empty for nothing.
	Report    sdk.DeliveryStatus
	Revision  int64 // compare-and-set, from 1
	ExpiresAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Cursor names the last row of a page; the zero Cursor asks for the first page.
type Cursor struct {
	CreatedAt time.Time
	ID        string
}

// Store is what this package asks of storage. Table message.
type Store interface {
	// InsertMessage stores r with revision 1 unless its key is taken, and says whether it did. Two transactions with one key:
	// the later waits for the earlier, and stores nothing if that one committed.
	InsertMessage(ctx context.Context, q tx.Q, r Row) (bool, error)
	// Message answers fault.NotFound for an absent id.
	Message(ctx context.Context, q tx.Q, id string) (*Row, error)
	// MessageByProviderID returns the id of the newest message that the channel instance sent under its own id; fault.NotFound.
	MessageByProviderID(ctx context.Context, q tx.Q, sender, providerID string) (string, error)
	// UpdateMessage writes Sealed, State, Attempts, Sender, ProviderID, LastErrorKind, Report and UpdatedAt if the revision is still
	// r.Revision, and raises it; fault.Conflict when lost.
	UpdateMessage(ctx context.Context, q tx.Q, r Row) error
	// ListMessages returns up to limit rows of the state, newest first, without Sealed, that come after the cursor.
	ListMessages(ctx context.Context, q tx.Q, s State, after Cursor, limit int) ([]Row, error)
	// PruneMessages deletes up to limit rows in a final state that were last written before the time.
	PruneMessages(ctx context.Context, q tx.Q, before time.Time, limit int) (int64, error)
}

// TxUnwrapper is a transaction that is not *sql.Tx itself and has one underneath.
type TxUnwrapper interface {
	SQLTx() *sql.Tx
}
