package telemetry

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"sync/atomic"
	"time"
)

// IDLength is the length of what NewID returns.
const IDLength = 26

// crockford has no I, L, O or U: a person can read an id from a screen to an operator on the telephone. Its order is ASCII's, so
// ids sort as they were made, in any database.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

var lastMicro atomic.Int64

// NewID returns an id of 128 bits as 26 characters of Crockford base32: 52 bits of time in µs (until the year 2112), then 76
// random bits. Ids of one process ascend strictly, even when the clock steps back; those of several ascend as well as their clocks agree.
// An id is no secret and guards nothing.
//
// It reads the process's clock, not a Now field: the order of events must not depend on what a domain takes for now.
func NewID() string {
	now := time.Now().UnixMicro()
	for {
		last := lastMicro.Load()
		now = max(now, last+1)
		if lastMicro.CompareAndSwap(last, now) {
			break
		}
	}
	// 130 bits of text hold 128: the id is encoded right-aligned, with two zero bits in front as in a ULID.
	var raw [17]byte
	_, _ = rand.Read(raw[6:]) // never fails: it ends the process instead
	binary.BigEndian.PutUint64(raw[:8], uint64(now)<<10|uint64(raw[6]&3)<<8|uint64(raw[7]))
	var text [28]byte
	crockford.Encode(text[:], raw[:])
	return string(text[:IDLength])
}
