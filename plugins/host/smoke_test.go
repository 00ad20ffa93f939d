package host_test

import (
	"github.com/varco-id/varco/plugins/host"
	"log/slog"
	"os"
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	t0 := time.Now()
	h := start(t, host.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	t.Log(time.Since(t0), h.Status())
	t.Log(pid(t, h, "a"))
}
