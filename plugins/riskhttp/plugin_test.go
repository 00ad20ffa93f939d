package riskhttp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// engine is a fraud engine: it keeps what it was asked and answers as told.
type engine struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []*http.Request
	bodies  []string
	conns   atomic.Int64
	respond http.HandlerFunc // nil: allow
}

func newEngine(t *testing.T, respond http.HandlerFunc) *engine {
	t.Helper()
	e := &engine{respond: respond}
	e.Server = httptest.NewUnstartedServer(e)
	e.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			e.conns.Add(1)
		}
	}
	e.Start()
	t.Cleanup(e.Close)
	return e
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	e.asked, e.bodies = append(e.asked, r), append(e.bodies, string(body))
	e.mu.Unlock()
	if e.respond != nil {
		e.respond(w, r)
		return
	}
	answer(w, `{"verdict": "allow"}`)
}

// seen are the requests that arrived and their bodies.
func (e *engine) seen() ([]*http.Request, []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked), slices.Clone(e.bodies)
}

func answer(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

func (e *engine) config(members string) string {
	return `{"url": "` + e.URL + `/assess"` + members + `}`
}

func request1() *sdk.RiskRequest {
	return &sdk.RiskRequest{
		Context: sdk.StepContext{
			InstanceID: sdktest.InstanceID, FlowID: "f1", IdempotencyKey: "k1", Intent: sdk.IntentLogin, Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
			Locale: "it", Client: sdk.ClientInfo{ID: "bank", Name: "Banca"}, Browser: sdk.BrowserInfo{Address: "192.0.2.7", UserAgent: "test", Known: true},
			FailedAttempts: 2, Subject: &sdk.Subject{ID: "sub-1", Name: "anna.rossi", Attributes: map[string]string{"phone_number": "+39333000111"}}, MethodID: "sms",
		},
		Operation: sdk.OperationSend, Channel: "sms", To: "+39333000111", AMR: []string{"pwd"},
	}
}

func TestRulesOfEveryPlugin(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, sdktest.Start(t, New(), newEngine(t, nil).config("")))
}

// What a service is told is documented, and nothing more leaves: not the name that the person signs in with.
func TestRequest(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	p := sdktest.Start(t, New(), e.config(`, "basic": {"username": "varco", "password": "s3cret"}`))
	a, err := p.Assess(t.Context(), request1())
	if err != nil || a.Verdict != sdk.RiskAllow {
		t.Fatal(a, err)
	}
	const want = `{"operation":"send","flow":"f1","now":"2026-11-22T09:00:00Z","client":"bank","subject":"sub-1","attributes":{"phone_number":"+39333000111"},` +
		`"address":"192.0.2.7","user_agent":"test","known_browser":true,"locale":"it","amr":["pwd"],"failed_attempts":2,"method":"sms","channel":"sms","to":"+39333000111"}`
	asked, bodies := e.seen()
	r := asked[0]
	user, password, _ := r.BasicAuth()
	if bodies[0] != want || r.Method != http.MethodPost || r.URL.Path != "/assess" || user != "varco" || password != "s3cret" ||
		r.Header.Get("Idempotency-Key") != "k1" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Varco-Signature") != "" {
		t.Fatalf("%s %s %v\n%s\nwant\n%s", r.Method, r.URL, r.Header, bodies[0], want)
	}
	bare := &sdk.RiskRequest{Context: sdk.StepContext{InstanceID: sdktest.InstanceID}, Operation: sdk.OperationSignIn}
	_, err = p.Assess(t.Context(), bare)
	if _, bodies = e.seen(); err != nil || !strings.Contains(bodies[1], `"amr":[]`) || strings.Contains(bodies[1], "subject") {
		t.Fatalf("%v %s", err, bodies[1])
	}
	for range 8 {
		if _, err := p.Assess(t.Context(), request1()); err != nil {
			t.Fatal(err)
		}
	}
	if n := e.conns.Load(); n != 1 {
		t.Errorf("%d connections for requests one after the other", n)
	}
}

