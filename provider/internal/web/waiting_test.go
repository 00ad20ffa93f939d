package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/web"
)

// waitingFlow is a flow that waits, and goes on when it is told.
type waitingFlow struct {
	fakeFlows
	version atomic.Int64
	asked   atomic.Int64
}

func (f *waitingFlow) Standing(context.Context, string, login.Browser) (*login.Standing, error) {
	f.asked.Add(1)
	return &login.Standing{Version: f.version.Load()}, nil
}

// topics hands out one channel, whatever the topic.
type topics struct {
	mu      sync.Mutex
	open    int
	channel chan struct{}
}

func (s *topics) subscribe(string) (<-chan struct{}, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return s.channel, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
	}
}

func (s *topics) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

func waitingSite(t *testing.T) (*httptest.Server, *waitingFlow, *topics, chan struct{}) {
	t.Helper()
	flows, subs, stopping := &waitingFlow{}, &topics{channel: make(chan struct{}, 64)}, make(chan struct{})
	flows.version.Store(7)
	pages, err := web.New(web.Options{Issuer: "http://localhost", Flows: flows, Account: &fakeAccount{}, Recovery: &fakeRecovery{}, Texts: noTexts{},
		Responder: web.ResponderFunc(func(http.ResponseWriter, *http.Request, *login.Answer) {}), Subscribe: subs.subscribe, Stopping: stopping})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, r := range pages.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site, flows, subs, stopping
}

type noTexts struct{}

func (noTexts) Text(string, string, sdk.Text) string { return "" }

// asking begins a question and returns where its answer comes.
func asking(t *testing.T, site *httptest.Server, seen string) <-chan string {
	t.Helper()
	answer := make(chan string, 1)
	go func() {
		res, err := site.Client().Get(site.URL + "/login/sign-in/version?seen=" + seen)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = res.Body.Close() }()
		b := make([]byte, 100)
		n, _ := res.Body.Read(b) // what is missing is missing in the answer
		answer <- strings.TrimSpace(string(b[:n]))
	}()
	return answer
}

func await(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("still not: " + what)
		}
	}
}

func TestQuestionIsHeldUntilSomethingHappens(t *testing.T) {
	t.Parallel()
	site, flows, subs, _ := waitingSite(t)
	if got := <-asking(t, site, "6"); got != `{"done":false,"version":7}` {
		t.Errorf("another page's question: %s", got)
	}
	held := asking(t, site, "7")
	await(t, "held", func() bool { return subs.count() == 1 })
	subs.channel <- struct{}{} // woken for nothing: a wake-up may be another's
	await(t, "looked again", func() bool { return flows.asked.Load() >= 4 })
	select {
	case got := <-held:
		t.Fatalf("answered although nothing happened: %s", got)
	default:
	}
	flows.version.Store(8)
	subs.channel <- struct{}{}
	if got := <-held; got != `{"done":false,"version":8}` {
		t.Errorf("after it happened: %s", got)
	}
	await(t, "no subscription is left", func() bool { return subs.count() == 0 })
}

func TestHeldQuestionsEndWithTheServer(t *testing.T) {
	t.Parallel()
	site, _, subs, stopping := waitingSite(t)
	held := asking(t, site, "7")
	await(t, "held", func() bool { return subs.count() == 1 })
	close(stopping)
	if got := <-held; got != `{"done":false,"version":7}` {
		t.Errorf("when the server stops: %s", got)
	}
}

// One flow does not hold more than a few connections, whoever opens its page how often.
func TestHeldQuestionsAreBounded(t *testing.T) {
	t.Parallel()
	site, flows, subs, _ := waitingSite(t)
	var held []<-chan string
	for i := range 4 {
		held = append(held, asking(t, site, "7"))
		await(t, strconv.Itoa(i)+" held", func() bool { return subs.count() == i+1 })
	}
	if got := <-asking(t, site, "7"); got != `{"done":false,"version":7}` {
		t.Errorf("one too many: %s", got)
	}
	flows.version.Store(8)
	for range held {
		subs.channel <- struct{}{}
	}
	for _, h := range held {
		<-h
	}
}

// Another origin's query goes to the plugin without the state; one that no honest side sends goes nowhere.
func TestReturn(t *testing.T) {
	t.Parallel()
	site, flows, _, _ := waitingSite(t)
	flows.pages = map[string]*login.Page{"sign-in": {Flow: "sign-in", Version: 1}}
	client := site.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	get := func(query string) *http.Response {
		t.Helper()
		res, err := client.Get(site.URL + "/plugins/portal/return?" + query)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	if res := get("state=sign-in&code=x&iss=y"); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login/sign-in" {
		t.Errorf("back: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
	got := flows.last()
	if got.Method != "portal" || len(got.Inputs) != 2 || got.Inputs["code"] != "x" || got.Inputs["iss"] != "y" {
		t.Errorf("the plugin gets %+v", got)
	}
	before := len(flows.submitted)
	for _, query := range []string{"state=sign-in&code=x&code=y", "state=sign-in&code=%00", "state=sign-in&code=%ff", "%zz", "state=sign-in&x=" + strings.Repeat("y", 17<<10)} {
		if res := get(query); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %d", query, res.StatusCode)
		}
	}
	if res := get("state=nobodys"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a state that was not made here: %d", res.StatusCode)
	}
	if len(flows.submitted) != before+1 { // the fake notes the last one before it finds no flow
		t.Errorf("%d were handed on", len(flows.submitted)-before)
	}
}
