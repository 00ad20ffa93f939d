//go:build !linux

package conformance

import (
	"errors"
	"syscall"
	"time"
)

func processAttributes(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func onMainThread() bool { return false }

// What only Linux offers is not applicable elsewhere.
const canIsolate, canMeasure, diesWithThread = false, false, false

func descendants(string) []int { return nil }

var errNotMeasured = errors.New("this system does not say what a process uses")

func cpuTime(int) (time.Duration, error) { return 0, errNotMeasured }

type usage struct{ anonymous, files, threads int }

func usageOf(int) (usage, error) { return usage{}, errNotMeasured }
