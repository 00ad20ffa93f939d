package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/audit/audittest"
	"github.com/varco-id/varco/provider/internal/fault"
)

// world is a sealed log and the keys around it.
type world struct {
	*audittest.Store
	signer note.Signer
	keys   note.Verifiers
}

// build seals events in batches of those sizes and keeps a checkpoint after each.
func build(t testing.TB, batches ...int) *world {
	t.Helper()
	signer, keys := audittest.Key(t, "log.test/audit")
	w := &world{Store: &audittest.Store{}, signer: signer, keys: keys}
	for _, n := range batches {
		w.extend(t, n)
	}
	return w
}

func (w *world) extend(t testing.TB, n int) {
	t.Helper()
	for left := n; left > 0; left -= audit.MaxEvents {
		if err := audit.Write(context.Background(), w, w, audittest.Events(min(left, audit.MaxEvents))...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := audittest.Sealer(w, w, w.signer, w.keys).Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
	c := audit.Checkpoint{Size: w.State.Size, At: w.State.At, Note: w.State.Checkpoint}
	if err := w.SaveCheckpoint(context.Background(), w, c); err != nil {
		t.Fatal(err)
	}
}

func (w *world) verify(t testing.TB, trusted ...[]byte) audit.Report {
	t.Helper()
	r, err := audit.Verify(context.Background(), w, w, audit.VerifyOptions{Keys: w.keys, Trusted: trusted})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rehash stores the hashes that the log's rows give now, from a leaf on, as a forger without the key would.
func (w *world) rehash(t testing.TB) tlog.Hash {
	t.Helper()
	w.Hashes = map[int64]tlog.Hash{}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return w.ReadHashes(context.Background(), w, indexes)
	})
	for i, r := range w.Log {
		hashes, err := tlog.StoredHashes(int64(i), r.Body, reader)
		if err != nil {
			t.Fatal(err)
		}
		for level, h := range hashes {
			w.Hashes[tlog.StoredHashIndex(0, int64(i))+int64(level)] = h
		}
	}
	root, err := tlog.TreeHash(int64(len(w.Log)), reader)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func (w *world) sign(t testing.TB, size int64, root tlog.Hash, signer note.Signer) []byte {
	t.Helper()
	signed, err := audit.Sign(size, root, signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// alter changes what an event says and keeps its form.
func (w *world) alter(i int) {
	body := strings.Replace(string(w.Log[i].Body), `"subject":"sub"`, `"subject":"sub2"`, 1)
	if body == string(w.Log[i].Body) {
		panic("nothing altered")
	}
	w.Log[i].Body = []byte(body)
}

func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tamper  func(t *testing.T, w *world)
		problem audit.Problem
		index   int64
	}{
		"event altered":       {func(_ *testing.T, w *world) { w.alter(7) }, audit.EventAltered, 7},
		"first event altered": {func(_ *testing.T, w *world) { w.alter(0) }, audit.EventAltered, 0},
		"last event altered":  {func(_ *testing.T, w *world) { w.alter(29) }, audit.EventAltered, 29},
		"one bit of an event": {func(_ *testing.T, w *world) {
			w.Log[12].Body = slices.Clone(w.Log[12].Body)
			w.Log[12].Body[9] ^= 1
		}, audit.EventAltered, 12},
		"event altered with its hash": {func(_ *testing.T, w *world) {
			w.alter(7)
			w.Hashes[tlog.StoredHashIndex(0, 7)] = tlog.RecordHash(w.Log[7].Body)
		}, audit.CheckpointForked, 5},
		"event altered with all hashes": {func(t *testing.T, w *world) {
			w.alter(7)
			w.rehash(t)
		}, audit.CheckpointForked, 5},
		"event altered, hashes too, no kept checkpoints": {func(t *testing.T, w *world) {
			w.alter(7)
			w.rehash(t)
			w.Kept = nil
		}, audit.HeadMismatch, 0},
		"event altered and signed by a stranger": {func(t *testing.T, w *world) {
			w.alter(7)
			stranger, _ := audittest.Key(t, "log.test/audit")
			w.State.Checkpoint = w.sign(t, 30, w.rehash(t), stranger)
			w.Kept = nil
		}, audit.HeadInvalid, -1},
		"event altered and signed by the stolen key": {func(t *testing.T, w *world) {
			w.alter(7)
			w.State.Checkpoint = w.sign(t, 30, w.rehash(t), w.signer)
		}, audit.CheckpointForked, 5},
		"event removed":       {func(_ *testing.T, w *world) { w.Log = slices.Delete(w.Log, 9, 10) }, audit.EventMissing, 9},
		"first event removed": {func(_ *testing.T, w *world) { w.Log = w.Log[1:] }, audit.EventMissing, 0},
		"last event removed":  {func(_ *testing.T, w *world) { w.Log = w.Log[:29] }, audit.EventMissing, 29},
		"all events removed":  {func(_ *testing.T, w *world) { w.Log = nil }, audit.EventMissing, 0},
		"removed and closed up": {func(_ *testing.T, w *world) {
			w.Log = slices.Delete(w.Log, 9, 10)
			for i := 9; i < len(w.Log); i++ {
				w.Log[i].Index--
			}
		}, audit.EventAltered, 9},
		"two events swapped": {func(_ *testing.T, w *world) {
			w.Log[3].Row, w.Log[4].Row = w.Log[4].Row, w.Log[3].Row
		}, audit.EventAltered, 3},
		"event copied over another": {func(_ *testing.T, w *world) { w.Log[20].Row = w.Log[3].Row }, audit.EventAltered, 20},
		"two rows for one place": {func(_ *testing.T, w *world) {
			w.Log = slices.Insert(w.Log, 11, w.Log[10])
		}, audit.EventDuplicated, 10},
		"row added at the end": {func(_ *testing.T, w *world) {
			w.Log = append(w.Log, audit.LeafRow{Index: 30, Row: w.Log[3].Row})
		}, audit.EventBeyond, 30},
		"id column":   {func(_ *testing.T, w *world) { w.Log[8].ID = w.Log[9].ID }, audit.ColumnsAltered, 8},
		"time column": {func(_ *testing.T, w *world) { w.Log[8].At++ }, audit.ColumnsAltered, 8},
		"leaf hash":   {func(_ *testing.T, w *world) { w.flip(0, 14) }, audit.HashAltered, 14},
		"inner hash":  {func(_ *testing.T, w *world) { w.flip(2, 1) }, audit.HashAltered, 7},
		"edge hash":   {func(_ *testing.T, w *world) { w.flip(1, 14) }, audit.HashAltered, 29},
		"hash removed": {func(_ *testing.T, w *world) {
			delete(w.Hashes, tlog.StoredHashIndex(1, 3))
		}, audit.HashMissing, 7},
		"all hashes removed": {func(_ *testing.T, w *world) { w.Hashes = nil }, audit.HashMissing, 0},
		"log cut back to a kept checkpoint": {func(_ *testing.T, w *world) {
			w.Log, w.State = w.Log[:12], audit.LogState{Size: 12, Checkpoint: w.Kept[1].Note}
		}, audit.LogShortened, 12},
		"log cut back, later checkpoints removed": {func(_ *testing.T, w *world) {
			w.State, w.Kept = audit.LogState{Size: 12, Checkpoint: w.Kept[1].Note}, w.Kept[:2]
		}, audit.EventBeyond, 12},
		"log emptied":               {func(_ *testing.T, w *world) { w.State, w.Log = audit.LogState{}, nil }, audit.LogShortened, 0},
		"head of another size":      {func(_ *testing.T, w *world) { w.State.Checkpoint = w.Kept[1].Note }, audit.HeadMismatch, -1},
		"head without a checkpoint": {func(_ *testing.T, w *world) { w.State.Checkpoint = nil }, audit.HeadInvalid, -1},
		"head's signature": {func(_ *testing.T, w *world) {
			w.State.Checkpoint = []byte(strings.Replace(string(w.State.Checkpoint), "\n30\n", "\n31\n", 1))
			w.State.Size = 31
		}, audit.HeadInvalid, -1},
		"head of another log": {func(t *testing.T, w *world) {
			other, otherKeys := audittest.Key(t, "other.test/audit")
			w.State.Checkpoint = w.sign(t, 30, w.rehash(t), other)
			w.keys = both{w.keys, otherKeys}
		}, audit.CheckpointForked, 0},
		"kept checkpoint forged": {func(t *testing.T, w *world) {
			stranger, _ := audittest.Key(t, "log.test/audit")
			w.Kept[1].Note = w.sign(t, 12, tlog.Hash{1}, stranger)
		}, audit.CheckpointForged, 11},
		"kept checkpoint of another history": {func(t *testing.T, w *world) {
			w.Kept[1].Note = w.sign(t, 12, tlog.Hash{1}, w.signer)
		}, audit.CheckpointForked, 5},
		"kept checkpoint moved": {func(_ *testing.T, w *world) { w.Kept[1].Note = w.Kept[0].Note }, audit.CheckpointForged, 11},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, 5, 7, 18)
			if r := w.verify(t); !r.OK() || r.Checked != 30 || r.Checkpoints != 3 {
				t.Fatalf("before tampering: %+v", r)
			}
			tc.tamper(t, w)
			r := w.verify(t)
			if r.OK() {
				t.Fatal("Verify found nothing")
			}
			if f := r.Findings[0]; f.Problem != tc.problem || f.Index != tc.index || f.Text == "" {
				t.Errorf("found %+v, want %s at %d", f, tc.problem, tc.index)
			}
			if r.Checked > max(tc.index, 0) && tc.problem != audit.ColumnsAltered && tc.problem != audit.CheckpointForged &&
				tc.problem != audit.EventBeyond && tc.problem != audit.LogShortened {
				t.Errorf("%d events are called proven although %s at %d", r.Checked, tc.problem, tc.index)
			}
		})
	}
}

