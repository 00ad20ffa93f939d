package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What the server asks of the Go runtime. A login provider's live heap is a few MiB: letting it grow to four times that before a
// collection costs little memory and saves a tenth of the CPU (docs/performance.md); what a busy hour left behind is given back when it is quiet.
const (
	gcPercent  = 300
	quietCheck = 15 * time.Second
	quietBytes = 1 << 20     // allocated between two checks; probes and metrics alone stay below it
	afterStart = time.Second // what the start left behind is more than what it made
)

// tuneMemory sets the collector's pace, unless the operator did, and gives memory back to the system once after each busy time, until ctx ends.
func tuneMemory(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	go releaseWhenQuiet(ctx, quietCheck, allocated, debug.FreeOSMemory)
}

// releaseWhenQuiet calls release at the first check after a busy time between which and the one before next to nothing was allocated.
func releaseWhenQuiet(ctx context.Context, every time.Duration, allocated func() uint64, release func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, busy := uint64(0), true // the start is a busy time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := allocated()
		switch quiet := now-last < quietBytes; {
		case !quiet:
			busy = true
		case busy:
			release()
			busy = false
		}
		last = now
	}
}

// allocated is how many bytes were ever allocated.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
