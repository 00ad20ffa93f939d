package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/varco-id/varco/plugins/conformance"
	"github.com/varco-id/varco/plugins/sdk"
)

// broken is the program of broken plugins.
var broken string

// The test program is the bundled plugins, too: PROGRAM plugin NAME.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "plugin" {
		sdk.Serve(bundled[os.Args[2]]())
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "broken")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	broken = filepath.Join(dir, "broken")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", broken, "./internal/broken").CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// atOnce bounds how many plugins are checked at once: most of the time they wait, and two that compute disturb each
// other's timing.
var atOnce = make(chan struct{}, 4)

// check runs the kit on a program.
func check(t *testing.T, o conformance.Options, script string, command ...string) *conformance.Report {
	t.Helper()
	atOnce <- struct{}{}
	defer func() { <-atOnce }()
	var err error
	if o.Script == nil {
		if o.Script, err = conformance.LoadScript(script); err != nil {
			t.Fatal(err)
		}
	}
	o.Command = command
	o.ScriptDir = filepath.Dir(script)
	o.Env = append(o.Env, "GOMAXPROCS=2")
	if o.Flows == 0 {
		o.Flows = 10
	}
	if o.Rounds == 0 {
		o.Rounds = 15
	}
	report, err := conformance.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// mustBreak fails the test unless exactly these rules are broken.
func mustBreak(t *testing.T, report *conformance.Report, want ...string) {
	t.Helper()
	got := report.Failures()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		var text strings.Builder
		report.Text(&text, false)
		t.Errorf("broken are %v, want %v\n%s", got, want, text.String())
	}
}

// inParallel runs each case as a subtest, more of them at once than there are cores: they wait.
func inParallel(t *testing.T, cases int, run func(n int)) {
	t.Helper()
	var wg sync.WaitGroup
	for n := range cases {
		wg.Go(func() { run(n) })
	}
	wg.Wait()
}