func (w *world) flip(level int, n int64) {
	i := tlog.StoredHashIndex(level, n)
	h, ok := w.Hashes[i]
	if !ok {
		panic("no such hash")
	}
	h[5] ^= 0x10
	w.Hashes[i] = h
}

// both knows the keys of either.
type both struct{ a, b note.Verifiers }

func (k both) Verifier(name string, hash uint32) (note.Verifier, error) {
	if v, err := k.a.Verifier(name, hash); err == nil {
		return v, nil
	}
	return k.b.Verifier(name, hash)
}

// A holder of database and key can rewrite everything; only a checkpoint kept elsewhere shows it.
func TestVerifyWithTrustedCheckpoint(t *testing.T) {
	t.Parallel()
	w := build(t, 5, 7, 18)
	early, late := w.Kept[1].Note, w.Kept[2].Note
	if r := w.verify(t, early, late); !r.OK() || r.Checkpoints != 5 {
		t.Fatalf("sound log against its own checkpoints: %+v", r)
	}

	t.Run("rewritten by a holder of the key", func(t *testing.T) {
		t.Parallel()
		forged := build(t, 5, 7, 18)
		forged.signer, forged.keys = w.signer, w.keys
		forged.alter(7)
		forged.State.Checkpoint = forged.sign(t, 30, forged.rehash(t), w.signer)
		forged.Kept = nil
		if r := forged.verify(t); !r.OK() {
			t.Fatalf("without a trusted checkpoint it must look sound: %+v", r)
		}
		r := forged.verify(t, early)
		if r.OK() || r.Findings[0].Problem != audit.CheckpointForked {
			t.Errorf("found %+v", r.Findings)
		}
	})
	t.Run("cut back", func(t *testing.T) {
		t.Parallel()
		cut := build(t, 5, 7)
		cut.keys = both{cut.keys, w.keys}
		cut.State.Checkpoint = cut.sign(t, 12, cut.rehash(t), w.signer)
		cut.Kept = nil
		r := cut.verify(t, late)
		if r.OK() || r.Findings[0].Problem != audit.LogShortened || r.Findings[0].Index != 12 {
			t.Errorf("found %+v", r.Findings)
		}
	})
	t.Run("unreadable", func(t *testing.T) {
		t.Parallel()
		_, err := audit.Verify(t.Context(), w, w, audit.VerifyOptions{Keys: w.keys, Trusted: [][]byte{[]byte("log.test/audit\n30\n")}})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("err = %v, want invalid", err)
		}
	})
}

