package audit_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/audit/audittest"
	"github.com/varco-id/varco/provider/internal/fault"
)

func (w *world) export(t testing.TB, o audit.ExportOptions) ([]string, error) {
	t.Helper()
	var out bytes.Buffer
	o.Keys = w.keys
	n, err := audit.Export(t.Context(), w, w, &out, o)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if err == nil && n != int64(len(lines)-1) {
		t.Errorf("Export says %d events and wrote %d", n, len(lines)-1)
	}
	return lines, err
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := build(t, 5, 600, 7)
	minute := func(s int) time.Time { return time.Date(2026, 11, 22, 9, 0, s, 1000, time.UTC) }
	tests := map[string]struct {
		o     audit.ExportOptions
		count int
	}{
		"all":              {audit.ExportOptions{}, 612},
		"a range":          {audit.ExportOptions{From: 510, To: 515}, 5},
		"to the end":       {audit.ExportOptions{From: 600}, 12},
		"beyond the end":   {audit.ExportOptions{From: 610, To: 9999}, 2},
		"from the end":     {audit.ExportOptions{From: 612}, 0},
		"nothing":          {audit.ExportOptions{From: 3, To: 3}, 0},
		"since and until":  {audit.ExportOptions{To: 5, Since: minute(1), Until: minute(4)}, 3},
		"since":            {audit.ExportOptions{To: 5, Since: minute(3)}, 2},
		"until everything": {audit.ExportOptions{Until: minute(0)}, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, err := w.export(t, tc.o)
			if err != nil || len(lines) != tc.count+1 {
				t.Fatalf("%d lines, %v; want %d", len(lines), err, tc.count+1)
			}
			head, err := audit.ReadHeader([]byte(lines[0]), w.keys)
			if err != nil || head.Size != 612 || head.Origin != "log.test/audit" {
				t.Fatalf("head %+v, %v", head, err)
			}
			for _, l := range lines[1:] {
				if i, e, err := audit.VerifyLine([]byte(l), head); err != nil || e.ID != w.Log[i].ID {
					t.Fatalf("line %s: %v", l, err)
				}
			}
			_, n, err := audit.VerifyExport(strings.NewReader(strings.Join(lines, "\n")), w.keys)
			if err != nil || n != int64(tc.count) {
				t.Errorf("VerifyExport = %d, %v", n, err)
			}
		})
	}
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tamper func(w *world)
		o      audit.ExportOptions
		kind   fault.Kind
		lines  int // good ones in front, the header included
	}{
		"altered event":    {func(w *world) { w.alter(3) }, audit.ExportOptions{}, fault.Conflict, 4},
		"altered hash":     {func(w *world) { w.flip(0, 2) }, audit.ExportOptions{}, fault.Conflict, 4},
		"missing event":    {func(w *world) { w.Log = slices.Delete(w.Log, 3, 4) }, audit.ExportOptions{}, fault.Conflict, 1},
		"missing hash":     {func(w *world) { delete(w.Hashes, 2) }, audit.ExportOptions{}, fault.NotFound, 0},
		"backward range":   {func(*world) {}, audit.ExportOptions{From: 3, To: 2}, fault.Invalid, 0},
		"negative range":   {func(*world) {}, audit.ExportOptions{From: -1}, fault.Invalid, 0},
		"unsigned head":    {func(w *world) { w.State.Checkpoint = nil }, audit.ExportOptions{}, fault.Invalid, 0},
		"nothing sealed":   {func(w *world) { w.State = audit.LogState{} }, audit.ExportOptions{}, fault.NotFound, 0},
		"database is down": {func(w *world) { w.Fail(fault.New(fault.Unavailable, "down")) }, audit.ExportOptions{}, fault.Unavailable, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, 8)
			tc.tamper(w)
			lines, err := w.export(t, tc.o)
			if !fault.Is(err, tc.kind) {
				t.Errorf("err = %v, want %v", err, tc.kind)
			}
			if tc.lines > 0 && len(lines) != tc.lines {
				t.Errorf("%d lines in front of the finding, want %d", len(lines), tc.lines)
			}
		})
	}
}

