package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// verifyRows is how many events are checked at a time; their stored hashes (just under two each) fit one ReadHashes.
const verifyRows = 512

// maxFindings ends a verification that finds something wrong with every row.
const maxFindings = 20

// VerifyOptions says what to check the log against.
type VerifyOptions struct {
	Keys     note.Verifiers          // those the log was ever signed with
	Trusted  [][]byte                // signed checkpoints kept outside the database; nothing else shows a log rewritten or cut back by a holder of the key
	Progress func(done, total int64) // called after each few hundred events; may be nil
}

// Problem is what kind of thing is wrong.
type Problem string

// The problems Verify tells apart.
const (
	EventMissing     Problem = "event_missing"     // the row of a sealed event is gone
	EventAltered     Problem = "event_altered"     // an event is not the one that was sealed there: altered, replaced or moved
	EventDuplicated  Problem = "event_duplicated"  // two rows claim one place
	EventBeyond      Problem = "event_beyond"      // rows lie beyond the log's head: the head was set back or rows were added
	ColumnsAltered   Problem = "columns_altered"   // an event is intact, but its id or time column is not what it says
	EventMalformed   Problem = "event_malformed"   // what was sealed is no event: it was tampered with before it was sealed
	HashAltered      Problem = "hash_altered"      // events are intact, a stored hash is not
	HashMissing      Problem = "hash_missing"      // a stored hash is gone
	HeadInvalid      Problem = "head_invalid"      // the log's head is not signed by a known key, or is that of another log
	HeadMismatch     Problem = "head_mismatch"     // head, size and events do not belong together
	CheckpointForged Problem = "checkpoint_forged" // a kept checkpoint is not signed by a known key
	CheckpointForked Problem = "checkpoint_forked" // a kept or trusted checkpoint speaks of another history than this one
	LogShortened     Problem = "log_shortened"     // a kept or trusted checkpoint knows more events than there are
)

// Finding is one thing wrong.
type Finding struct {
	Problem Problem
	Index   int64  // the event where it shows; -1 when it concerns the log as a whole
	Text    string // a sentence for the operator
}

// Report is what a verification found. The log is sound when Findings is empty.
type Report struct {
	Size        int64     // of the log, as its head says
	Checked     int64     // events whose place in the signed log is proven
	Checkpoints int       // kept and trusted ones that agree
	Head        Head      // zero when the log is empty or its head invalid
	Findings    []Finding // by ascending index; nothing after the last one was checked when Checked < Size

	complete bool
}

// OK says whether everything was looked at and nothing is wrong. The report of a verification that ended in an error is never OK.
func (r Report) OK() bool { return r.complete && len(r.Findings) == 0 }

// Verify recomputes the log from its event rows and compares every stored hash, every checkpoint and the signed head. It reads
// each row once and holds a few hundred at a time, whatever the log's length; the log may grow meanwhile. The error is for what kept it from
// looking (database, cancelled, a trusted checkpoint that cannot be read: fault.Invalid), never for what it saw.
func Verify(ctx context.Context, q tx.Q, store Store, o VerifyOptions) (Report, error) {
	marks, err := trustedMarks(o)
	if err != nil {
		return Report{}, err
	}
	state, err := store.LogState(ctx, q)
	if err != nil {
		return Report{}, fault.Wrap(fault.KindOf(err), err, "read the audit log's head")
	}
	v := &verifier{ctx: ctx, q: q, store: store, o: o, state: state, edge: &frontier{nodes: map[int64]tlog.Hash{}}, doubt: -1}
	v.report.Size = state.Size
	v.marks = newMarks(v, marks)
	err = v.run()
	v.report.complete = err == nil
	return v.report, err
}

type verifier struct {
	ctx    context.Context
	q      tx.Q
	store  Store
	o      VerifyOptions
	state  LogState
	report Report
	edge   *frontier
	marks  *marks
	proven int64 // the size up to which a signed root agreed
	base   int64 // the first leaf of the chunk being checked

	// doubt is the first leaf whose recomputed nodes differ from the stored ones, -1 while there is none. The next signed root
	// says which of the two is wrong.
	doubt       int64
	doubtIsLeaf bool
	stopped     bool
}

func (v *verifier) run() error {
	if !v.checkHead() {
		return nil
	}
	for v.edge.size < v.state.Size {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if err := v.chunk(); err != nil || v.stopped {
			return err
		}
		if v.o.Progress != nil {
			v.o.Progress(v.edge.size, v.state.Size)
		}
	}
	if err := v.marks.rest(); err != nil || v.stopped {
		return err
	}
	return v.checkBeyond()
}

// checkHead checks the signed head and reports whether there is anything to compare events with.
func (v *verifier) checkHead() bool {
	if v.state.Size == 0 && len(v.state.Checkpoint) == 0 {
		return true
	}
	head, err := Open(v.state.Checkpoint, v.o.Keys)
	switch {
	case err != nil:
		v.stop(HeadInvalid, -1, "the log's signed head cannot be trusted: %v", err)
	case head.Size != v.state.Size:
		v.stop(HeadMismatch, -1, "the log's signed head speaks of %d events, its state of %d", head.Size, v.state.Size)
	default:
		v.report.Head = head
		v.marks.add(mark{Head: head, what: "the log's head", problem: HeadMismatch})
	}
	return !v.stopped
}

