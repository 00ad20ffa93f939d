package blocklist

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"sort"
	"strings"
)

//go:embed blocklist.bin
var shipped string

// The layout of a list: magic, 4,097 offsets into the entries (one per value of the first 12 bits of the hash, and
// the end), then the entries. All numbers are big-endian uint32. An entry is bits 12 to 40 of the hash followed by 4
// bits of rank class.
const (
	magic      = "VBL1"
	bucketBits = 12
	buckets    = 1 << bucketBits
	headerLen  = len(magic) + 4*(buckets+1)
	entryLen   = 4
)

// List is a read-only set of lower-case strings with an approximate rank each.
type List struct{ data string }

// Shipped returns the list inside the binary.
func Shipped() List { return List{shipped} }

// Len returns the number of entries.
func (l List) Len() int { return (len(l.data) - headerLen) / entryLen }

// Rank returns how early an attacker tries s, counted from 1 and rounded up to a power of two, and whether s is
// listed at all. The caller lower-cases s.
func (l List) Rank(s string) (rank int, ok bool) {
	bucket, rest := place(s)
	lo, hi := l.offset(bucket), l.offset(bucket+1)
	i := lo + sort.Search(hi-lo, func(i int) bool { return l.entry(lo+i)>>4 >= rest })
	if i >= hi || l.entry(i)>>4 != rest {
		return 0, false
	}
	return rankOf(l.entry(i) & 0xf), true
}

// Has tells whether the whole of s is listed, whatever its case.
func (l List) Has(s string) bool {
	_, ok := l.Rank(strings.ToLower(s))
	return ok
}

func (l List) offset(bucket uint32) int {
	return int(l.uint32(len(magic) + 4*int(bucket)))
}

func (l List) entry(i int) uint32 { return l.uint32(headerLen + entryLen*i) }

func (l List) uint32(at int) uint32 {
	b := l.data[at : at+4]
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// place returns the bucket of s and the 28 bits that tell it apart within the bucket.
func place(s string) (bucket, rest uint32) {
	sum := sha256.Sum256([]byte(s))
	v := binary.BigEndian.Uint64(sum[:8]) >> 24 // the first 40 bits
	return uint32(v >> 28), uint32(v & (1<<28 - 1))
}

// A rank class c stands for the ranks up to 2^(c+3): ample for a strength estimate that speaks in orders of magnitude.
func rankOf(class uint32) int { return 1 << (class + 3) }

func classOf(rank int) uint32 {
	for c := uint32(0); c < 15; c++ {
		if rank <= rankOf(c) {
			return c
		}
	}
	return 15
}

// Build lays out ranked lower-case strings as the bytes of a [List].
func Build(ranks map[string]int) []byte {
	type item struct{ bucket, entry uint32 }
	items := make([]item, 0, len(ranks))
	for s, rank := range ranks {
		bucket, rest := place(s)
		items = append(items, item{bucket, rest<<4 | classOf(rank)})
	}
	sort.Slice(items, func(i, j int) bool {
		a, b := items[i], items[j]
		return a.bucket < b.bucket || a.bucket == b.bucket && a.entry < b.entry
	})
	counts := make([]uint32, buckets+1)
	var entries []byte
	var n uint32
	for i, it := range items {
		if i > 0 && items[i-1].bucket == it.bucket && items[i-1].entry>>4 == it.entry>>4 {
			continue // two strings with one hash prefix: the first, better ranked one stays
		}
		entries = binary.BigEndian.AppendUint32(entries, it.entry)
		counts[it.bucket+1]++
		n++
	}
	out := []byte(magic)
	var sum uint32
	for _, c := range counts {
		sum += c
		out = binary.BigEndian.AppendUint32(out, sum)
	}
	return append(out, entries...)
}

// Open checks that data is laid out as [Build] does it.
//
// Errors: the data is cut off, of another version, or its offsets do not rise.
func Open(data string) (List, error) {
	l := List{data}
	if !strings.HasPrefix(data, magic) || len(data) < headerLen || (len(data)-headerLen)%entryLen != 0 {
		return List{}, fmt.Errorf("blocklist: not a %s list", magic)
	}
	for b := uint32(0); b < buckets; b++ {
		if l.offset(b) > l.offset(b+1) {
			return List{}, fmt.Errorf("blocklist: bucket %d ends before it starts", b)
		}
	}
	if l.offset(buckets) != l.Len() {
		return List{}, fmt.Errorf("blocklist: %d entries where %d were announced", l.Len(), l.offset(buckets))
	}
	return l, nil
}
