//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// plan is how much is measured.
type plan struct {
	rounds      int           // of which the median counts
	window      time.Duration // of load in each round
	crowd       time.Duration // the window at 64 at once
	starts      int
	subscribers int
	operation   string // this one alone; empty: all
}

var (
	quick = plan{rounds: 1, window: 2500 * time.Millisecond, crowd: 1500 * time.Millisecond, starts: 3, subscribers: 128}
	long  = plan{rounds: 3, window: 10 * time.Second, crowd: 5 * time.Second, starts: 9, subscribers: 512}
)

// crowd is a number of clients at which what counts is that nobody is turned away.
const crowd = 64

// clients are how many ask at once.
var clients = []int{1, 8, crowd}

func main() {
	longRun := flag.Bool("long", false, "measure longer: three rounds, medians")
	output := flag.String("o", "text", "text or json")
	binary := flag.String("binary", "", "the varco binary to measure (default: built from here)")
	only := flag.String("database", "", "postgres or sqlite alone (default: both)")
	operation := flag.String("run", "", "one operation alone, to profile the server meanwhile: "+strings.Join(names(), ", "))
	dir := flag.String("dir", "", "folder on the disk to measure (default: the system's temporary one)")
	atOnce := flag.Int("clients", 0, "one number of clients at once alone: 1, 8 or 64")
	flag.Parse()
	if *atOnce > 0 {
		clients = []int{*atOnce}
	}
	if flag.Arg(0) == hashMode {
		if err := serveHashing(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if flag.Arg(0) == plainMode {
		sdk.Serve(plain{})
		return
	}
	p := quick
	if *longRun {
		p = long
	}
	p.operation = *operation
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, p, *binary, *only, *dir, *output == "json"); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, p plan, binary, only, dir string, asJSON bool) (err error) {
	work, err := os.MkdirTemp(dir, "varco-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	small := filepath.Join(work, "plugin")
	if err := build(ctx, small, "github.com/varco-id/varco/examples/authenticator-go"); err != nil {
		return err
	}
	if binary == "" {
		binary = filepath.Join(work, "varco")
		if err := build(ctx, binary, "github.com/varco-id/varco/cmd/varco"); err != nil {
			return err
		}
	}
	r := report{Go: runtime.Version(), Cores: runtime.NumCPU(), Rounds: p.rounds, Window: p.window.String()}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	r.Binary = info.Size()
	// First: the host ends the threads that it started plugins on, and a process that dies with its parent dies with that thread.
	progress("measuring the boundary to a plugin's process")
	if r.Boundary, err = measureBoundary(ctx, binary, small); err != nil {
		return fmt.Errorf("a plugin's process: %w", err)
	}
	progress("measuring one hash and the signatures alone")
	h, err := startHashing()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if r.Primitives, err = measurePrimitives(h, p.window/4); err != nil {
		return err
	}
	for _, open := range []opener{postgres, sqlite} {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b := &bench{plan: p, binary: binary, smallPlugin: small, dir: work, primitives: r.Primitives, hashing: h}
		if only != "" && only != open.name {
			continue
		}
		progress("measuring on " + open.name)
		result, err := b.measure(ctx, open)
		if err != nil {
			return fmt.Errorf("%s: %w", open.name, err)
		}
		r.Databases = append(r.Databases, *result)
	}
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	return r.print(os.Stdout)
}

func progress(text string) { fmt.Fprintln(os.Stderr, "bench: "+text+" …") }
