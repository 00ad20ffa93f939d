package sqlstore

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store/sqlstore/query"
	"github.com/varco-id/varco/provider/internal/tx"
)

var _ audit.Store = (*Store)(nil)

// Statements over many rows at once, which the query generator cannot write. Their texts are few, so that a connection can keep
// them prepared: audit_pending takes as many rows as a step leaves events, everything else goes in chunks of the sizes below.
var (
	insertPending = manyRows(deferred+"INSERT INTO audit_pending (id, at, body) VALUES ", "", "", "", "")
	insertLog     = manyRows("INSERT INTO audit_log (leaf, id, at, body) VALUES ", "", "", "", "", "")
	deletePending = manyRows("DELETE FROM audit_pending WHERE id IN (VALUES ", ")", "TEXT")
	selectHashes  = manyRows("WITH wanted (node) AS (VALUES ", ") "+
		"SELECT w.node, substr(h.hashes, CAST((w.node - h.first) * 32 + 1 AS INTEGER), 32) FROM wanted AS w "+
		"JOIN audit_hash AS h ON h.first = (SELECT MAX(m.first) FROM audit_hash AS m WHERE m.first <= w.node)", "BIGINT")
)

var chunks = []int{64, 16, 4, 1}

// manyRows returns a function that writes, and keeps, the statement for n rows of parameters between before and after. A row has a column
// for each type; a type is named where PostgreSQL cannot tell it.
func manyRows(before, after string, types ...string) func(n int) string {
	var kept sync.Map
	return func(n int) string {
		if text, ok := kept.Load(n); ok {
			return text.(string)
		}
		rows := make([]string, n)
		for i := range rows {
			cells := make([]string, len(types))
			for j, typ := range types {
				cells[j] = "$" + strconv.Itoa(i*len(types)+j+1)
				if typ != "" {
					cells[j] = "CAST(" + cells[j] + " AS " + typ + ")"
				}
			}
			rows[i] = "(" + strings.Join(cells, ", ") + ")"
		}
		text, _ := kept.LoadOrStore(n, before+strings.Join(rows, ", ")+after)
		return text.(string)
	}
}

// inChunks calls fn with the borders of runs of at most 64 out of n.
func inChunks(n int, fn func(from, to int) error) error {
	for from := 0; from < n; {
		for _, size := range chunks {
			if from+size <= n {
				if err := fn(from, from+size); err != nil {
					return err
				}
				from += size
				break
			}
		}
	}
	return nil
}

// InsertAudit stores events in their transaction; see [audit.Store]. On PostgreSQL they travel with the next statement, and an error may come
// with that or with the commit.
func (s *Store) InsertAudit(ctx context.Context, q tx.Q, rows []audit.Row) error {
	args := make([]any, 0, 3*len(rows))
	for _, r := range rows {
		args = append(args, r.ID, r.At, string(r.Body))
	}
	_, err := q.ExecContext(ctx, insertPending(len(rows)), args...)
	return mapped(err, "insert audit events")
}

// UnsealedAudit lists the oldest pending events; see [audit.Store].
func (s *Store) UnsealedAudit(ctx context.Context, q tx.Q, limit int) ([]audit.Row, error) {
	rows, err := query.New(q).UnsealedAudit(ctx, int64(limit))
	if err != nil {
		return nil, mapped(err, "list pending audit events")
	}
	out := make([]audit.Row, len(rows))
	for i, r := range rows {
		out[i] = audit.Row{ID: r.ID, At: r.At, Body: []byte(r.Body)}
	}
	return out, nil
}

// AppendLeaves seals events; see [audit.Store].
func (s *Store) AppendLeaves(ctx context.Context, q tx.Q, b audit.Batch) error {
	n, err := query.New(q).AdvanceLog(ctx, query.AdvanceLogParams{Size: b.To, Checkpoint: string(b.Checkpoint), At: b.At, FromSize: b.From})
	if err := changed(n, err, fault.Conflict, "advance the audit log"); err != nil {
		return err
	}
	err = inChunks(len(b.Rows), func(from, to int) error {
		ids := make([]any, 0, to-from)
		rows := make([]any, 0, 4*(to-from))
		for _, r := range b.Rows[from:to] {
			ids = append(ids, r.ID)
			rows = append(rows, r.Index, r.ID, r.At, string(r.Body))
		}
		result, err := q.ExecContext(ctx, deletePending(len(ids)), ids...)
		if err != nil {
			return mapped(err, "take pending audit events")
		}
		if n, err := result.RowsAffected(); err != nil || n != int64(len(ids)) {
			return changed(0, err, fault.Conflict, "take pending audit events")
		}
		_, err = q.ExecContext(ctx, insertLog(len(ids)), rows...)
		return mapped(err, "append audit events")
	})
	if err != nil {
		return err
	}
	_, err = query.New(q).InsertHashes(ctx, query.InsertHashesParams{First: b.HashFrom, Hashes: blob(b.Hashes)})
	return mapped(err, "append audit hashes")
}

