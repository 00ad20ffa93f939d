package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsGivenBackOnceAfterABusyTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bytes, released atomic.Uint64
		ctx, stop := context.WithCancel(t.Context())
		go releaseWhenQuiet(ctx, time.Second, bytes.Load, func() { released.Add(1) })
		expect := func(want uint64, when string) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			if n := released.Load(); n != want {
				t.Fatalf("%s: released %d times, want %d", when, n, want)
			}
		}
		time.Sleep(time.Millisecond) // between two checks
		bytes.Add(quietBytes)
		expect(0, "busy")
		bytes.Add(quietBytes - 1)
		expect(1, "quiet after a busy time")
		expect(1, "still quiet")
		bytes.Add(quietBytes)
		expect(1, "busy again")
		expect(2, "quiet again")
		stop()
	})
}
