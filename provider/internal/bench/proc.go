//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc/PID/stat (USER_HZ).
const tick = 10 * time.Millisecond

// cpuOf is the CPU time of a process with all its threads, those that ended too. The process's CPU clock
// (clock_getcpuclockid(3)) has nanoseconds; utime and stime of /proc/PID/stat are cut to 10 ms, which over twenty
// database processes and a short window would drown what is measured.
func cpuOf(pid int) (time.Duration, error) {
	const sched = 2 // CPUCLOCK_SCHED of a whole process
	var ts unix.Timespec
	if err := unix.ClockGettime(^int32(pid)<<3|sched, &ts); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// stat returns the parent of a process and the CPU time of its children that ended.
func stat(pid int) (parent int, reaped time.Duration, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // the name before may hold anything
	if len(f) < 15 {
		return 0, 0, fmt.Errorf("/proc/%d/stat is too short", pid)
	}
	// Fields 4 (ppid), 16 (cutime) and 17 (cstime) of proc(5), counted from the state, which is the third.
	numbers := make([]int64, 3)
	for i, at := range []int{1, 13, 14} {
		if numbers[i], err = strconv.ParseInt(f[at], 10, 64); err != nil {
			return 0, 0, err
		}
	}
	return int(numbers[0]), time.Duration(numbers[1]+numbers[2]) * tick, nil
}

// children lists the processes that a process started.
func children(pid int) ([]int, error) {
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var list []int
	for _, name := range names {
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			continue
		}
		if parent, _, err := stat(child); err == nil && parent == pid { // others end while we look
			list = append(list, child)
		}
	}
	return list, nil
}

// family is the CPU time of what a process started, ended or not.
func family(pid int) (time.Duration, error) {
	list, err := children(pid)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, child := range list {
		own, err := cpuOf(child)
		if err != nil {
			continue // ended meanwhile: it is among the reaped
		}
		_, reaped, err := stat(child)
		if err != nil {
			continue
		}
		sum += own + reaped
	}
	_, reaped, err := stat(pid)
	return sum + reaped, err
}

// cpu is CPU time by who spent it.
type cpu struct{ Server, Plugins, Database time.Duration }

func (c cpu) sub(d cpu) cpu {
	return cpu{c.Server - d.Server, c.Plugins - d.Plugins, c.Database - d.Database}
}

func (c cpu) add(d cpu) cpu {
	return cpu{c.Server + d.Server, c.Plugins + d.Plugins, c.Database + d.Database}
}

// spent reads the CPU time of a server, its plugins and its database (postmaster 0: none outside the server).
func spent(server, postmaster int) (c cpu, err error) {
	if c.Server, err = cpuOf(server); err != nil {
		return c, err
	}
	if c.Plugins, err = family(server); err != nil || postmaster == 0 {
		return c, err
	}
	own, err := cpuOf(postmaster)
	if err != nil {
		return c, err
	}
	c.Database, err = family(postmaster)
	c.Database += own
	return c, err
}

// memory of one process in bytes.
type memory struct {
	Name     string `json:"name"`
	Resident int64  `json:"resident"` // VmRSS
	Private  int64  `json:"private"`  // not shared with another process: what one more of it costs
}

func memoryOf(pid int) (memory, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return memory{}, err
	}
	args := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	m := memory{Name: "server"}
	if len(args) > 3 && args[1] == "plugin" {
		m.Name = "plugin " + args[3]
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, err
	}
	for l := range strings.Lines(string(text)) {
		f := strings.Fields(l)
		if len(f) < 3 || f[2] != "kB" {
			continue
		}
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return m, err
		}
		switch f[0] {
		case "Rss:":
			m.Resident += n << 10
		case "Private_Clean:", "Private_Dirty:":
			m.Private += n << 10
		}
	}
	return m, nil
}