func TestPseudonyms(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	p := sdktest.Start(t, New(), e.config(`, "pseudonym_key": "`+key+`"`))
	other := sdktest.Start(t, New(), e.config(`, "pseudonym_key": "`+strings.ToUpper(key)+`"`))
	for _, plugin := range []*sdktest.Plugin{p, p, other} {
		if _, err := plugin.Assess(t.Context(), request1()); err != nil {
			t.Fatal(err)
		}
	}
	var bodies [3]request
	_, raws := e.seen()
	for i, raw := range raws {
		if strings.Contains(raw, "sub-1") || strings.Contains(raw, "333000111") {
			t.Errorf("clear: %s", raw)
		}
		if err := json.Unmarshal([]byte(raw), &bodies[i]); err != nil {
			t.Fatal(err)
		}
	}
	one, again, third := bodies[0], bodies[1], bodies[2]
	if one.Subject != again.Subject || one.To != again.To || one.To != one.Attributes["phone_number"] {
		t.Errorf("the same is not the same: %+v %+v", one, again)
	}
	if one.Subject == third.Subject || one.To == third.To || one.Subject == one.To {
		t.Errorf("what differs does not: %+v %+v", one, third)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	plugin := New()
	plugin.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	p := sdktest.Start(t, plugin, e.config(`, "bearer": "tok", "signing_key": "`+key+`"`))
	if _, err := p.Assess(t.Context(), request1()); err != nil {
		t.Fatal(err)
	}
	asked, bodies := e.seen()
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "1800000000.%s", bodies[0])
	if got, want := asked[0].Header.Get("Varco-Signature"), "t=1800000000,v1="+hex.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := asked[0].Header.Get("Authorization"); got != "Bearer tok" {
		t.Errorf("Authorization: %s", got)
	}
}