// chunk checks the next few hundred events.
func (v *verifier) chunk() error {
	from := v.edge.size
	v.base = from
	limit := int(min(verifyRows, v.state.Size-from))
	rows, err := v.store.ReadSealed(v.ctx, v.q, from, limit)
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "read audit events")
	}
	stored, missing, err := v.storedHashes(from, from+int64(limit))
	if err != nil {
		return err
	}
	for i := range limit {
		index := from + int64(i)
		if i >= len(rows) || rows[i].Index > index {
			v.stop(EventMissing, index, "event %d is missing from the log", index)
			return nil
		}
		if rows[i].Index < index {
			v.stop(EventDuplicated, rows[i].Index, "two rows claim to be event %d", rows[i].Index)
			return nil
		}
		if err := v.leaf(rows[i], stored, missing); err != nil || v.stopped {
			return err
		}
	}
	return nil
}

// leaf adds one event to the recomputed tree and compares the nodes it makes.
func (v *verifier) leaf(r LeafRow, stored []tlog.Hash, missing int64) error {
	nodes, err := v.edge.add(tlog.RecordHash(r.Body))
	if err != nil {
		return err
	}
	offset := tlog.StoredHashIndex(0, r.Index) - tlog.StoredHashCount(v.base)
	for level, h := range nodes {
		switch at := int(offset) + level; {
		case v.doubt >= 0:
		case at >= len(stored):
			v.stop(HashMissing, r.Index, "stored hash %d, which event %d made, is missing", missing, r.Index)
			return nil
		case stored[at] != h:
			v.doubt, v.doubtIsLeaf = r.Index, level == 0
		}
	}
	v.columns(r)
	return v.marks.reached()
}

// columns checks what the hashes do not cover, of an event that is otherwise where it belongs.
func (v *verifier) columns(r LeafRow) {
	if v.doubt >= 0 {
		return
	}
	e, err := Decode(r.Body)
	switch {
	case err != nil:
		v.find(EventMalformed, r.Index, "what was sealed as event %d is no event: %v", r.Index, err)
	case e.ID != r.ID || e.At.UnixMicro() != r.At:
		v.find(ColumnsAltered, r.Index, "the id or time column of event %d differs from what the event says", r.Index)
	}
}

// storedHashes returns the nodes that the leaves [from, to) made. When one is missing it returns those before it, and which it is.
func (v *verifier) storedHashes(from, to int64) (hashes []tlog.Hash, missing int64, err error) {
	lo, hi := tlog.StoredHashCount(from), tlog.StoredHashCount(to)
	indexes := make([]int64, hi-lo)
	for i := range indexes {
		indexes[i] = lo + int64(i)
	}
	hashes, err = v.store.ReadHashes(v.ctx, v.q, indexes)
	if err == nil {
		return hashes, -1, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return nil, -1, fault.Wrap(fault.KindOf(err), err, "read the audit log's hashes")
	}
	hashes = hashes[:0]
	for _, index := range indexes {
		one, err := v.store.ReadHashes(v.ctx, v.q, []int64{index})
		if fault.Is(err, fault.NotFound) {
			return hashes, index, nil
		}
		if err != nil {
			return nil, -1, fault.Wrap(fault.KindOf(err), err, "read the audit log's hashes")
		}
		hashes = append(hashes, one[0])
	}
	return hashes, -1, nil
}

// agree compares the recomputed tree with a signed root at its present size, and settles the doubt if there was one.
func (v *verifier) agree(m mark) error {
	root, err := v.edge.root()
	if err != nil {
		return err
	}
	switch {
	case m.Origin != v.report.Head.Origin:
		v.stop(m.problem, v.proven, "%s is that of another log, %q", m.what, m.Origin)
	case root == m.Root && v.doubt >= 0:
		v.stop(HashAltered, v.doubt, "the events are intact, but a stored hash at event %d was altered", v.doubt)
	case root == m.Root:
		v.proven = v.edge.size
		v.report.Checked = v.proven
		if m.problem != HeadMismatch {
			v.report.Checkpoints++
		}
	case v.doubt >= 0 && v.doubtIsLeaf:
		v.stop(EventAltered, v.doubt, "event %d is not the one that was sealed in its place: it was altered, replaced or moved", v.doubt)
	default:
		v.stop(m.problem, v.proven, "%s, over %d events, speaks of another history: an event from %d on was altered together with the stored hashes, or the checkpoint is of another log",
			m.what, m.Size, v.proven)
	}
	return nil
}

// checkBeyond looks for rows after the head, left when the head was set back.
func (v *verifier) checkBeyond() error {
	rows, err := v.store.ReadSealed(v.ctx, v.q, v.state.Size, 1)
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "read audit events")
	}
	if len(rows) == 0 {
		return nil
	}
	// A sealer may have appended them since we read the head; the head is then beyond them now.
	now, err := v.store.LogState(v.ctx, v.q)
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "read the audit log's head")
	}
	if rows[0].Index >= now.Size {
		v.stop(EventBeyond, rows[0].Index, "event %d lies beyond the log's head at %d: the head was set back or a row was added", rows[0].Index, now.Size)
	}
	return nil
}

func (v *verifier) find(p Problem, index int64, format string, args ...any) {
	v.report.Findings = append(v.report.Findings, Finding{Problem: p, Index: index, Text: fmt.Sprintf(format, args...)})
	v.stopped = v.stopped || len(v.report.Findings) >= maxFindings
}

func (v *verifier) stop(p Problem, index int64, format string, args ...any) {
	v.find(p, index, format, args...)
	v.stopped = true
}
