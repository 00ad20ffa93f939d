package audit

import (
	"context"
	"maps"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

// frontier is the right edge of the tree: the roots of its complete subtrees, at most 63, which are all that is needed to append
// and to compute the root. It is how a log of any length is extended, or checked, in constant memory.
type frontier struct {
	size  int64
	nodes map[int64]tlog.Hash // by stored-hash index
}

// ReadHashes makes a frontier the tlog.HashReader of its own edge.
func (f *frontier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := f.nodes[index]
		if !ok {
			return nil, fault.New(fault.Internal, "audit log: a node is asked for that is not on the tree's edge")
		}
		hashes[i] = h
	}
	return hashes, nil
}

// add appends a leaf and returns the nodes it makes, which are stored from StoredHashIndex(0, leaf) on.
func (f *frontier) add(leaf tlog.Hash) ([]tlog.Hash, error) {
	made, err := tlog.StoredHashesForRecordHash(f.size, leaf, f)
	if err != nil {
		return nil, err
	}
	for level := range len(made) - 1 { // the subtrees that the leaf completed are inside a larger one now
		delete(f.nodes, tlog.StoredHashIndex(level, f.size>>level-1))
	}
	f.nodes[tlog.StoredHashIndex(0, f.size)+int64(len(made)-1)] = made[len(made)-1]
	f.size++
	return made, nil
}

func (f *frontier) root() (tlog.Hash, error) { return tlog.TreeHash(f.size, f) }

func (f *frontier) clone() *frontier {
	return &frontier{size: f.size, nodes: maps.Clone(f.nodes)}
}

// loadFrontier reads the edge of a log of that size. Whoever builds on it must first compare its root with a signed one.
func loadFrontier(ctx context.Context, q tx.Q, store Store, size int64) (*frontier, error) {
	f := &frontier{size: size, nodes: map[int64]tlog.Hash{}}
	var indexes []int64
	for level := 62; level >= 0; level-- {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	if len(indexes) == 0 {
		return f, nil
	}
	hashes, err := store.ReadHashes(ctx, q, indexes)
	if err != nil {
		return nil, err
	}
	for i, index := range indexes {
		f.nodes[index] = hashes[i]
	}
	return f, nil
}
