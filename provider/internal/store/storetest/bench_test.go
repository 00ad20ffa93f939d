package storetest_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/varco-id/varco/provider/internal/store"
	"github.com/varco-id/varco/provider/internal/store/storetest"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
	"github.com/varco-id/varco/provider/internal/store/storetest/sqltest"
)

// The statements of a login and of what follows it, without anything else of the provider. cpu-µs/op is this process's own; on
// PostgreSQL the server's comes on top (ps -o time on its processes).
func BenchmarkStore(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) store.Store{
		"PostgreSQL": func(b *testing.B) store.Store { return pgtest.Open(b) },
		"SQLite":     func(b *testing.B) store.Store { return sqltest.Open(b) },
	} {
		b.Run(name, func(b *testing.B) {
			for _, work := range storetest.Workloads {
				b.Run(work.Name, func(b *testing.B) {
					s := open(b)
					work.Prepare(b, s)
					b.ReportAllocs()
					before, n := cpu(), 0
					for b.Loop() {
						work.Run(b, s, fmt.Sprint(n))
						n++
					}
					b.ReportMetric((cpu()-before)/float64(n), "cpu-µs/op")
				})
			}
		})
	}
}

func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}