// LogState returns the head of the log; see [audit.Store].
func (s *Store) LogState(ctx context.Context, q tx.Q) (audit.LogState, error) {
	r, err := query.New(q).LogState(ctx)
	return audit.LogState{Size: r.Size, Checkpoint: absent([]byte(r.Checkpoint)), At: r.At}, mapped(err, "read the audit log's head")
}

// ReadHashes returns nodes of the tree in the order asked; see [audit.Store].
func (s *Store) ReadHashes(ctx context.Context, q tx.Q, indexes []int64) ([]tlog.Hash, error) {
	if contiguous(indexes) {
		return hashRuns(ctx, q, indexes)
	}
	found := make(map[int64]tlog.Hash, len(indexes))
	err := inChunks(len(indexes), func(from, to int) error {
		args := make([]any, 0, to-from)
		for _, i := range indexes[from:to] {
			args = append(args, i)
		}
		return readHashes(ctx, q, args, found)
	})
	if err != nil {
		return nil, mapped(err, "read audit hashes")
	}
	out := make([]tlog.Hash, len(indexes))
	for i, node := range indexes {
		h, ok := found[node]
		if !ok {
			return nil, missingNode(node)
		}
		out[i] = h
	}
	return out, nil
}

func missingNode(node int64) error {
	return fault.New(fault.NotFound, "the audit log lacks node "+strconv.FormatInt(node, 10))
}

// contiguous says whether reading whole runs of nodes costs less than picking each.
func contiguous(nodes []int64) bool {
	return len(nodes) > 4 && nodes[len(nodes)-1]-nodes[0] == int64(len(nodes)-1) && slices.IsSorted(nodes)
}

// hashRuns reads neighbouring nodes, for whom reads every node there is.
func hashRuns(ctx context.Context, q tx.Q, nodes []int64) ([]tlog.Hash, error) {
	runs, err := query.New(q).HashRuns(ctx, query.HashRunsParams{FirstNode: nodes[0], LastNode: nodes[len(nodes)-1]})
	if err != nil {
		return nil, mapped(err, "read audit hashes")
	}
	out := make([]tlog.Hash, len(nodes))
	for i, run := 0, 0; i < len(nodes); i++ {
		for run+1 < len(runs) && runs[run+1].First <= nodes[i] {
			run++
		}
		if run >= len(runs) || runs[run].First > nodes[i] {
			return nil, missingNode(nodes[i])
		}
		at := (nodes[i] - runs[run].First) * tlog.HashSize
		if at+tlog.HashSize > int64(len(runs[run].Hashes)) {
			return nil, missingNode(nodes[i])
		}
		out[i] = tlog.Hash(runs[run].Hashes[at : at+tlog.HashSize])
	}
	return out, nil
}

func readHashes(ctx context.Context, q tx.Q, nodes []any, into map[int64]tlog.Hash) error {
	rows, err := q.QueryContext(ctx, selectHashes(len(nodes)), nodes...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var node int64
		var hash []byte
		if err := rows.Scan(&node, &hash); err != nil {
			return err
		}
		if len(hash) == tlog.HashSize { // else the row of hashes does not reach that far
			into[node] = tlog.Hash(hash)
		}
	}
	return rows.Err()
}

// ReadSealed pages through the sealed events as they are; see [audit.Store].
func (s *Store) ReadSealed(ctx context.Context, q tx.Q, from int64, limit int) ([]audit.LeafRow, error) {
	rows, err := query.New(q).ReadSealed(ctx, query.ReadSealedParams{FromLeaf: from, RowLimit: int64(limit)})
	if err != nil {
		return nil, mapped(err, "read sealed audit events")
	}
	out := make([]audit.LeafRow, len(rows))
	for i, r := range rows {
		out[i] = audit.LeafRow{Index: r.Leaf, Row: audit.Row{ID: r.ID, At: r.At, Body: []byte(r.Body)}}
	}
	return out, nil
}

// SaveCheckpoint keeps a checkpoint; see [audit.Store].
func (s *Store) SaveCheckpoint(ctx context.Context, q tx.Q, c audit.Checkpoint) error {
	_, err := query.New(q).SaveCheckpoint(ctx, query.SaveCheckpointParams{Size: c.Size, At: c.At, Note: string(c.Note)})
	return mapped(err, "keep an audit checkpoint")
}

// Checkpoints pages through the kept checkpoints; see [audit.Store].
func (s *Store) Checkpoints(ctx context.Context, q tx.Q, after int64, limit int) ([]audit.Checkpoint, error) {
	rows, err := query.New(q).Checkpoints(ctx, query.CheckpointsParams{After: after, RowLimit: int64(limit)})
	if err != nil {
		return nil, mapped(err, "list audit checkpoints")
	}
	out := make([]audit.Checkpoint, len(rows))
	for i, r := range rows {
		out[i] = audit.Checkpoint{Size: r.Size, At: r.At, Note: []byte(r.Note)}
	}
	return out, nil
}
