package main

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// timerSlack is how late the kernel may wake this process, in nanoseconds.
const timerSlack = 1_000_000

// coarseTimers lets the kernel bundle the wake-ups of this process, and of the plugins it starts, within a millisecond instead of
// 50 µs. Each time a Go program wakes from idle its scheduler polls every 20 µs for a while; on a virtual machine those timer
// interrupts were a fifth of the server's CPU at a login, and nothing here waits for less than a millisecond (docs/performance.md).
// The slack belongs to a thread and is inherited by those it starts, so it has to be set before the runtime has any: the program sets it and
// executes itself once more, under the same process id. Where that is forbidden it goes on as it is.
func coarseTimers() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || now >= timerSlack { // done, or an operator gave more (TimerSlackNSec= of systemd)
		return
	}
	if unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0) != nil {
		return
	}
	// A system that ignored the setting would have this program execute itself for ever.
	if set, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0); err != nil || set < timerSlack {
		return
	}
	// By its own path, so that it keeps its name in ps and top.
	if self, err := os.Executable(); err == nil {
		_ = syscall.Exec(self, os.Args, os.Environ())
	}
}
