package host

import (
	"errors"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownExecutable is the running binary itself, also when the file on disk was replaced by an upgrade.
const ownExecutable = "/proc/self/exe"

// processAttributes put a plugin in a process group of its own, so that what it starts can be ended with it, and tie
// its life to the host's.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// waitGroup waits for the end of a child, calls endGroup and reaps it, in this order: until the child is reaped its id,
// which is also that of its process group, cannot belong to anybody else.
func waitGroup(cmd *exec.Cmd, endGroup func()) error {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	endGroup()
	return cmd.Wait()
}
