package host_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
)

// BenchmarkStep is one step through a plugin's process: what the boundary costs, as the step itself does nothing.
func BenchmarkStep(b *testing.B) {
	h := start(b, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	r := request("a", "")
	took := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		if _, err := h.Step(b.Context(), host.Begin, r); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkStepParallel is the same from many logins at once.
func BenchmarkStepParallel(b *testing.B) {
	h := start(b, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := request("a", "")
		for pb.Next() {
			if _, err := h.Step(b.Context(), host.Begin, r); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkStart is from nothing to a configured plugin.
func BenchmarkStart(b *testing.B) {
	dir := shortDir(b)
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		h, err := host.New(host.Options{Dir: dir, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		if err := h.WaitReady(ctx); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		cancel()
		<-done
		b.StartTimer()
	}
}

// BenchmarkIdleMemory reports what one idle plugin takes for itself. It is not a matter of time.
func BenchmarkIdleMemory(b *testing.B) {
	h := start(b, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	process := pid(b, h, "a")
	for b.Loop() {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(private(b, process))/1024, "private-MiB")
}

// private sums the memory of a process that it shares with nobody, in KiB.
func private(b *testing.B, pid int) int {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		b.Fatal(err)
	}
	total := 0
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "Private_") {
			var name string
			var n int
			fmt.Sscan(line, &name, &n)
			total += n
		}
	}
	return total
}
