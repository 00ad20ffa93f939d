package host

import (
	"math/bits"
	"sync"
	"time"
)

// Latency is how long the calls of an instance took, the recent ones counting most. Its times are upper bounds within an
// eighth of the value.
type Latency struct {
	Calls uint64        `json:"calls"`
	P50   time.Duration `json:"p50"` // nanoseconds
	P99   time.Duration `json:"p99"`
}

const (
	bucketsPerOctave = 8
	latencyOctaves   = 25      // from 1 µs to 33 s
	latencyMemory    = 1 << 13 // calls, after which older ones count half
)

// histogram keeps times in buckets that grow with them. Its zero value is ready.
type histogram struct {
	mu      sync.Mutex
	calls   uint64
	kept    uint64
	buckets [latencyOctaves * bucketsPerOctave]uint32
}

func (h *histogram) add(d time.Duration) {
	n := bucketOf(d)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	h.buckets[n]++
	if h.kept++; h.kept < latencyMemory {
		return
	}
	h.kept = 0
	for n := range h.buckets {
		h.buckets[n] /= 2
		h.kept += uint64(h.buckets[n])
	}
}

func (h *histogram) latency() Latency {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Latency{Calls: h.calls, P50: h.quantile(50), P99: h.quantile(99)}
}

// quantile returns the end of the bucket in which percent of the calls have come back.
func (h *histogram) quantile(percent uint64) time.Duration {
	want, seen := (h.kept*percent+99)/100, uint64(0)
	if want == 0 {
		return 0
	}
	for n, count := range h.buckets {
		if seen += uint64(count); seen >= want {
			return endOf(n)
		}
	}
	return endOf(len(h.buckets) - 1)
}

// bucketOf cuts every doubling from a microsecond on into equal parts.
func bucketOf(d time.Duration) int {
	micros := uint64(max(d.Microseconds(), 1))
	octave := bits.Len64(micros) - 1
	part := int(micros * bucketsPerOctave >> octave & (bucketsPerOctave - 1))
	return min(octave*bucketsPerOctave+part, latencyOctaves*bucketsPerOctave-1)
}

func endOf(bucket int) time.Duration {
	octave, part := bucket/bucketsPerOctave, bucket%bucketsPerOctave
	return time.Duration((bucketsPerOctave+uint64(part)+1)<<octave) * time.Microsecond / bucketsPerOctave
}
