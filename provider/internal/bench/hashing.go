//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
)

// cost is that of a password hash, written into the configuration of the server and used for the floor.
var cost = struct{ memoryKiB, iterations, parallelism int }{19 * 1024, 2, 1}

// hashing is a process that does nothing but hash: in this one, the memory and the garbage of the load driver would count as the hash's.
type hashing struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

// hashMode is the argument that makes this program that process.
const hashMode = "hash"

func startHashing() (*hashing, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &hashing{cmd: exec.Command(self, hashMode)}
	h.cmd.Stderr = os.Stderr
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if h.out, err = h.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	return h, h.cmd.Start()
}

// measure is the CPU time of a hash when as many run at once as the password plugin would let n clients run.
func (h *hashing) measure(n int, window time.Duration) (time.Duration, error) {
	if _, err := fmt.Fprintln(h.in, n, int64(window)); err != nil {
		return 0, err
	}
	var ns int64
	_, err := fmt.Fscanln(h.out, &ns)
	return time.Duration(ns), err
}

func (h *hashing) close() error { return errors.Join(h.in.Close(), h.cmd.Wait()) }

// serveHashing answers measure until its input ends.
func serveHashing() error {
	salt := make([]byte, 16)
	for {
		var n int
		var window int64
		if _, err := fmt.Scanln(&n, &window); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		took, err := alone(min(n, cores), time.Duration(window), func() error {
			argon2.IDKey([]byte(password), salt, uint32(cost.iterations), uint32(cost.memoryKiB), uint8(cost.parallelism), 32)
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Println(int64(took))
	}
}
