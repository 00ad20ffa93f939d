package host

import (
	"strings"
	"testing"
	"time"
)

func TestLatency(t *testing.T) {
	t.Parallel()
	var h histogram
	if l := h.latency(); l != (Latency{}) {
		t.Errorf("without calls: %+v", l)
	}
	for n := 1; n <= 1000; n++ {
		h.add(time.Duration(n) * time.Millisecond)
	}
	l := h.latency()
	if l.Calls != 1000 || l.P50 < 500*time.Millisecond || l.P50 > 565*time.Millisecond || l.P99 < 990*time.Millisecond || l.P99 > 1120*time.Millisecond {
		t.Errorf("got %+v", l)
	}
	for range 4 * latencyMemory { // what was long ago counts less and less
		h.add(time.Millisecond)
	}
	if l = h.latency(); l.P99 > 1200*time.Microsecond {
		t.Errorf("afterwards %+v", l)
	}
	for _, d := range []time.Duration{-time.Second, 0, time.Nanosecond, time.Hour} {
		h.add(d)
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	for d := time.Microsecond; d < 30*time.Second; d += d/7 + 1 {
		end := endOf(bucketOf(d))
		if end < d.Truncate(time.Microsecond) || float64(end) > float64(d)*1.13+float64(2*time.Microsecond) {
			t.Errorf("%s is said to be at most %s", d, end)
		}
	}
}

func FuzzManifest(f *testing.F) {
	digest := strings.Repeat("ab", 32)
	f.Add([]byte(digest + "  main.js\n" + digest + " */usr/bin/node\n"))
	f.Add([]byte(digest + "  ../x\n"))
	f.Add([]byte("\\" + digest + "  a\\nb\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		entries, err := parseManifest(raw)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, e := range entries {
			if e.path == "" || seen[e.path] || strings.Contains(e.path, "/../") || strings.HasPrefix(e.path, "../") {
				t.Errorf("accepted %q", e.path)
			}
			seen[e.path] = true
		}
	})
}