// What somebody put among the pending rows gets sealed: it must show, and must not hide what comes after it.
func TestVerifyGoesOnAfterMalformedEvents(t *testing.T) {
	t.Parallel()
	w := build(t, 3)
	for i, body := range []string{`{}`, `not json`, `{"at":"2026-11-22T10:00:00.000000Z","id":"X","kind":"k","kind":"k","v":1}`} {
		w.Pending = append(w.Pending, audit.Row{ID: fmt.Sprint("forged", i), Body: []byte(body)})
	}
	w.extend(t, 3)
	w.Log[4].At++
	r := w.verify(t)
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprint(f.Problem, " ", f.Index))
	}
	want := "[columns_altered 4 event_malformed 6 event_malformed 7 event_malformed 8]"
	if fmt.Sprint(got) != want || r.Checked != 9 {
		t.Errorf("findings %v of %d checked, want %s of 9", got, r.Checked, want)
	}
}

func TestVerifyReportsProgressAndStops(t *testing.T) {
	t.Parallel()
	w := build(t, 1300)
	var seen []int64
	ctx, cancel := context.WithCancel(t.Context())
	o := audit.VerifyOptions{Keys: w.keys, Progress: func(done, total int64) {
		if seen = append(seen, done); total != 1300 {
			t.Errorf("total = %d", total)
		}
		if done > 1000 {
			cancel()
		}
	}}
	if r, err := audit.Verify(ctx, w, w, o); err == nil || r.OK() {
		t.Error("a cancelled verification must not say that all is well")
	}
	if fmt.Sprint(seen) != "[512 1024]" {
		t.Errorf("progress %v", seen)
	}
}

// A sealer goes on while the log is verified; what it adds is neither checked nor held against the log.
func TestVerifyWhileTheLogGrows(t *testing.T) {
	t.Parallel()
	w := build(t, 600)
	o := audit.VerifyOptions{Keys: w.keys, Progress: func(int64, int64) { w.extend(t, 3) }}
	r, err := audit.Verify(t.Context(), w, w, o)
	if err != nil || !r.OK() || r.Size != 600 || r.Checked != 600 {
		t.Errorf("Verify = %+v, %v", r, err)
	}
	if r := w.verify(t); !r.OK() || r.Checked != 606 {
		t.Errorf("afterwards: %+v", r)
	}
}

func TestVerifyEmptyLogAndDatabaseDown(t *testing.T) {
	t.Parallel()
	w := build(t)
	if r := w.verify(t); !r.OK() || r.Size != 0 {
		t.Errorf("empty log: %+v", r)
	}
	w = build(t, 3)
	w.Fail(fault.New(fault.Unavailable, "down"))
	if r, err := audit.Verify(t.Context(), w, w, audit.VerifyOptions{Keys: w.keys}); !fault.Is(err, fault.Unavailable) || len(r.Findings) > 0 {
		t.Errorf("Verify with the database down = %+v, %v", r, err)
	}
}
