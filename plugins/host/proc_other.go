//go:build unix && !linux

package host

import (
	"os/exec"
	"syscall"
)

// ownExecutable is empty: there is no name for the running binary that an upgrade cannot change.
const ownExecutable = ""

// processAttributes put a plugin in a process group of its own. Package sdk ends a plugin whose parent is gone.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// waitGroup reaps a child and then ends what it started. There is no portable way to wait without reaping.
func waitGroup(cmd *exec.Cmd, endGroup func()) error {
	err := cmd.Wait()
	endGroup()
	return err
}
