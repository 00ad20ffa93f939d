package sealing

import "encoding/binary"

// join appends the parts to b so that no two lists of parts give the same bytes: each after its length.
func join(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}
