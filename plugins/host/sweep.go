package host

import (
	"net"
	"os"
	"path/filepath"
	"time"
)

// socketDirs matches the directories go-plugin makes for sockets.
const socketDirs = "plugin-dir*"

// sweep removes what a host left behind that was killed: socket directories in which nobody listens. A second host may
// use the same directory, so a young one without a socket is left alone.
func sweep(dir string) {
	found, err := filepath.Glob(filepath.Join(dir, socketDirs))
	if err != nil {
		return
	}
	for _, candidate := range found {
		if !inUse(candidate) {
			os.RemoveAll(candidate)
		}
	}
}

func inUse(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return true
	}
	listens := false
	for _, entry := range entries {
		if entry.Type()&os.ModeSocket == 0 {
			continue // the program of an interpreted plugin
		}
		listens = true
		conn, err := net.DialTimeout("unix", filepath.Join(dir, entry.Name()), 100*time.Millisecond)
		if err == nil {
			conn.Close()
			return true
		}
	}
	if listens {
		return false
	}
	info, err := os.Stat(dir)
	return err != nil || time.Since(info.ModTime()) < time.Minute
}