func TestVerifyLineRefuses(t *testing.T) {
	t.Parallel()
	w := build(t, 11)
	lines, err := w.export(t, audit.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	head, err := audit.ReadHeader([]byte(lines[0]), w.keys)
	if err != nil {
		t.Fatal(err)
	}
	good := lines[5]
	hash := tlog.Hash{1}.String()
	for name, bad := range map[string]string{
		"nothing":             "",
		"altered":             strings.Replace(good, `"sub"`, `"bus"`, 1),
		"another place":       strings.Replace(good, `"index":4`, `"index":5`, 1),
		"negative place":      strings.Replace(good, `"index":4`, `"index":-4`, 1),
		"beyond the log":      strings.Replace(good, `"index":4`, `"index":11`, 1),
		"the next one's text": strings.Replace(good, `"index":4`, `"index":5`, 1),
		"white space":         strings.Replace(good, `,"event"`, `, "event"`, 1),
		"a second event":      strings.Replace(good, `,"proof"`, `,"event":{},"proof"`, 1),
		"an unknown field":    strings.Replace(good, `,"proof"`, `,"joy":1,"proof"`, 1),
		"something after":     good + good,
		"no proof":            good[:strings.Index(good, `"proof"`)] + `"proof":[]}`,
		"a longer proof":      strings.Replace(good, `]}`, `,"`+hash+`"]}`, 1),
		"another proof":       good[:strings.Index(good, `"proof"`)] + lines[6][strings.Index(lines[6], `"proof"`):],
		"a bad hash":          strings.Replace(good, `"proof":["`, `"proof":["!`, 1),
		"huge":                strings.Replace(good, `"sub"`, `"`+strings.Repeat("s", 100_000)+`"`, 1),
	} {
		if bad == good {
			t.Fatalf("%s: the test changes nothing", name)
		}
		if _, _, err := audit.VerifyLine([]byte(bad), head); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: err = %v, want invalid", name, err)
		}
	}
	if _, _, err := audit.VerifyLine([]byte(good), audit.Head{Origin: head.Origin, Size: head.Size, Root: tlog.Hash{1}}); err == nil {
		t.Error("a line is proven in a log it is not in")
	}

	_, strangers := audittest.Key(t, "log.test/audit")
	for name, export := range map[string]string{
		"empty":         "",
		"no header":     good,
		"out of order":  lines[0] + "\n" + lines[2] + "\n" + lines[1],
		"twice":         lines[0] + "\n" + lines[2] + "\n" + lines[2],
		"bad line":      lines[0] + "\n" + lines[2] + "\n{}",
		"a long line":   lines[0] + "\n" + strings.Repeat("x", 200_000),
		"bad signature": strings.Replace(lines[0], "log.test/audit", "log.test/other", 1) + "\n" + lines[1],
	} {
		if _, _, err := audit.VerifyExport(strings.NewReader(export), w.keys); !fault.Is(err, fault.Invalid) {
			t.Errorf("export %s: err = %v, want invalid", name, err)
		}
	}
	if _, _, err := audit.VerifyExport(strings.NewReader(strings.Join(lines, "\n")), strangers); !fault.Is(err, fault.Invalid) {
		t.Errorf("export under unknown keys: %v", err)
	}
}

