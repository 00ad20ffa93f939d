package webtest

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Browser starts a Chromium for the test and returns the context of its first tab. Each Tab of it is a private window of its own.
func Browser(t testing.TB) context.Context {
	t.Helper()
	binary, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("this test drives Chromium, which is not installed: run `make test`, which installs what the tests need")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(binary),
		chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP *.bank.test 127.0.0.1"),
		chromedp.WSURLReadTimeout(60*time.Second),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return ctx
}

// Tab is a private window: cookies are its own.
type Tab struct {
	context.Context
	mu         sync.Mutex
	complaints []string
}

// NewTab opens a private window of the browser.
func NewTab(t testing.TB, browser context.Context) *Tab {
	t.Helper()
	executor := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	profile, err := target.CreateBrowserContext().Do(executor)
	if err != nil {
		t.Fatalf("open a private profile: %v", err)
	}
	// Headless Chromium opens no window for a new profile by itself, and a tab needs one.
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(executor)
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute) // a stuck page must not take the whole test run with it
	t.Cleanup(stop)
	tab := &Tab{Context: ctx}
	chromedp.ListenTarget(ctx, tab.listen)
	if err := chromedp.Run(ctx, cdplog.Enable(), runtime.Enable(), emulation.SetFocusEmulationEnabled(true)); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return tab
}

// listen keeps what the browser complains about: violations of the Content-Security-Policy, errors of script, failed loads.
func (tab *Tab) listen(event any) {
	var text string
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError || e.Entry.Level == cdplog.LevelWarning {
			text = fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			text = fmt.Sprintf("console: %v", e.Args)
		}
	}
	if text != "" {
		tab.mu.Lock()
		tab.complaints = append(tab.complaints, text)
		tab.mu.Unlock()
	}
}

// Complaints returns what the browser complained about since the last call.
func (tab *Tab) Complaints() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	c := tab.complaints
	tab.complaints = nil
	return c
}

// Run runs actions, or fails the test.
func (tab *Tab) Run(t testing.TB, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(tab, actions...); err != nil {
		t.Fatalf("browser: %v", err)
	}
}

// Go goes to an address. When the page before is just going somewhere itself (a form was sent, a page goes on by itself), Chromium
// reports that one's end in place of ours: then it is gone to once more.
func Go(address string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			err := chromedp.Navigate(address).Do(ctx)
			if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "net::ERR_ABORTED") {
				return err
			}
		}
	})
}

// Look sets the size of the window and the colour scheme: a phone has touch and twice the pixels.
func Look(width, height int64, dark bool) chromedp.Action {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	phone := width < 600
	scale := 1.0
	if phone {
		scale = 2
	}
	return chromedp.Tasks{
		emulation.SetDeviceMetricsOverride(width, height, scale, phone),
		emulation.SetTouchEmulationEnabled(phone),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
	}
}
