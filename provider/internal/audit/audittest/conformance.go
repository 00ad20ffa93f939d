package audittest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Key returns a fresh signing key of that name, and the verifiers that know it.
func Key(t testing.TB, name string) (note.Signer, note.Verifiers) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, note.VerifierList(verifier)
}

// Sealer returns a sealer with a fixed clock and a silent log.
func Sealer(db tx.DB, store audit.Store, signer note.Signer, keys note.Verifiers) *audit.Sealer {
	return &audit.Sealer{
		DB: db, Store: store, Signer: signer, Keys: keys, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) },
	}
}

// Events returns n events that differ.
func Events(n int) []audit.Event {
	out := make([]audit.Event, n)
	for i := range out {
		out[i] = audit.Event{
			At: time.Date(2026, 11, 22, 9, 0, i, 1000, time.UTC), Kind: audit.LoginStepFailed, Subject: "sub", Client: "bank",
			Data: map[string]string{"method": "password", "number": fmt.Sprint(i)},
		}
	}
	return out
}

// Conformance runs the rules of [audit.Store] on stores that open makes, each empty and with its tables. The rules about
// races hold for every store; run them where they can be lost, on PostgreSQL.
func Conformance(t *testing.T, open func(t *testing.T) (tx.DB, audit.Store)) {
	rules := map[string]func(t *testing.T, db tx.DB, store audit.Store){
		"an unsealed log is empty":              emptyLog,
		"pending rows come back as written":     pendingRows,
		"a rolled back event never was":         rolledBack,
		"appending moves rows, hashes and head": appendMoves,
		"an append on an old head conflicts":    appendOldHead,
		"an append of a row gone conflicts":     appendRowGone,
		"missing hashes are not found":          missingHashes,
		"kept checkpoints page by size":         keptCheckpoints,
		"racing sealers make one sound log":     racingSealers,
		"a log of many batches verifies":        manyBatches,
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, store := open(t)
			rule(t, db, store)
		})
	}
}

func emptyLog(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	state := must(store.LogState(ctx, db))(t)
	if state.Size != 0 || len(state.Checkpoint) != 0 || state.At != 0 {
		t.Errorf("LogState = %+v, want zero", state)
	}
	if rows := must(store.UnsealedAudit(ctx, db, 10))(t); len(rows) != 0 {
		t.Errorf("UnsealedAudit = %v", rows)
	}
	if rows := must(store.ReadSealed(ctx, db, 0, 10))(t); len(rows) != 0 {
		t.Errorf("ReadSealed = %v", rows)
	}
	if kept := must(store.Checkpoints(ctx, db, 0, 10))(t); len(kept) != 0 {
		t.Errorf("Checkpoints = %v", kept)
	}
	if h := must(store.ReadHashes(ctx, db, nil))(t); len(h) != 0 {
		t.Errorf("ReadHashes of nothing = %v", h)
	}
}

func pendingRows(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	e := Events(1)[0]
	e.Data = map[string]string{"text": `quote " backslash \ <&> è € 😀 ' $1 ?1 %s`}
	for range 3 { // several calls, several rows each, up to the most that is allowed
		check(t, audit.Write(ctx, db, store, append(Events(audit.MaxEvents-1), e)...))
	}
	rows := must(store.UnsealedAudit(ctx, db, 1000))(t)
	if len(rows) != 3*audit.MaxEvents {
		t.Fatalf("%d pending rows, want %d", len(rows), 3*audit.MaxEvents)
	}
	for i, r := range rows {
		got, err := audit.Decode(r.Body)
		if err != nil {
			t.Fatalf("row %d does not come back as written: %v", i, err)
		}
		if got.ID != r.ID || got.At.UnixMicro() != r.At {
			t.Errorf("row %d: columns %s %d, body %s %d", i, r.ID, r.At, got.ID, got.At.UnixMicro())
		}
		if i > 0 && rows[i-1].ID >= r.ID {
			t.Errorf("row %d is out of order", i)
		}
	}
	if got, _ := audit.Decode(rows[audit.MaxEvents-1].Body); got.Data["text"] != e.Data["text"] {
		t.Errorf("text became %q", got.Data["text"])
	}
	if rows := must(store.UnsealedAudit(ctx, db, 5))(t); len(rows) != 5 {
		t.Errorf("limit 5 gave %d", len(rows))
	}
}

