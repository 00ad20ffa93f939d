package audit

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/fault"
)

// maxLine bounds a line of an export: an event, 63 hashes in base64 and the frame around them.
const maxLine = MaxBody + 8*1024

// header is an export's first line: the signed checkpoint that the proofs of the other lines lead to.
type header struct {
	Checkpoint string `json:"checkpoint"`
}

// line is an event in an export. The proof is RFC 6962's audit path, leaf to root; the leaf's hash is SHA-256 over a zero byte and the
// event exactly as it stands in the line, byte for byte.
type line struct {
	Index int64           `json:"index"`
	Event json.RawMessage `json:"event"`
	Proof []tlog.Hash     `json:"proof"`
}

// encode writes the event's bytes as they are: an encoder would be free to rewrite them.
func (l line) encode() []byte {
	b := make([]byte, 0, len(l.Event)+64*len(l.Proof)+64)
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, l.Index, 10)
	b = append(b, `,"event":`...)
	b = append(b, l.Event...)
	b = append(b, `,"proof":[`...)
	for i, h := range l.Proof {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, h.String()...)
		b = append(b, '"')
	}
	return append(b, "]}"...)
}

// ReadHeader checks the first line of an export and returns the head that [VerifyLine] wants.
func ReadHeader(first []byte, keys note.Verifiers) (Head, error) {
	var h header
	if err := decodeStrict(first, maxNote+1024, &h); err != nil {
		return Head{}, fault.Wrap(fault.Invalid, err, "export's first line")
	}
	return Open([]byte(h.Checkpoint), keys)
}

// VerifyLine proves one line of an export against the signed head and returns the event and its place. It needs no
// database. It answers fault.Invalid when the line is malformed or its event is not in that log at that place.
func VerifyLine(b []byte, head Head) (int64, Event, error) {
	var l line
	if err := decodeStrict(b, maxLine, &l); err != nil {
		return 0, Event{}, fault.Wrap(fault.Invalid, err, "export line")
	}
	if !bytes.Equal(l.encode(), b) {
		return 0, Event{}, fault.New(fault.Invalid, "export line is not as it was written")
	}
	if err := tlog.CheckRecord(l.Proof, head.Size, head.Root, l.Index, tlog.RecordHash(l.Event)); err != nil {
		return 0, Event{}, fault.Wrap(fault.Invalid, err, "export line's proof")
	}
	e, err := Decode(l.Event)
	return l.Index, e, err
}

// VerifyExport proves a whole export and returns its head and the number of events. Every line must come once and in
// order; that none is left out at either end or between is for the reader to say, who knows what was asked for.
func VerifyExport(r io.Reader, keys note.Verifiers) (Head, int64, error) {
	lines := newLines(r)
	if !lines.Scan() {
		return Head{}, 0, fault.Wrap(fault.Invalid, orEOF(lines.Err()), "export's first line")
	}
	head, err := ReadHeader(lines.Bytes(), keys)
	if err != nil {
		return Head{}, 0, err
	}
	count, last := int64(0), int64(-1)
	for lines.Scan() {
		index, _, err := VerifyLine(lines.Bytes(), head)
		if err != nil {
			return head, count, err
		}
		if index <= last {
			return head, count, fault.New(fault.Invalid, "export's lines are out of order")
		}
		count, last = count+1, index
	}
	return head, count, fault.Wrap(fault.Invalid, lines.Err(), "read export")
}

// decodeStrict reads one JSON value of at most limit bytes, with no unknown field and nothing after it.
func decodeStrict(b []byte, limit int, into any) error {
	if len(b) > limit {
		return fault.New(fault.Invalid, "too long")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fault.New(fault.Invalid, "something follows the JSON value")
	}
	return nil
}
