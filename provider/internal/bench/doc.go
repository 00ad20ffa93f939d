//go:build linux

// Command bench measures what a login costs, on the built program and real databases, and prints a table:
//
//	go run ./provider/internal/bench          # about three minutes
//	go run ./provider/internal/bench -long    # three rounds of ten seconds each, medians
//
// It builds varco, starts `varco serve` with its bundled plugins once on a private PostgreSQL that syncs every commit
// and once on SQLite, and drives both over HTTP as browsers and relying parties do. CPU is counted for the server, its
// plugin processes and the database apart, from what the kernel keeps of each process, so that it holds on a noisy machine
// where rates do not. In the same run it measures the floor: what one password hash, the signatures and the
// durable commits cost alone. docs/performance.md says how to read the figures.
//
// It asserts nothing: targets stand beside what was measured.
package main
