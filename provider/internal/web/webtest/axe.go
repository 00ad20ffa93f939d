package webtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// AxePath is the environment variable that names axe.min.js of npm's axe-core.
const AxePath = "VARCO_AXE"

// Axe fails the test for everything that axe-core finds wrong with the page in the tab: the rules of WCAG 2.2 A and AA and the best
// practices. It names the element and the help page.
func Axe(t testing.TB, ctx context.Context, page string) {
	t.Helper()
	path := os.Getenv(AxePath)
	if path == "" {
		t.Fatalf("%s is not set: run `make test`, which installs axe-core and sets it", AxePath)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read axe-core: %v", err)
	}
	var found []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	const run = `axe.run(document, {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(r => r.violations.map(v => ({
		ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`
	// target-size (WCAG 2.2, 2.5.8) is off unless asked for.
	// Runtime.evaluate is not subject to the page's Content-Security-Policy, so the policy under test stays as it is.
	err = chromedp.Run(ctx,
		chromedp.Evaluate(string(source)+";undefined", nil),
		chromedp.Evaluate(run, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if err != nil {
		t.Fatalf("%s: run axe-core: %v", page, err)
	}
	for _, v := range found {
		var nodes strings.Builder
		for _, n := range v.Nodes {
			fmt.Fprintf(&nodes, "\n    %s\n    %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n    "))
		}
		t.Errorf("%s: axe %s (%s): %s%s", page, v.ID, v.Impact, v.Help, nodes.String())
	}
}
