package audit

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/tx"
)

// Row is an event as it is stored.
type Row struct {
	ID   string // 26 characters, Crockford base32, ascending with the time of writing; unique over pending and sealed rows
	At   int64  // the event's time, µs since 1970 UTC; a copy for queries: Body counts
	Body []byte // the event's canonical JSON, UTF-8 without NUL, at most MaxBody bytes: exactly the bytes that are hashed
}

// LeafRow is a sealed event: the row and its place in the log, counted from 0 without gaps.
type LeafRow struct {
	Index int64
	Row
}

// Batch is what one sealing appends to the log.
type Batch struct {
	From, To   int64     // the log's size before and after; To - From == len(Rows), Rows[0].Index == From
	Rows       []LeafRow // ascending
	HashFrom   int64     // stored-hash index (tlog.StoredHashIndex) of the first hash in Hashes
	Hashes     []byte    // the new nodes of the tree, tlog.HashSize bytes each, at HashFrom, HashFrom+1, …
	Checkpoint []byte    // signed note over the log of size To
	At         int64     // when it was signed, µs
}

// LogState is the head of the log.
type LogState struct {
	Size       int64
	Checkpoint []byte // the signed note for Size; empty while Size is 0
	At         int64  // when it was signed, µs; 0 while Size is 0
}

// Checkpoint is one that is kept for the record.
type Checkpoint struct {
	Size int64
	At   int64  // when it was signed, µs; not covered by the signature
	Note []byte // the signed note, text
}

// Writer is all that a domain needs to leave events.
type Writer interface {
	// InsertAudit stores rows as pending, in q's transaction, with one statement. Table audit_pending(id, at, body).
	// 1 ≤ len(rows) ≤ MaxEvents.
	InsertAudit(ctx context.Context, q tx.Q, rows []Row) error
}

// Store is what the log needs of storage. Two processes may seal at the same time: the compare-and-set in AppendLeaves is the
// only thing that keeps them apart, and it must hold at READ COMMITTED.
type Store interface {
	Writer

	// UnsealedAudit returns up to limit pending rows by ascending id. Table audit_pending.
	UnsealedAudit(ctx context.Context, q tx.Q, limit int) ([]Row, error)

	// AppendLeaves moves b.Rows from audit_pending to audit_log, stores b.Hashes as one row of audit_hash(first, hashes) with
	// first = b.HashFrom, and replaces the head in audit_state(size, checkpoint, at) where size is still b.From. It answers
	// fault.Conflict, and the caller rolls back, when the head was not at b.From or when not every row was pending any more.
	// It is always called inside InTx. Do the compare-and-set first: the loser then waits on one row and does no other work.
	AppendLeaves(ctx context.Context, q tx.Q, b Batch) error

	// LogState returns the head; the zero LogState for a log nobody has sealed yet. Table audit_state, one row, made by the migration.
	LogState(ctx context.Context, q tx.Q) (LogState, error)

	// ReadHashes returns the stored nodes at the given stored-hash indexes, in the order asked. It answers fault.NotFound when
	// one is missing. Indexes are ascending in most calls, often contiguous (up to 1024), else at most 64. Table audit_hash: node i lies in
	// the row with the greatest first ≤ i, at byte (i-first)*32; a row that does not reach that far is a missing node.
	ReadHashes(ctx context.Context, q tx.Q, indexes []int64) ([]tlog.Hash, error)

	// ReadSealed returns up to limit rows with index ≥ from by ascending index, whatever gaps there are, also beyond the
	// head's size: [Verify] must see what is really there. Table audit_log(leaf, id, at, body).
	ReadSealed(ctx context.Context, q tx.Q, from int64, limit int) ([]LeafRow, error)

	// SaveCheckpoint keeps c for the record; a second one of the same size changes nothing. Table audit_checkpoint(size, at, note).
	SaveCheckpoint(ctx context.Context, q tx.Q, c Checkpoint) error

	// Checkpoints returns up to limit kept checkpoints with size > after, by ascending size. Table audit_checkpoint.
	Checkpoints(ctx context.Context, q tx.Q, after int64, limit int) ([]Checkpoint, error)
}