// Whatever the batches are, each event's proof holds; whatever single byte of the record changes, Verify sees it.
func TestLogProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := build(t, rapid.SliceOfN(rapid.IntRange(1, 70), 1, 5).Draw(r, "batches")...)
		size := len(w.Log)
		if report := w.verify(t); !report.OK() || report.Checked != int64(size) {
			r.Fatalf("sound log: %+v", report)
		}
		if lines, err := w.export(t, audit.ExportOptions{}); err != nil || len(lines) != size+1 {
			r.Fatalf("export: %d lines, %v", len(lines), err)
		}
		if rapid.Bool().Draw(r, "hash") {
			i := rapid.IntRange(0, len(w.Hashes)-1).Draw(r, "node")
			h := w.Hashes[int64(i)]
			h[rapid.IntRange(0, 31).Draw(r, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
			w.Hashes[int64(i)] = h
		} else {
			i := rapid.IntRange(0, size-1).Draw(r, "event")
			body := slices.Clone(w.Log[i].Body)
			body[rapid.IntRange(0, len(body)-1).Draw(r, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
			w.Log[i].Body = body
		}
		if report := w.verify(t); report.OK() {
			r.Fatal("a changed bit was not found")
		}
	})
}

func TestParseHeadRefuses(t *testing.T) {
	t.Parallel()
	good := audit.Head{Origin: "log.test/audit", Size: 7, Root: tlog.Hash{1}}
	if got, err := audit.ParseHead(good.String()); err != nil || got != good {
		t.Fatalf("ParseHead = %+v, %v", got, err)
	}
	for name, bad := range map[string]string{
		"nothing":       "",
		"no origin":     strings.TrimPrefix(good.String(), "log.test/audit"),
		"no end":        strings.TrimSuffix(good.String(), "\n"),
		"an extension":  good.String() + "more\n",
		"a plus sign":   strings.Replace(good.String(), "\n7\n", "\n+7\n", 1),
		"leading zero":  strings.Replace(good.String(), "\n7\n", "\n07\n", 1),
		"negative":      strings.Replace(good.String(), "\n7\n", "\n-7\n", 1),
		"too large":     strings.Replace(good.String(), "\n7\n", "\n99999999999999999999\n", 1),
		"short root":    strings.Replace(good.String(), "AQAA", "", 1),
		"loose base64":  strings.Replace(good.String(), "A=\n", "B=\n", 1),
		"windows lines": strings.ReplaceAll(good.String(), "\n", "\r\n"),
	} {
		if h, err := audit.ParseHead(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v, %v; want invalid", name, h, err)
		}
	}
}

// A key may sign for its own log only, or a second installation's key could vouch for the first one's record.
func TestOpenWantsTheLogsOwnKey(t *testing.T) {
	t.Parallel()
	w := build(t, 1)
	other, otherKeys := audittest.Key(t, "other.test/audit")
	signed, err := note.Sign(&note.Note{Text: audit.Head{Origin: "log.test/audit", Size: 1}.String()}, other)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := audit.Open(signed, otherKeys); !fault.Is(err, fault.Invalid) {
		t.Errorf("Open = %+v, %v", h, err)
	}
	if _, err := audit.Open(bytes.Repeat([]byte("x"), 100_000), w.keys); !fault.Is(err, fault.Invalid) {
		t.Errorf("huge: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	w := build(f, 1)
	f.Add(w.State.Checkpoint)
	f.Add([]byte("log.test/audit\n1\n\n\n— log.test/audit AAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := audit.Open(b, w.keys)
		if err == nil && (!bytes.HasPrefix(b, []byte(h.String())) || h.Size != 1) {
			t.Errorf("opened %+v out of %q", h, b)
		}
		if p, err := audit.ParseHead(string(b)); err == nil && p.String() != string(b) {
			t.Errorf("two readings of %q", b)
		}
	})
}

func FuzzVerifyLine(f *testing.F) {
	w := build(f, 5)
	var out bytes.Buffer
	if _, err := audit.Export(f.Context(), w, w, &out, audit.ExportOptions{Keys: w.keys}); err != nil {
		f.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	head, err := audit.ReadHeader(lines[0], w.keys)
	if err != nil {
		f.Fatal(err)
	}
	genuine := map[string]bool{}
	for _, l := range lines {
		f.Add(l)
		genuine[string(l)] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if i, e, err := audit.VerifyLine(b, head); err == nil && !genuine[string(b)] {
			t.Errorf("proved %d %+v out of %q", i, e, b)
		}
		if h, err := audit.ReadHeader(b, w.keys); err == nil && h != head {
			t.Errorf("opened %+v out of %q", h, b)
		}
	})
}

func TestSignNamesItsOwnLog(t *testing.T) {
	t.Parallel()
	signer, keys := audittest.Key(t, "log.test/audit")
	signed, err := audit.Sign(3, tlog.Hash{2}, signer)
	if err != nil {
		t.Fatal(err)
	}
	want := audit.Head{Origin: "log.test/audit", Size: 3, Root: tlog.Hash{2}}
	if h, err := audit.Open(signed, keys); err != nil || h != want {
		t.Errorf("Open = %+v, %v", h, err)
	}
}
