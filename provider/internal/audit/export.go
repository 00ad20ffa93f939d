package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// ExportOptions chooses what to export. The zero value, with Keys, is everything that is sealed.
type ExportOptions struct {
	Keys     note.Verifiers // those the log was ever signed with
	From, To int64          // places in the log, To exclusive; To 0 is the end
	Since    time.Time      // events decided at or after; zero is no limit. Reads through all places from From to To: their order is that of commits, not of clocks
	Until    time.Time      // events decided before; zero is no limit
	Progress func(done, total int64)
}

// Export writes sealed events as JSON lines: first the signed checkpoint, then an event a line with its place and its proof
// ([VerifyLine], [VerifyExport]). Each proof is checked as it is made: an event that is not what was sealed ends the export
// with fault.Conflict, after the lines before it. It returns the number of events written.
func Export(ctx context.Context, q tx.Q, store Store, w io.Writer, o ExportOptions) (int64, error) {
	state, err := store.LogState(ctx, q)
	if err != nil {
		return 0, fault.Wrap(fault.KindOf(err), err, "read the audit log's head")
	}
	if state.Size == 0 {
		return 0, fault.New(fault.NotFound, "no audit event is sealed yet")
	}
	head, err := Open(state.Checkpoint, o.Keys)
	if err != nil {
		return 0, err
	}
	if o.From < 0 || o.To < 0 || o.To != 0 && o.To < o.From {
		return 0, fault.New(fault.Invalid, "export's range is not one")
	}
	x := &exporter{ctx: ctx, q: q, store: store, o: o, head: head, hashes: map[int64]tlog.Hash{}}
	x.out = bufio.NewWriterSize(w, 64*1024)
	if err := x.run(state.Checkpoint); err != nil {
		return x.written, err
	}
	return x.written, x.out.Flush()
}

type exporter struct {
	ctx     context.Context
	q       tx.Q
	store   Store
	o       ExportOptions
	head    Head
	out     *bufio.Writer
	written int64
	hashes  map[int64]tlog.Hash // nodes read so far; neighbours share almost all of their paths
}

func (x *exporter) run(checkpoint []byte) error {
	first, err := json.Marshal(header{Checkpoint: string(checkpoint)})
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	if err := x.write(first); err != nil {
		return err
	}
	to := x.head.Size
	if x.o.To != 0 {
		to = min(to, x.o.To)
	}
	for from := x.o.From; from < to; {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		limit := int(min(verifyRows, to-from))
		rows, err := x.store.ReadSealed(x.ctx, x.q, from, limit)
		if err != nil {
			return fault.Wrap(fault.KindOf(err), err, "read audit events")
		}
		if len(rows) < limit || rows[len(rows)-1].Index != from+int64(limit)-1 {
			return x.flushAnd(fault.New(fault.Conflict, fmt.Sprintf("an event between %d and %d is missing: run `varco audit verify`", from, from+int64(limit)-1)))
		}
		if err := x.chunk(rows); err != nil {
			return err
		}
		from += int64(limit)
		if x.o.Progress != nil {
			x.o.Progress(from-x.o.From, to-x.o.From)
		}
	}
	return nil
}

func (x *exporter) chunk(rows []LeafRow) error {
	primed := false
	for _, r := range rows {
		e, err := Decode(r.Body) // the time column is not covered by the hashes: the event's own time counts
		if err != nil {
			return x.flushAnd(fault.Wrap(fault.Conflict, err, fmt.Sprintf("event %d is malformed: run `varco audit verify`", r.Index)))
		}
		if !x.o.Since.IsZero() && e.At.Before(x.o.Since) || !x.o.Until.IsZero() && !e.At.Before(x.o.Until) {
			continue
		}
		if !primed {
			if err := x.prime(rows[0].Index, rows[len(rows)-1].Index+1); err != nil {
				return err
			}
			primed = true
		}
		proof, err := tlog.ProveRecord(x.head.Size, r.Index, x)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, x.head.Size, x.head.Root, r.Index, tlog.RecordHash(r.Body)); err != nil {
			return x.flushAnd(fault.Wrap(fault.Conflict, err, fmt.Sprintf("event %d is not what was sealed: run `varco audit verify`", r.Index)))
		}
		if err := x.write(line{Index: r.Index, Event: r.Body, Proof: proof}.encode()); err != nil {
			return err
		}
		x.written++
	}
	return nil
}

// prime reads at once the nodes that the leaves [from, to) made: nearly all that their proofs need.
func (x *exporter) prime(from, to int64) error {
	clear(x.hashes)
	lo, hi := tlog.StoredHashCount(from), tlog.StoredHashCount(to)
	indexes := make([]int64, hi-lo)
	for i := range indexes {
		indexes[i] = lo + int64(i)
	}
	_, err := x.ReadHashes(indexes)
	return err
}

// ReadHashes makes the exporter tlog's reader, over the store and what it has read.
func (x *exporter) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var want []int64
	for _, i := range indexes {
		if _, ok := x.hashes[i]; !ok {
			want = append(want, i)
		}
	}
	if len(want) > 0 {
		got, err := x.store.ReadHashes(x.ctx, x.q, want)
		if err != nil {
			return nil, fault.Wrap(fault.KindOf(err), err, "read the audit log's hashes")
		}
		for n, i := range want {
			x.hashes[i] = got[n]
		}
	}
	out := make([]tlog.Hash, len(indexes))
	for n, i := range indexes {
		out[n] = x.hashes[i]
	}
	return out, nil
}

func (x *exporter) write(b []byte) error {
	if _, err := x.out.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

// flushAnd keeps the good lines in front of a finding.
func (x *exporter) flushAnd(finding error) error {
	if err := x.out.Flush(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return finding
}

// newLines reads lines of at most the length an export can have.
func newLines(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64*1024), maxLine+2)
	return s
}

func orEOF(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
