package main

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// endOnContinue ends the process when it goes on after it was stopped.
func endOnContinue() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGCONT)
	go func() {
		<-c
		os.Exit(5)
	}()
}

// keepThread starts an operating system thread that never ends.
func keepThread() {
	go func() {
		runtime.LockOSThread()
		select {}
	}()
}

// leaveSomethingBehind starts a process that does not end with this one.
func leaveSomethingBehind() error {
	cmd := exec.Command("/bin/sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}
