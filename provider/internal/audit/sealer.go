package audit

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/telemetry"
	"github.com/varco-id/varco/provider/internal/tx"
)

// sealRows is how many events one sealing takes, so that its transaction stays short under any backlog.
const sealRows = 512

// maxPause bounds the pauses after failures.
const maxPause = 30 * time.Second

// Sealer moves pending events into the log. Every replica runs one and none leads: they meet at the store's compare-and-set, and who
// loses starts over from what the winner left. While nothing happens it costs one query a second.
type Sealer struct {
	DB     tx.DB
	Store  Store
	Signer note.Signer    // its name is the log's origin
	Keys   note.Verifiers // that of Signer, and those that signed before it
	Log    *slog.Logger

	Now      func() time.Time
	Interval time.Duration // between looks; 1 s when zero
	Keep     time.Duration // one checkpoint in each such span is kept for the record; 1 minute when zero
	Announce time.Duration // one in each such span is logged, so that it exists outside the database; 1 hour when zero
	Observer Observer      // may be nil

	edge      *frontier // of the log as last seen; its root was compared with a signed one
	head      []byte    // the checkpoint that edge belongs to
	announced time.Time
}

// Observer is told what the sealer does, for metrics.
type Observer interface {
	// AuditSealed: so many events were appended, the oldest of them that old; the log's size is now size.
	AuditSealed(events int, oldest time.Duration, size int64)
	// AuditSealFailed: a round ended in an error that was not a lost race.
	AuditSealFailed()
}

// Run seals until ctx ends and then returns nil. It never gives up: failures are logged and tried again with growing pauses.
func (s *Sealer) Run(ctx context.Context) error {
	interval := s.Interval
	if interval <= 0 {
		interval = time.Second
	}
	timer := time.NewTimer(interval)
	defer timer.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		pause := interval
		switch _, err := s.Seal(ctx); {
		case err == nil:
			failures = 0
		case ctx.Err() != nil:
			return nil
		case fault.Is(err, fault.Conflict):
			// Replicas that look at the same moment would race each second; a random pause takes them apart.
			pause += rand.N(interval)
		default:
			pause = min(interval<<min(failures, 10), maxPause)
			failures++
			s.Log.ErrorContext(ctx, "audit events cannot be sealed", "error", err, "retry_in", pause)
			if s.Observer != nil {
				s.Observer.AuditSealFailed()
			}
		}
		timer.Reset(pause)
	}
}

// Seal seals what is pending now and returns how many events that were. It answers fault.Conflict when another sealer was faster,
// which needs no mending. It is not for concurrent use: one Sealer, one goroutine.
func (s *Sealer) Seal(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := s.batch(ctx)
		total += n
		if err != nil || n < sealRows {
			return total, err
		}
	}
}

func (s *Sealer) batch(ctx context.Context) (int, error) {
	rows, err := s.Store.UnsealedAudit(ctx, s.DB, sealRows)
	if err != nil {
		return 0, fault.Wrap(fault.KindOf(err), err, "read pending audit events")
	}
	if len(rows) == 0 {
		return 0, nil
	}
	state, err := s.Store.LogState(ctx, s.DB)
	if err != nil {
		return 0, fault.Wrap(fault.KindOf(err), err, "read the audit log's head")
	}
	edge, err := s.trustedEdge(ctx, state)
	if err != nil {
		return 0, err
	}
	now := s.Now()
	b, err := s.build(edge, rows, now)
	if err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(q tx.Q) error {
		if err := s.Store.AppendLeaves(ctx, q, b); err != nil {
			return err
		}
		if keep := orDefault(s.Keep, time.Minute); span(state.At, keep) == span(b.At, keep) {
			return nil
		}
		return s.Store.SaveCheckpoint(ctx, q, Checkpoint{Size: b.To, At: b.At, Note: b.Checkpoint})
	})
	if err != nil {
		return 0, fault.Wrap(fault.KindOf(err), err, "append to the audit log")
	}
	s.edge, s.head = edge, b.Checkpoint
	s.report(ctx, b, now)
	return len(rows), nil
}

// trustedEdge returns the log's right edge after comparing it with the signed head. Without that, a sealer would sign over
// whatever somebody had written into the stored hashes and so turn a forgery into the record.
func (s *Sealer) trustedEdge(ctx context.Context, state LogState) (*frontier, error) {
	if s.edge != nil && s.edge.size == state.Size && bytes.Equal(s.head, state.Checkpoint) {
		return s.edge.clone(), nil
	}
	if s.edge != nil && state.Size <= s.edge.size {
		return nil, fault.New(fault.Internal, "the audit log was set back: run `varco audit verify` with the last checkpoint from the server's log; restart to go on from here if a database failover lost transactions")
	}
	if state.Size == 0 {
		return &frontier{nodes: map[int64]tlog.Hash{}}, nil
	}
	head, err := Open(state.Checkpoint, s.Keys)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the audit log's head")
	}
	if head.Origin != s.Signer.Name() {
		return nil, fault.New(fault.Internal, "the audit log's head belongs to another log")
	}
	edge, err := loadFrontier(ctx, s.DB, s.Store, state.Size)
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "read the audit log's edge")
	}
	root, err := edge.root()
	if err != nil {
		return nil, err
	}
	if head.Size != state.Size || head.Root != root {
		return nil, fault.New(fault.Internal, "the audit log's stored hashes do not give its signed head: run `varco audit verify`")
	}
	return edge, nil
}

// build computes what appending rows stores, moving edge along, and signs it.
func (s *Sealer) build(edge *frontier, rows []Row, now time.Time) (Batch, error) {
	b := Batch{
		From: edge.size, To: edge.size + int64(len(rows)), Rows: make([]LeafRow, len(rows)),
		HashFrom: tlog.StoredHashCount(edge.size), At: now.UnixMicro(),
	}
	for i, r := range rows {
		b.Rows[i] = LeafRow{Index: edge.size, Row: r}
		nodes, err := edge.add(tlog.RecordHash(r.Body))
		if err != nil {
			return Batch{}, err
		}
		for _, h := range nodes {
			b.Hashes = append(b.Hashes, h[:]...)
		}
	}
	root, err := edge.root()
	if err != nil {
		return Batch{}, err
	}
	b.Checkpoint, err = Sign(b.To, root, s.Signer)
	return b, err
}

func (s *Sealer) report(ctx context.Context, b Batch, now time.Time) {
	if s.Observer != nil {
		s.Observer.AuditSealed(len(b.Rows), now.Sub(time.UnixMicro(b.Rows[0].At)), b.To)
	}
	if now.Sub(s.announced) < orDefault(s.Announce, time.Hour) {
		return
	}
	s.announced = now
	s.Log.InfoContext(ctx, "audit checkpoint", "size", b.To, "checkpoint", string(b.Checkpoint))
}

// span numbers the spans of time; replicas agree on it without talking.
func span(micros int64, length time.Duration) int64 { return micros / max(length.Microseconds(), 1) }

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

var _ Observer = (*telemetry.Metrics)(nil)
