package delivery

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Options configure the outbox.
type Options struct {
	Engine Engine
	Pool   *sql.DB // the store's pool; on SQLite its one connection
	Store  Store
	Box    sealing.Box
	// Channels lists the channel instances of each kind, in the order they are tried.
	Channels map[string][]string
	Log      *slog.Logger     // nil: slog.Default
	Now      func() time.Time // nil: time.Now
}

// Outbox stores messages in their callers' transactions. Safe for concurrent use.
type Outbox struct {
	Options
	jobs   *river.Client[*sql.Tx]
	bell   *bell
	warned sync.Map // kinds without a channel that were already warned about
}

// NewOutbox makes an outbox; it does nothing in the background and asks nothing of the database yet.
func NewOutbox(o Options) (*Outbox, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	b := newBell()
	d, err := newDriver(o.Engine, o.Pool, b)
	if err != nil {
		return nil, err
	}
	jobs, err := river.NewClient(d, &river.Config{Logger: quiet(o.Log)})
	if err != nil {
		return nil, fmt.Errorf("delivery: job queue: %w", err)
	}
	return &Outbox{Options: o, jobs: jobs, bell: b}, nil
}

// Queue stores messages and their jobs in q's transaction: both are there after its commit, neither after its rollback.
// A message whose key was queued before is left out silently. One without address or channel is stored as undeliverable,
// without a job, and does not fail the step: a person must not be locked out because a notice has nowhere to go.
// It answers fault.Invalid for a malformed message, and an error when q is not a transaction. Call [Outbox.Wake] after the commit.
func (o *Outbox) Queue(ctx context.Context, q tx.Q, messages ...Message) error {
	if len(messages) == 0 {
		return nil
	}
	driverTx, err := unwrap(q)
	if err != nil {
		return err
	}
	var jobs []river.InsertManyParams
	for _, m := range messages {
		row, err := o.row(m)
		if err != nil {
			return err
		}
		stored, err := o.Store.InsertMessage(ctx, q, row)
		if err != nil {
			return fmt.Errorf("delivery: store a message: %w", err)
		}
		if !stored || row.State.Final() {
			continue
		}
		jobs = append(jobs, river.InsertManyParams{
			Args:       jobArgs{ID: row.ID},
			InsertOpts: &river.InsertOpts{Queue: queueOf(row), MaxAttempts: maxJobRuns},
		})
	}
	if len(jobs) == 0 {
		return nil
	}
	if _, err := o.jobs.InsertManyFastTx(ctx, driverTx, jobs); err != nil {
		return fault.Wrap(fault.Unavailable, err, "delivery: queue a job")
	}
	return nil
}

// unwrap finds the driver's transaction, in which the job queue's own library inserts the job.
func unwrap(q tx.Q) (*sql.Tx, error) {
	switch t := q.(type) {
	case *sql.Tx:
		return t, nil
	case TxUnwrapper:
		return t.SQLTx(), nil
	}
	return nil, errors.New("delivery: messages are queued in a transaction only")
}

// Wake tells this process's worker that something was committed. Without it the worker finds it at its next poll. Cheap, never blocks.
func (o *Outbox) Wake() { o.bell.strike() }

// List returns up to limit messages of a state, newest first, without what they say or to whom. The dead letters are
// those in Failed, Unknown and Undeliverable.
func (o *Outbox) List(ctx context.Context, q tx.Q, s State, after Cursor, limit int) ([]Row, error) {
	return o.Store.ListMessages(ctx, q, s, after, limit)
}

func queueOf(r Row) string {
	if r.Instance == "" && !strings.HasPrefix(r.Template, "code.") && !strings.HasPrefix(r.Template, "reminder.") {
		return queueNotice
	}
	return queueCode
}

func (o *Outbox) row(m Message) (Row, error) {
	if err := m.check(); err != nil {
		return Row{}, err
	}
	now := o.Now()
	if m.ExpiresAt.IsZero() {
		m.ExpiresAt = now.Add(defaultLife)
	}
	key := o.Box.MAC(sealing.PurposeIdempotency, "message", m.Instance, m.Subject, m.Key)
	r := Row{
		ID: id.New(), Key: base64.RawURLEncoding.EncodeToString(key[:]), Channel: m.Channel, Instance: m.Instance,
		Subject: m.Subject, Template: m.Template, State: Queued, ExpiresAt: m.ExpiresAt, CreatedAt: now, UpdatedAt: now,
		Credential: m.Credential,
	}
	switch {
	case m.To == "":
		r.State, r.LastErrorKind = Undeliverable, KindNoAddress
	case len(o.Channels[m.Channel]) == 0:
		r.State, r.LastErrorKind = Undeliverable, KindNoChannel
		o.warnNoChannel(m.Channel)
	}
	if r.State.Final() {
		return r, nil
	}
	b := body{To: m.To, Locale: m.Locale, Params: m.Params}
	if m.Credential != "" {
		b.Key = m.Key
	}
	var err error
	r.Sealed, err = o.seal(r.ID, b)
	return r, err
}

func (o *Outbox) seal(id string, b body) ([]byte, error) {
	plain, err := json.Marshal(b)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "message: encode")
	}
	sealed, err := o.Box.Seal(sealing.ClassMessage, plain, "message", id)
	if err != nil {
		return nil, fmt.Errorf("delivery: seal a message: %w", err)
	}
	return sealed, nil
}

func (o *Outbox) open(r *Row) (b body, err error) {
	plain, err := o.Box.Open(sealing.ClassMessage, r.Sealed, "message", r.ID)
	if err != nil {
		return body{}, err
	}
	return b, json.Unmarshal(plain, &b)
}

// warnNoChannel tells the operator once per kind and process: every login of an installation without e-mail would repeat it.
func (o *Outbox) warnNoChannel(kind string) {
	if _, told := o.warned.LoadOrStore(kind, true); !told {
		o.Log.Warn("no delivery channel of this kind is configured: its messages are stored as undeliverable", "channel", kind)
	}
}