func rolledBack(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	no := errors.New("no")
	err := db.InTx(ctx, func(q tx.Q) error {
		check(t, audit.Write(ctx, q, store, Events(2)...))
		return no
	})
	if !errors.Is(err, no) {
		t.Fatalf("InTx = %v", err)
	}
	if rows := must(store.UnsealedAudit(ctx, db, 10))(t); len(rows) != 0 {
		t.Errorf("%d rows survived a rollback", len(rows))
	}
}

// batch is a well-formed batch of the first n pending rows, with hashes that are recognisable and no tree's.
func batch(t *testing.T, db tx.DB, store audit.Store, from int64, n int) audit.Batch {
	rows := must(store.UnsealedAudit(t.Context(), db, n))(t)
	b := audit.Batch{From: from, To: from + int64(len(rows)), HashFrom: tlog.StoredHashCount(from), Checkpoint: []byte("note\n\n— è\n"), At: 77}
	for i, r := range rows {
		b.Rows = append(b.Rows, audit.LeafRow{Index: from + int64(i), Row: r})
	}
	for i := b.HashFrom; i < tlog.StoredHashCount(b.To); i++ {
		b.Hashes = append(b.Hashes, bytes.Repeat([]byte{byte(i)}, tlog.HashSize)...)
	}
	return b
}

func appendBatch(ctx context.Context, db tx.DB, store audit.Store, b audit.Batch) error {
	return db.InTx(ctx, func(q tx.Q) error { return store.AppendLeaves(ctx, q, b) })
}

func appendMoves(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	check(t, audit.Write(ctx, db, store, Events(7)...))
	first := batch(t, db, store, 0, 3)
	check(t, appendBatch(ctx, db, store, first))
	second := batch(t, db, store, 3, 3)
	check(t, appendBatch(ctx, db, store, second))

	if rows := must(store.UnsealedAudit(ctx, db, 10))(t); len(rows) != 1 {
		t.Errorf("%d rows still pending, want 1", len(rows))
	}
	state := must(store.LogState(ctx, db))(t)
	if state.Size != 6 || state.At != 77 || !bytes.Equal(state.Checkpoint, second.Checkpoint) {
		t.Errorf("LogState = %+v", state)
	}
	want := append(first.Rows, second.Rows...)
	for from := range int64(7) {
		got := must(store.ReadSealed(ctx, db, from, 4))(t)
		if wantLen := min(4, 6-int(from)); len(got) != wantLen {
			t.Fatalf("ReadSealed(%d, 4) gave %d rows, want %d", from, len(got), wantLen)
		}
		for i, r := range got {
			if w := want[from+int64(i)]; r.Index != w.Index || r.ID != w.ID || r.At != w.At || !bytes.Equal(r.Body, w.Body) {
				t.Errorf("ReadSealed(%d)[%d] = %+v, want %+v", from, i, r, w)
			}
		}
	}
	for _, indexes := range [][]int64{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {9, 0, 5, 5}, {4}} { // across runs, out of order, twice
		for i, h := range must(store.ReadHashes(ctx, db, indexes))(t) {
			if h[0] != byte(indexes[i]) || h[31] != byte(indexes[i]) {
				t.Errorf("hash %d = %v", indexes[i], h)
			}
		}
	}
}

func appendOldHead(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	check(t, audit.Write(ctx, db, store, Events(4)...))
	check(t, appendBatch(ctx, db, store, batch(t, db, store, 0, 2)))
	for _, from := range []int64{0, 1, 3} {
		if err := appendBatch(ctx, db, store, batch(t, db, store, from, 2)); !fault.Is(err, fault.Conflict) {
			t.Errorf("append at %d of a log of 2: %v, want a conflict", from, err)
		}
	}
	if rows := must(store.UnsealedAudit(ctx, db, 10))(t); len(rows) != 2 {
		t.Errorf("%d rows pending after lost appends, want 2", len(rows))
	}
}

func appendRowGone(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	check(t, audit.Write(ctx, db, store, Events(3)...))
	b := batch(t, db, store, 0, 3)
	b.Rows[1].ID = "00000000000000000000000000"
	if err := appendBatch(ctx, db, store, b); !fault.Is(err, fault.Conflict) {
		t.Fatalf("append of a row that is not pending: %v, want a conflict", err)
	}
	if state := must(store.LogState(ctx, db))(t); state.Size != 0 {
		t.Errorf("the head moved to %d", state.Size)
	}
	if rows := must(store.UnsealedAudit(ctx, db, 10))(t); len(rows) != 3 {
		t.Errorf("%d rows pending, want 3", len(rows))
	}
}

