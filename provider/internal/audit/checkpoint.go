package audit

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/fault"
)

// maxNote bounds a checkpoint that comes from outside; ours are about 200 bytes.
const maxNote = 8 * 1024

// Head says what the whole log is: so many events, with this root.
type Head struct {
	Origin string // the log's name, which is that of the key that signs it
	Size   int64
	Root   tlog.Hash
}

// String is the text that gets signed: origin, size and root in base64, one a line (the checkpoint form of C2SP tlog-checkpoint,
// so that its witnesses and tools can read ours).
func (h Head) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", h.Origin, h.Size, h.Root)
}

// ParseHead reads what String writes and nothing else: a text with two readings could be signed in one and checked in the other.
func ParseHead(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return Head{}, fault.New(fault.Invalid, "checkpoint is not origin, size and root, one a line")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Head{}, fault.New(fault.Invalid, "checkpoint's size is not a number")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Head{}, fault.Wrap(fault.Invalid, err, "checkpoint's root")
	}
	h := Head{Origin: lines[0], Size: size, Root: root}
	if h.String() != text {
		return Head{}, fault.New(fault.Invalid, "checkpoint is not in canonical form")
	}
	return h, nil
}

// Sign returns the signed note over a log of that size and root, with the signer's name as origin.
func Sign(size int64, root tlog.Hash, signer note.Signer) ([]byte, error) {
	h := Head{Origin: signer.Name(), Size: size, Root: root}
	signed, err := note.Sign(&note.Note{Text: h.String()}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign audit checkpoint: %w", err)
	}
	return signed, nil
}

// Open checks a signed checkpoint against the keys and reads it. It answers fault.Invalid when no known key signed it, or
// when the key that did is not that of the log it speaks of.
func Open(signed []byte, keys note.Verifiers) (Head, error) {
	if len(signed) > maxNote {
		return Head{}, fault.New(fault.Invalid, "checkpoint is too large")
	}
	n, err := note.Open(signed, keys)
	if err != nil {
		return Head{}, fault.Wrap(fault.Invalid, err, "checkpoint's signature")
	}
	h, err := ParseHead(n.Text)
	if err != nil {
		return Head{}, err
	}
	for _, sig := range n.Sigs {
		if sig.Name == h.Origin {
			return h, nil
		}
	}
	return Head{}, fault.New(fault.Invalid, "checkpoint is signed by a key of another log")
}
