package host

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// computes says whether a thread of the process runs, or waits for a processor (proc_pid_stat(5): state R).
func computes(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid)) // the pattern is sound
	for _, thread := range threads {
		raw, err := os.ReadFile(thread)
		end := bytes.LastIndexByte(raw, ')') // the name before it may hold anything
		if err == nil && end >= 0 && bytes.HasPrefix(raw[end+1:], []byte(" R ")) {
			return true
		}
	}
	return false
}
