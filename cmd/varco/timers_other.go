//go:build !linux

package main

// coarseTimers has nothing to set outside Linux.
func coarseTimers() {}
