package audittest

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

var (
	_ audit.Store = (*Store)(nil)
	_ tx.DB       = (*Store)(nil)
)

// Store keeps an audit log in memory. It is its own tx.DB, of which only InTx works; a transaction holds the whole store.
// The zero value is ready. Touch the fields only while nothing else uses the store.
type Store struct {
	Pending []audit.Row
	Log     []audit.LeafRow // in the order that ReadSealed shows, by index unless a test changed it
	Hashes  map[int64]tlog.Hash
	State   audit.LogState
	Kept    []audit.Checkpoint

	Queries int // statements so far

	mu  sync.Mutex
	err error
}

// Fail makes every call answer err from now on, as when the database is down; nil ends that. It may be called at any time.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// open is the handle inside InTx, where the lock is held already.
type open struct{ tx.Q }

func (s *Store) enter(q tx.Q) (leave func(), err error) {
	leave = func() {}
	if _, inside := q.(open); !inside {
		s.mu.Lock()
		leave = s.mu.Unlock
	}
	s.Queries++
	if s.err != nil {
		leave()
		return nil, s.err
	}
	return leave, nil
}

// InTx runs fn alone, and takes back what it did when it fails.
func (s *Store) InTx(_ context.Context, fn func(q tx.Q) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	pending, log, kept, state := slices.Clone(s.Pending), slices.Clone(s.Log), slices.Clone(s.Kept), s.State
	hashes := map[int64]tlog.Hash{}
	for i, h := range s.Hashes {
		hashes[i] = h
	}
	err := fn(open{s})
	if err != nil {
		s.Pending, s.Log, s.Kept, s.State, s.Hashes = pending, log, kept, state, hashes
	}
	return err
}

// InsertAudit implements audit.Store.
func (s *Store) InsertAudit(_ context.Context, q tx.Q, rows []audit.Row) error {
	leave, err := s.enter(q)
	if err != nil {
		return err
	}
	defer leave()
	for _, r := range rows {
		if slices.ContainsFunc(s.Pending, func(p audit.Row) bool { return p.ID == r.ID }) {
			return fault.New(fault.Conflict, "pending audit event exists")
		}
		s.Pending = append(s.Pending, r)
	}
	return nil
}

// UnsealedAudit implements audit.Store.
func (s *Store) UnsealedAudit(_ context.Context, q tx.Q, limit int) ([]audit.Row, error) {
	leave, err := s.enter(q)
	if err != nil {
		return nil, err
	}
	defer leave()
	rows := slices.Clone(s.Pending)
	slices.SortFunc(rows, func(a, b audit.Row) int { return cmp.Compare(a.ID, b.ID) })
	return rows[:min(limit, len(rows))], nil
}

// AppendLeaves implements audit.Store.
func (s *Store) AppendLeaves(_ context.Context, q tx.Q, b audit.Batch) error {
	leave, err := s.enter(q)
	if err != nil {
		return err
	}
	defer leave()
	if s.State.Size != b.From {
		return fault.New(fault.Conflict, "audit log's head moved")
	}
	for _, r := range b.Rows {
		i := slices.IndexFunc(s.Pending, func(p audit.Row) bool { return p.ID == r.ID })
		if i < 0 {
			return fault.New(fault.Conflict, "audit event is not pending")
		}
		s.Pending = slices.Delete(s.Pending, i, i+1)
		s.Log = append(s.Log, r)
	}
	if s.Hashes == nil {
		s.Hashes = map[int64]tlog.Hash{}
	}
	for i := range len(b.Hashes) / tlog.HashSize {
		s.Hashes[b.HashFrom+int64(i)] = tlog.Hash(b.Hashes[i*tlog.HashSize:])
	}
	s.State = audit.LogState{Size: b.To, Checkpoint: b.Checkpoint, At: b.At}
	return nil
}

// LogState implements audit.Store.
func (s *Store) LogState(_ context.Context, q tx.Q) (audit.LogState, error) {
	leave, err := s.enter(q)
	if err != nil {
		return audit.LogState{}, err
	}
	defer leave()
	return s.State, nil
}

// ReadHashes implements audit.Store.
func (s *Store) ReadHashes(_ context.Context, q tx.Q, indexes []int64) ([]tlog.Hash, error) {
	leave, err := s.enter(q)
	if err != nil {
		return nil, err
	}
	defer leave()
	out := make([]tlog.Hash, len(indexes))
	for n, i := range indexes {
		h, ok := s.Hashes[i]
		if !ok {
			return nil, fault.New(fault.NotFound, "audit hash is missing")
		}
		out[n] = h
	}
	return out, nil
}

// ReadSealed implements audit.Store.
func (s *Store) ReadSealed(_ context.Context, q tx.Q, from int64, limit int) ([]audit.LeafRow, error) {
	leave, err := s.enter(q)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []audit.LeafRow
	for _, r := range s.Log {
		if r.Index >= from && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

// SaveCheckpoint implements audit.Store.
func (s *Store) SaveCheckpoint(_ context.Context, q tx.Q, c audit.Checkpoint) error {
	leave, err := s.enter(q)
	if err != nil {
		return err
	}
	defer leave()
	if !slices.ContainsFunc(s.Kept, func(k audit.Checkpoint) bool { return k.Size == c.Size }) {
		s.Kept = append(s.Kept, c)
		slices.SortFunc(s.Kept, func(a, b audit.Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	}
	return nil
}

// Checkpoints implements audit.Store.
func (s *Store) Checkpoints(_ context.Context, q tx.Q, after int64, limit int) ([]audit.Checkpoint, error) {
	leave, err := s.enter(q)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []audit.Checkpoint
	for _, c := range s.Kept {
		if c.Size > after && len(out) < limit {
			out = append(out, c)
		}
	}
	return out, nil
}

var errNoSQL = errors.New("audittest: the store in memory runs no SQL")

// ExecContext implements tx.Q and fails.
func (s *Store) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errNoSQL
}

// QueryContext implements tx.Q and fails.
func (s *Store) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errNoSQL
}

// QueryRowContext implements tx.Q and panics: a *sql.Row cannot carry an error of ours.
func (s *Store) QueryRowContext(context.Context, string, ...any) *sql.Row { panic(errNoSQL) }

// PrepareContext implements tx.Q and fails.
func (s *Store) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, errNoSQL }
