//go:build unix

package sqlstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/varco-id/varco/provider/internal/fault"
)

// lockFile takes the file beside the database that says which process it belongs to. The operating system frees it when the
// process ends, however it ends. It never goes away by itself: removing it would let two processes hold a lock on two files of one name.
// SQLite's own locks would let a second process in between two transactions, and its waiters would never be woken.
func lockFile(database string) (*os.File, error) {
	path := database + ".lock"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "open the database's lock file")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		_ = f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.Wrap(fault.Unavailable, err, "lock the database's file "+path)
		}
		return nil, fault.New(fault.Conflict, fmt.Sprintf("another varco process (pid %s) uses %s; SQLite serves one process: "+
			"stop it, or use PostgreSQL for several replicas", orUnknown(strings.TrimSpace(string(holder))), database))
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil {
		_ = f.Close()
		return nil, fault.Wrap(fault.Unavailable, err, "write the database's lock file")
	}
	return f, nil
}

func orUnknown(pid string) string {
	if pid == "" {
		return "unknown"
	}
	return pid
}