func missingHashes(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	if _, err := store.ReadHashes(ctx, db, []int64{0}); !fault.Is(err, fault.NotFound) {
		t.Errorf("hash 0 of an empty log: %v", err)
	}
	check(t, audit.Write(ctx, db, store, Events(3)...))
	check(t, appendBatch(ctx, db, store, batch(t, db, store, 0, 3)))
	for _, indexes := range [][]int64{{4}, {0, 4}, {3, 400}} {
		if _, err := store.ReadHashes(ctx, db, indexes); !fault.Is(err, fault.NotFound) {
			t.Errorf("hashes %v of a log with 4: %v", indexes, err)
		}
	}
}

func keptCheckpoints(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	for _, size := range []int64{5, 1, 9, 5} {
		check(t, store.SaveCheckpoint(ctx, db, audit.Checkpoint{Size: size, At: size, Note: fmt.Appendf(nil, "%d\n\n— è\n", size)}))
	}
	check(t, store.SaveCheckpoint(ctx, db, audit.Checkpoint{Size: 9, At: 1, Note: []byte("another")}))
	var sizes []int64
	for after := int64(0); ; {
		page := must(store.Checkpoints(ctx, db, after, 2))(t)
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			if c.At != c.Size || string(c.Note) != fmt.Sprintf("%d\n\n— è\n", c.Size) {
				t.Errorf("checkpoint %d came back as %+v", c.Size, c)
			}
			sizes = append(sizes, c.Size)
			after = c.Size
		}
	}
	if fmt.Sprint(sizes) != "[1 5 9]" {
		t.Errorf("sizes %v, want [1 5 9]", sizes)
	}
}

func racingSealers(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	signer, keys := Key(t, "race.test/audit")
	const writers, each = 4, 12
	var writing, sealing sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		sealer := Sealer(db, store, signer, keys)
		sealing.Go(func() {
			for last := false; ; {
				if n, err := sealer.Seal(ctx); err != nil && !fault.Is(err, fault.Conflict) {
					t.Errorf("Seal: %v", err)
					return
				} else if last && n == 0 && err == nil {
					return
				}
				select {
				case <-done:
					last = true
				default:
				}
			}
		})
	}
	for range writers {
		writing.Go(func() {
			for range each {
				if err := audit.Write(ctx, db, store, Events(2)...); err != nil {
					t.Errorf("Write: %v", err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	sealing.Wait()
	sound(t, db, store, keys, writers*each*2)
}

func manyBatches(t *testing.T, db tx.DB, store audit.Store) {
	ctx := t.Context()
	signer, keys := Key(t, "batches.test/audit")
	total := 0
	for range 12 {
		check(t, audit.Write(ctx, db, store, Events(audit.MaxEvents)...))
		total += audit.MaxEvents
	}
	sealer := Sealer(db, store, signer, keys)
	for i := range 20 {
		must(sealer.Seal(ctx))(t)
		check(t, audit.Write(ctx, db, store, Events(i%5+1)...))
		total += i%5 + 1
	}
	must(Sealer(db, store, signer, keys).Seal(ctx))(t) // a fresh process reads its edge from the store
	sound(t, db, store, keys, total)

	var out bytes.Buffer
	if n, err := audit.Export(ctx, db, store, &out, audit.ExportOptions{Keys: keys}); err != nil || n != int64(total) {
		t.Fatalf("Export = %d, %v; want %d", n, err, total)
	}
	if _, n, err := audit.VerifyExport(&out, keys); err != nil || n != int64(total) {
		t.Errorf("VerifyExport = %d, %v; want %d", n, err, total)
	}
}

// sound fails the test unless the log holds so many events, each once, and verifies.
func sound(t *testing.T, db tx.DB, store audit.Store, keys note.Verifiers, events int) {
	t.Helper()
	report := must(audit.Verify(t.Context(), db, store, audit.VerifyOptions{Keys: keys}))(t)
	if !report.OK() || report.Size != int64(events) || report.Checked != int64(events) {
		t.Errorf("Verify = %+v, want %d sound events", report, events)
	}
	seen := map[string]bool{}
	for from := int64(0); from < report.Size; {
		rows := must(store.ReadSealed(t.Context(), db, from, 100))(t)
		for _, r := range rows {
			if seen[r.ID] {
				t.Errorf("event %s was sealed twice", r.ID)
			}
			seen[r.ID] = true
		}
		from += int64(len(rows))
	}
	if len(seen) != events {
		t.Errorf("%d events sealed, %d written", len(seen), events)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