// Each of these is a technical fault: no verdict comes of it, and nothing of the answer shows in the error.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"verdict":"allow"} private`, http.StatusInternalServerError)
		},
		"not found": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"verdict":"allow"} private`, http.StatusNotFound)
		},
		"no verdict":      func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"private": 1}`) },
		"unknown verdict": func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"verdict": "private"}`) },
		"nothing":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"a huge answer": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, `{"verdict":"allow","private":"`+strings.Repeat("x", maxAnswer)+`"}`)
		},
		"a broken answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			answer(w, `{"verdict":"allow"}`)
		},
		"a dropped line":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"an endless wait": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"an endless answer": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, " "); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, respond)
			p := sdktest.Start(t, New(), e.config(`, "timeout": "300ms"`))
			a, err := p.Assess(t.Context(), request1())
			if code := status.Code(err); (code != codes.Unavailable && code != codes.DeadlineExceeded) || a != nil || strings.Contains(err.Error(), "private") {
				t.Fatalf("%+v %v", a, err)
			}
		})
	}
}

// The answer does not choose where the next request goes.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	inner := newEngine(t, nil)
	for _, code := range []int{301, 302, 303, 307, 308} {
		e := newEngine(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner.URL, code) })
		p := sdktest.Start(t, New(), e.config(`, "bearer": "tok"`))
		if a, err := p.Assess(t.Context(), request1()); status.Code(err) != codes.Unavailable {
			t.Errorf("%d: %+v %v", code, a, err)
		}
	}
	if asked, _ := inner.seen(); len(asked) > 0 {
		t.Errorf("%d requests went where an answer sent them", len(asked))
	}
}

// refusing is a network where some connections are refused.
type refusing struct {
	http.RoundTripper
	left, seen int
}

func (r *refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.seen++; r.seen <= r.left {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return r.RoundTripper.RoundTrip(req)
}

// A connection that is refused is tried once more; what may have arrived is not.
func TestRetry(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	for refused, want := range map[int]bool{0: true, 1: true, 2: false} {
		s, problems := configured([]byte(e.config("")))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		network := &refusing{RoundTripper: s.client.Transport, left: refused}
		s.client.Transport = network
		if body, err := s.ask(t.Context(), "k", time.Now(), []byte("{}")); (err == nil) != want || network.seen != min(refused+1, 2) {
			t.Errorf("refused %d times: %s %v after %d tries", refused, body, err, network.seen)
		}
	}
	dropped := newEngine(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	p := sdktest.Start(t, New(), dropped.config(""))
	_, err := p.Assess(t.Context(), request1())
	if asked, _ := dropped.seen(); err == nil || len(asked) != 1 {
		t.Errorf("asked %d times: %v", len(asked), err)
	}
}

func TestSimSwap(t *testing.T) {
	t.Parallel()
	var tokens atomic.Int64
	issuer := newEngine(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "varco" || password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			answer(w, `{"error":"invalid_client","error_description":"private"}`)
			return
		}
		answer(w, fmt.Sprintf(`{"access_token":"at-%d","token_type":"Bearer","expires_in":3600}`, tokens.Add(1)))
	})
	network := newEngine(t, func(w http.ResponseWriter, r *http.Request) { answer(w, `{"swapped": true}`) })
	config := func(secret string) string {
		return network.config(`, "kind": "camara-sim-swap", "sim_swap": {"max_age_hours": 72}, "oauth": {"token_url": "` + issuer.URL +
			`/token", "client_id": "varco", "client_secret": "` + secret + `", "scopes": ["sim-swap:check"]}`)
	}
	p := sdktest.Start(t, New(), config("s3cret"))
	r := request1()
	r.To = "+39 333-000.111"
	for range 3 {
		a, err := p.Assess(t.Context(), r)
		if err != nil || a.Verdict != sdk.RiskDeny || !slices.Equal(a.Reasons, []string{"the SIM card changed within 72 hours"}) {
			t.Fatal(a, err)
		}
	}
	asked, bodies := network.seen()
	if bodies[0] != `{"maxAge":72,"phoneNumber":"+39333000111"}` || tokens.Load() != 1 ||
		asked[2].Header.Get("Authorization") != "Bearer at-1" || asked[0].Header.Get("x-correlator") != "k1" {
		t.Errorf("%s, %d tokens, %v", bodies[0], tokens.Load(), asked[2].Header)
	}
	r.Operation, r.Channel, r.To = sdk.OperationSignIn, "", ""
	if a, err := p.Assess(t.Context(), r); err != nil || a.Verdict != sdk.RiskDeny {
		t.Errorf("the person's own number: %+v %v", a, err)
	}
	for name, change := range map[string]func(*sdk.RiskRequest){
		"no number at sign-in": func(r *sdk.RiskRequest) {
			r.Operation, r.Channel, r.Context.Subject.Attributes = sdk.OperationSignIn, "", nil
		},
		"a message to no address": func(r *sdk.RiskRequest) { r.To = "" },
		"no number at all":        func(r *sdk.RiskRequest) { r.To = "0039 333 000111" },
	} {
		r := request1()
		change(r)
		if a, err := p.Assess(t.Context(), r); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %+v %v", name, a, err)
		}
	}
	wrong := sdktest.Start(t, New(), config("guessed"))
	if a, err := wrong.Assess(t.Context(), request1()); status.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "private") || strings.Contains(err.Error(), "guessed") {
		t.Errorf("without a token: %+v %v", a, err)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	e := newEngine(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" || r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	for members, want := range map[string]bool{
		``: true,
		`, "bearer": "tok", "health_url": "` + e.URL + `/health"`: true,
		`, "health_url": "` + e.URL + `/other"`:                   false,
	} {
		p := sdktest.Start(t, New(), e.config(members))
		if h, err := p.Check(t.Context(), sdktest.InstanceID); err != nil || h.OK != want {
			t.Errorf("%s: %+v %v", members, h, err)
		}
		if err := p.Remove(t.Context(), sdktest.InstanceID); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Assess(t.Context(), request1()); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("a removed instance: %v", err)
		}
	}
}
