package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processAttributes put a plugin in a process group of its own and tie its life to that of the thread that starts it.
func processAttributes(noNetwork bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if noNetwork {
		a.Cloneflags = syscall.CLONE_NEWNET
		if os.Geteuid() != 0 {
			a.Cloneflags |= syscall.CLONE_NEWUSER
			a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
			a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		}
	}
	return a
}

// onMainThread says whether the goroutine runs on the thread that the process began with.
func onMainThread() bool { return unix.Gettid() == unix.Getpid() }

const canIsolate, canMeasure, diesWithThread = true, true, true

// descendants lists the processes, dead ones left out, that were started with a socket folder in their environment which is
// dir or lies in it.
func descendants(dir string) []int {
	var found []int
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	for _, name := range all {
		environ, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(environ, []byte("PLUGIN_UNIX_SOCKET_DIR="+dir+"\x00")) &&
			!bytes.Contains(environ, []byte("PLUGIN_UNIX_SOCKET_DIR="+dir+"/")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && alive(pid) {
			found = append(found, pid)
		}
	}
	return found
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, ok := strings.Cut(string(stat), ") ")
	return ok && !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}

// cpuTime is the processor time that a process has used, of all its threads, in nanoseconds' resolution.
func cpuTime(pid int) (time.Duration, error) {
	var t unix.Timespec
	// clock_getcpuclockid(3): the clock of a process is the complement of its id, with CPUCLOCK_SCHED.
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
		return 0, err
	}
	return time.Duration(t.Nano()), nil
}

// usage is what a process holds.
type usage struct {
	anonymous int // KiB of private memory
	files     int
	threads   int
}

func usageOf(pid int) (usage, error) {
	var u usage
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch n, _ := strconv.Atoi(fields[0]); name {
		case "RssAnon":
			u.anonymous = n
		case "Threads":
			u.threads = n
		}
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if errors.Is(err, os.ErrNotExist) {
		return u, err
	}
	u.files = len(files)
	return u, nil
}
