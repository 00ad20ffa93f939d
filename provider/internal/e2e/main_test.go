package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/varco-id/varco/provider/internal/web/webtest"
)

// binary is the program under test.
var binary string

var screenshots = flag.String("screenshots", "", "folder that TestScreenshots leaves a picture of every page in (default: a temporary one)")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(testMain(m))
}

// axe is where npm installs axe-core, which package webtest reads.
const axe = "clients/node_modules/axe-core/axe.min.js"

// testMain builds the program once, unless VARCO_BIN names one.
func testMain(m *testing.M) int {
	if os.Getenv(webtest.AxePath) == "" {
		_ = os.Setenv(webtest.AxePath, axe) // it fails for impossible names alone
	}
	if binary = os.Getenv("VARCO_BIN"); binary != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "varco-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "varco")
	build := exec.Command("go", "build", "-o", binary, "github.com/varco-id/varco/cmd/varco")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program under test: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
