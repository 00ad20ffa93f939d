package audit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/varco-id/varco/provider/internal/fault"
)

// keptPage is how many kept checkpoints are read at a time.
const keptPage = 128

// mark is a signed root that the recomputed tree must agree with when it reaches that size.
type mark struct {
	Head
	what    string  // for the operator
	problem Problem // if it does not agree
}

// marks merges, by ascending size, the marks given (trusted checkpoints, the log's head) with the kept checkpoints, which are
// read page by page: there may be many.
type marks struct {
	v     *verifier
	given []mark
	kept  []mark
	after int64 // the size of the last kept checkpoint that was read
	ended bool
}

// trustedMarks reads the operator's checkpoints. These must be right before anything is compared with them.
func trustedMarks(o VerifyOptions) ([]mark, error) {
	var out []mark
	for i, signed := range o.Trusted {
		h, err := Open(signed, o.Keys)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, fmt.Sprintf("trusted checkpoint %d", i+1))
		}
		out = append(out, mark{Head: h, what: "the trusted checkpoint", problem: CheckpointForked})
	}
	return out, nil
}

func newMarks(v *verifier, given []mark) *marks {
	m := &marks{v: v}
	for _, g := range given {
		m.add(g)
	}
	return m
}

func (m *marks) add(g mark) {
	if g.Size == 0 {
		return // the empty log agrees with every log
	}
	m.given = append(m.given, g)
	slices.SortStableFunc(m.given, func(a, b mark) int { return cmp.Compare(a.Size, b.Size) })
}

// peek returns the list whose first mark is the smallest, nil when none is left.
func (m *marks) peek() (*[]mark, error) {
	for len(m.kept) == 0 && !m.ended {
		if err := m.load(); err != nil {
			return nil, err
		}
	}
	switch {
	case len(m.kept) > 0 && (len(m.given) == 0 || m.kept[0].Size <= m.given[0].Size):
		return &m.kept, nil
	case len(m.given) > 0:
		return &m.given, nil
	}
	return nil, nil
}

func (m *marks) load() error {
	page, err := m.v.store.Checkpoints(m.v.ctx, m.v.q, m.after, keptPage)
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "read kept checkpoints")
	}
	m.ended = len(page) < keptPage
	for _, c := range page {
		m.after = c.Size
		h, err := Open(c.Note, m.v.o.Keys)
		switch {
		case err != nil:
			m.v.find(CheckpointForged, c.Size-1, "the checkpoint kept over %d events cannot be trusted: %v", c.Size, err)
		case h.Size != c.Size:
			m.v.find(CheckpointForged, c.Size-1, "the checkpoint kept over %d events was signed over %d", c.Size, h.Size)
		default:
			m.kept = append(m.kept, mark{Head: h, what: "a kept checkpoint", problem: CheckpointForked})
		}
	}
	return nil
}

// reached compares the recomputed tree with every mark of its present size.
func (m *marks) reached() error {
	for !m.v.stopped {
		list, err := m.peek()
		if err != nil || list == nil || (*list)[0].Size > m.v.edge.size {
			return err
		}
		next := (*list)[0]
		*list = (*list)[1:]
		if err := m.v.agree(next); err != nil {
			return err
		}
	}
	return nil
}

// rest looks at the marks beyond the log's end: of a checkpoint that knows more events than there are, the log was cut back.
func (m *marks) rest() error {
	list, err := m.peek()
	if err != nil || list == nil {
		return err
	}
	// A sealer may have gone on since we read the head.
	now, err := m.v.store.LogState(m.v.ctx, m.v.q)
	if err != nil {
		return fault.Wrap(fault.KindOf(err), err, "read the audit log's head")
	}
	for !m.v.stopped {
		next := (*list)[0]
		*list = (*list)[1:]
		if next.Size > now.Size {
			m.v.stop(LogShortened, now.Size, "%s knows %d events, the log has %d: it was cut back", next.what, next.Size, now.Size)
		}
		if list, err = m.peek(); err != nil || list == nil {
			return err
		}
	}
	return nil
}
