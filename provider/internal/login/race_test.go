package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"sync"
	"sync/atomic"
	"testing"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
)

// together runs n functions at the same moment.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-gate
			f(i)
		})
	}
	close(gate)
	wg.Wait()
}

// Forty guesses at once, each in a flow of its own, the right one among them: no more than five are judged.
func TestParallelGuessesCannotSlipThrough(t *testing.T) {
	t.Parallel()
	b := postgresBank(t)
	b.plugins.quick = true
	sub := b.person("anna.rossi", false)
	flows := make([]*Page, 40)
	browsers := make([]*browser, len(flows))
	for i := range flows {
		browsers[i] = b.browser()
		flows[i] = browsers[i].open()
	}
	var refused atomic.Int64
	together(len(flows), func(i int) {
		p, err := b.d.Submit(t.Context(), flows[i].Flow, browsers[i].Browser,
			Submission{Version: flows[i].Version, Name: "anna.rossi", Inputs: map[string]string{"password": "wrong wrong wrong"}})
		switch {
		case err != nil:
			if !fault.Is(err, fault.Unavailable) { // it kept losing, and was not judged
				t.Error(err)
			}
		case p.Answer != nil:
			t.Error("a wrong password signed in")
		case p.Step.Notice.Code == NoticeWrong || p.Step.Notice.Code == NoticeLastTry:
			refused.Add(1)
		}
	})
	rows, err := b.store.Counters(t.Context(), b.store, "s:"+sub)
	must(t, err)
	if len(rows) != 1 || rows[0].Blocks != 1 || refused.Load() > 4 {
		t.Fatalf("counter %+v after %d judged guesses", rows, refused.Load())
	}
}

// One TOTP code in many flows at once: exactly one signs in.
func TestOneCodeSignsInOnce(t *testing.T) {
	t.Parallel()
	b := postgresBank(t)
	b.plugins.quick = true
	b.person("mario.bianchi", true)
	flows := make([]*Page, 12)
	browsers := make([]*browser, len(flows))
	for i := range flows {
		browsers[i] = b.browser()
		flows[i] = browsers[i].password(browsers[i].open(sca), "mario.bianchi", annaPassword)
	}
	code := b.totp()
	var won atomic.Int64
	together(len(flows), func(i int) {
		p, err := b.d.Submit(t.Context(), flows[i].Flow, browsers[i].Browser, Submission{Version: flows[i].Version, Inputs: map[string]string{"code": code}})
		if err == nil && p.Answer != nil {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Fatalf("one code signed in %d times", won.Load())
	}
}

// A double click: both get the same code, the plugin's answer is committed once.
func TestDoubleClick(t *testing.T) {
	t.Parallel()
	b := postgresBank(t)
	b.plugins.quick = true
	b.person("anna.rossi", false)
	var both sync.WaitGroup
	both.Add(2)
	b.plugins.before = func(op host.Op, _ *sdk.StepRequest) {
		if op == host.Continue { // both are inside the plugin before either commits
			both.Done()
			both.Wait()
		}
	}
	w := b.browser()
	p := w.open()
	codes := make([]string, 2)
	together(2, func(i int) {
		next, err := b.d.Submit(t.Context(), p.Flow, w.Browser, Submission{Version: p.Version, Name: "anna.rossi", Inputs: map[string]string{"password": annaPassword}})
		if err != nil || next.Answer == nil {
			t.Errorf("click %d: %v, %+v", i, err, next)
			return
		}
		codes[i] = next.Answer.Code
	})
	if codes[0] == "" || codes[0] != codes[1] {
		t.Fatalf("codes %q", codes)
	}
}

// Several tabs that open at once build on one session: none of them fails.
func TestTabsOpenAtOnce(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("anna.rossi", false)
	w := b.browser()
	w.signIn("anna.rossi")
	together(8, func(int) {
		p, err := b.d.Start(t.Context(), Request{Client: "bank", RedirectURI: "https://bank.example/cb", Scopes: []string{"openid"}}, w.Browser)
		if err != nil || p.Answer == nil {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
