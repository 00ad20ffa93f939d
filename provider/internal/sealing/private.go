//go:build unix

package sealing

import (
	"fmt"
	"os"
	"syscall"
)

// private refuses a key file that others may read. One that belongs to another user (a mounted secret: owned by root, read through
// the group) may be readable by the group, else nobody but root could read it; never by the world, never writable by the group.
func private(info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("this is not a regular file")
	}
	forbidden := os.FileMode(0o077)
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		forbidden = 0o027
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return fmt.Errorf("others may read or write this file (mode %04o): run chmod 600 on it", mode)
	}
	return nil
}
