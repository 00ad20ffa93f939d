package login_test

import (
	. "github.com/varco-id/varco/provider/internal/login"

	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/policy"
)

// engine is a risk source that answers as it is told and keeps what it was asked.
type engine struct {
	mu    sync.Mutex
	asked []sdk.RiskRequest
	say   func(*sdk.RiskRequest) (*sdk.RiskAssessment, error)
}

func (e *engine) Assess(_ context.Context, instance string, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	e.mu.Lock()
	e.asked = append(e.asked, *r)
	say := e.say
	e.mu.Unlock()
	if instance != r.Context.InstanceID {
		return nil, errors.New("asked in another's name")
	}
	return say(r)
}

// operations lists what it was asked about, in order.
func (e *engine) operations() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, r := range e.asked {
		out = append(out, string(r.Operation))
	}
	return strings.Join(out, " ")
}

func verdict(v sdk.RiskVerdict, reasons ...string) func(*sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	return func(*sdk.RiskRequest) (*sdk.RiskAssessment, error) {
		return &sdk.RiskAssessment{Verdict: v, Reasons: reasons}, nil
	}
}

// silent is a source that does not answer.
func silent(kind host.Kind) func(*sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	return func(*sdk.RiskRequest) (*sdk.RiskAssessment, error) {
		return nil, &host.Error{Instance: "fraud", Op: "assess", Kind: kind, Err: errors.New("it burns")}
	}
}

// watched asks a source about some operations, with the silence that is the default.
func (b *bank) watched(say func(*sdk.RiskRequest) (*sdk.RiskAssessment, error), ops ...sdk.Operation) *engine {
	e := &engine{say: say}
	rule := policy.RiskRule{Source: "fraud", Operations: map[sdk.Operation]sdk.RiskVerdict{}}
	for _, op := range ops {
		rule.Operations[op] = policy.Silence(op)
	}
	b.d.Risk, b.d.RiskSources = []policy.RiskRule{rule}, e
	return e
}

// told are the audit events of some kinds, as "kind key=value …", in the order of keys given.
func (b *bank) told(prefix string, keys ...string) []string {
	b.t.Helper()
	rows, err := b.store.UnsealedAudit(b.t.Context(), b.store, 1000)
	must(b.t, err)
	var out []string
	for _, r := range rows {
		var e struct {
			Kind string            `json:"kind"`
			Data map[string]string `json:"data"`
		}
		must(b.t, json.Unmarshal(r.Body, &e))
		if !strings.HasPrefix(e.Kind, prefix) {
			continue
		}
		for _, k := range keys {
			if e.Data[k] != "" {
				e.Kind += " " + k + "=" + e.Data[k]
			}
		}
		out = append(out, e.Kind)
	}
	return out
}

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(*testing.T, *bank)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T) *bank{"sqlite": sqliteBank, "postgres": postgresBank} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func TestRiskAllows(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bank) {
		e := b.watched(verdict(sdk.RiskAllow, "known device"), sdk.OperationSignIn)
		anna := b.person("anna.rossi", false)
		w := b.browser()
		p := w.password(w.open(), "anna.rossi", "wrong wrong wrong")
		if e.operations() != "" {
			t.Fatal("asked before anything was proven")
		}
		p = w.password(p, "anna.rossi", annaPassword)
		if p.Answer == nil || p.Answer.Code == "" || e.operations() != "sign_in" {
			t.Fatalf("got %+v after %s", p, e.operations())
		}
		c := e.asked[0].Context
		if c.Subject.ID != anna || c.Subject.Attributes["email"] != "anna@example.org" || c.Client.ID != "bank" || c.Browser.Address != "192.0.2.1" || c.Browser.Known ||
			c.FailedAttempts != 1 || c.FlowID != p.Flow || c.IdempotencyKey == "" || !c.Now.Equal(b.now) || !slices.Equal(e.asked[0].AMR, []string{"pwd"}) {
			t.Errorf("circumstances: %+v", e.asked[0])
		}
		if w.open(); e.operations() != "sign_in sign_in" || !e.asked[1].Context.Browser.Known {
			t.Errorf("single sign-on: %s, %+v", e.operations(), e.asked)
		}
		want := "risk.assessed source=fraud operation=sign_in verdict=allow reasons=known device"
		if got := b.told("risk.", "source", "operation", "verdict", "reasons"); !slices.Equal(got, []string{want, want}) {
			t.Errorf("audited: %q", got)
		}
	})
}

// The person is told nothing, the relying party that access was denied, the auditor why.
func TestRiskDenies(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bank) {
		b.watched(verdict(sdk.RiskDeny, "stolen card", "Tor"), sdk.OperationSignIn)
		sub := b.person("anna.rossi", false)
		w := b.browser()
		p := w.password(w.open(), "anna.rossi", annaPassword)
		if p.Refusal == nil || p.Refusal.Code != RefusalDeclined || len(p.Refusal.Params) > 0 {
			t.Fatalf("got %+v", p)
		}
		if again := w.send(p, Submission{}); again.Refusal == nil || again.Refusal.Code != RefusalDeclined {
			t.Fatalf("the page answered: %+v", again)
		} else {
			p = again
		}
		if chosen := w.send(p, Submission{Action: ActionChoose, Method: "password"}); chosen.Refusal == nil {
			t.Fatalf("another method chosen: %+v", chosen)
		} else {
			p = chosen
		}
		done := w.send(p, Submission{Action: ActionCancel})
		if done.Answer == nil || done.Answer.Outcome.Error != CodeAccessDenied || done.Answer.Code != "" || done.Answer.Session != "" || done.Answer.KnownBrowser != "" {
			t.Fatalf("the relying party gets %+v", done.Answer)
		}
		sessions, err := b.store.SessionsOf(t.Context(), b.store, sub, b.now)
		must(t, err)
		if len(sessions) != 0 {
			t.Fatal("a session was left")
		}
		got := b.told("", "source", "verdict", "reasons", "reason")
		for _, want := range []string{"risk.assessed source=fraud verdict=deny reasons=stolen card; Tor", "login.refused reason=declined"} {
			if !slices.Contains(got, want) {
				t.Errorf("%q is not among %q", want, got)
			}
		}
		if slices.ContainsFunc(got, func(e string) bool { return strings.HasPrefix(e, "login.completed") }) {
			t.Errorf("completed: %q", got)
		}
	})
}

func TestRiskRaises(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bank) {
		e := b.watched(verdict(sdk.RiskStepUp, "new device"), sdk.OperationSignIn)
		b.person("mario.bianchi", true)
		w := b.browser()
		p := w.password(w.open(), "mario.bianchi", annaPassword)
		if p.Step == nil || p.Step.Method != "totp" || p.Step.Notice.Code != NoticeStepUp || len(p.Step.Others) > 0 {
			t.Fatalf("after the password: %+v", p)
		}
		p = w.code(p, b.totp())
		if p.Answer == nil || p.Answer.Outcome.ACR != "urn:varco:sca" || e.operations() != "sign_in" {
			t.Fatalf("after the code: %+v, asked about %s", p, e.operations())
		}
		// A session does not answer a doubt: whoever stole it has it too.
		b.pass(2 * time.Minute)
		p = w.open()
		if p.Step == nil || p.Step.Method != "password" || p.Step.AskName {
			t.Fatalf("with a session: %+v", p)
		}
		p = w.code(w.password(p, "", annaPassword), b.totp())
		if p.Answer == nil {
			t.Fatalf("proven anew: %+v", p)
		}
	})
}

// More was asked for than one factor, and there is no more: binding one now would be the thief's own.
func TestRiskRaisesBeyondWhatThereIs(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Request){"one factor is enough": func(*Request) {}, "the second would be bound": sca} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sqliteBank(t)
			b.watched(verdict(sdk.RiskStepUp), sdk.OperationSignIn)
			sub := b.person("anna.rossi", false)
			w := b.browser()
			if p := w.password(w.open(change), "anna.rossi", annaPassword); p.Refusal == nil || p.Refusal.Code != RefusalDeclined {
				t.Fatalf("got %+v", p)
			}
			if creds, err := b.store.CredentialsOf(t.Context(), b.store, sub); err != nil || len(creds) != 1 {
				t.Fatalf("%d credentials, %v", len(creds), err)
			}
		})
	}
}

func TestRiskSilence(t *testing.T) {
	t.Parallel()
	slow := func(*sdk.RiskRequest) (*sdk.RiskAssessment, error) {
		time.Sleep(40 * time.Millisecond)
		return &sdk.RiskAssessment{Verdict: sdk.RiskAllow}, nil
	}
	for name, c := range map[string]struct {
		say   func(*sdk.RiskRequest) (*sdk.RiskAssessment, error)
		fault string
	}{
		"it is down":          {silent(host.Unavailable), "unavailable"},
		"it takes too long":   {slow, "deadline"},
		"the host gave up":    {silent(host.Deadline), "deadline"},
		"it lied to the host": {silent(host.Bug), "bug"},
		"a word nobody knows": {verdict("fine"), "bug"},
		"no word":             {verdict(""), "bug"},
		"nothing at all":      {func(*sdk.RiskRequest) (*sdk.RiskAssessment, error) { return nil, nil }, "bug"},
	} {
		for taken, want := range map[sdk.RiskVerdict]string{sdk.RiskAllow: "answer", sdk.RiskStepUp: "totp", sdk.RiskDeny: RefusalDeclined} {
			t.Run(name+", "+string(taken), func(t *testing.T) {
				t.Parallel()
				b := sqliteBank(t)
				b.person("mario.bianchi", true)
				b.d.Risk = []policy.RiskRule{{Source: "fraud", Operations: map[sdk.Operation]sdk.RiskVerdict{sdk.OperationSignIn: taken}, Deadline: 20 * time.Millisecond}}
				b.d.RiskSources = &engine{say: c.say}
				w := b.browser()
				p, got := w.password(w.open(), "mario.bianchi", annaPassword), ""
				switch {
				case p.Answer != nil:
					got = "answer"
				case p.Refusal != nil:
					got = p.Refusal.Code
				case p.Step != nil:
					got = p.Step.Method
				}
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				if e := b.told("risk.", "fault", "verdict"); !slices.Equal(e, []string{"risk.silent fault=" + c.fault + " verdict=" + string(taken)}) {
					t.Errorf("audited: %q", e)
				}
			})
		}
	}
}

// Of several sources the strictest counts, and each is asked only for those it is there for.
func TestRiskOfSeveralSources(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	b.person("mario.bianchi", true)
	ops := map[sdk.Operation]sdk.RiskVerdict{sdk.OperationSignIn: sdk.RiskAllow}
	b.d.Risk = []policy.RiskRule{{Source: "calm", Operations: ops}, {Source: "strict", Operations: ops}, {Source: "broken", Operations: ops}, {Source: "others", Operations: ops, Clients: []string{"vault"}}}
	e := &engine{say: func(r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
		return map[string]*sdk.RiskAssessment{"calm": {Verdict: sdk.RiskAllow}, "strict": {Verdict: sdk.RiskStepUp}, "others": {Verdict: sdk.RiskDeny}}[r.Context.InstanceID], nil
	}}
	b.d.RiskSources = e
	w := b.browser()
	if p := w.password(w.open(), "mario.bianchi", annaPassword); p.Step == nil || p.Step.Method != "totp" {
		t.Fatalf("got %+v", p)
	}
	if got := b.told("risk.", "source", "verdict"); !slices.Equal(got, []string{"risk.assessed source=calm verdict=allow", "risk.assessed source=strict verdict=step_up", "risk.silent source=broken verdict=allow"}) {
		t.Errorf("audited: %q", got)
	}
	keys := map[string]bool{}
	for _, r := range e.asked {
		keys[r.Context.IdempotencyKey] = true
	}
	if len(keys) != 3 {
		t.Errorf("%d sources got %d keys", len(e.asked), len(keys))
	}
}

// With prompt=none there is no page: the relying party is told at once, and the verdict is audited all the same.
func TestRiskWithoutAPage(t *testing.T) {
	t.Parallel()
	for v, want := range map[sdk.RiskVerdict]string{sdk.RiskAllow: "", sdk.RiskStepUp: CodeLoginRequired, sdk.RiskDeny: CodeAccessDenied} {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			b := sqliteBank(t)
			b.person("mario.bianchi", true)
			w := b.browser()
			w.signIn("mario.bianchi")
			b.watched(verdict(v), sdk.OperationSignIn)
			_, err := w.start(func(r *Request) { r.Prompt = []string{"none"} })
			got := ""
			var oauth *OAuthError
			if errors.As(err, &oauth) {
				got = oauth.Code
			} else {
				must(t, err)
			}
			if e := b.told("risk.", "verdict"); got != want || !slices.Equal(e, []string{"risk.assessed verdict=" + string(v)}) {
				t.Fatalf("got %q, want %q; audited %q", got, want, e)
			}
		})
	}
}

func TestRiskOfBinding(t *testing.T) {
	t.Parallel()
	for v, want := range map[sdk.RiskVerdict]string{sdk.RiskAllow: "bind", sdk.RiskStepUp: RefusalDeclined, sdk.RiskDeny: RefusalDeclined} {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			b := sqliteBank(t)
			e := b.watched(verdict(v), sdk.OperationBind)
			b.person("anna.rossi", false)
			w := b.browser()
			w.signIn("anna.rossi")
			if e.operations() != "" {
				t.Fatal("asked about signing in")
			}
			p, got := w.account(bindTOTP), ""
			if v == sdk.RiskStepUp && p.Step != nil && p.Step.Method == "password" {
				p = w.password(p, "", annaPassword) // all there is, and not enough
			}
			if p.Refusal != nil {
				got = p.Refusal.Code
			} else if p.Step != nil && p.Step.Binding {
				got = "bind"
			}
			if got != want || e.operations() != "bind" || e.asked[0].Context.MethodID != "totp" || e.asked[0].Context.Intent != sdk.IntentEnrol {
				t.Fatalf("got %q (%+v), want %q; asked about %s", got, p, want, e.operations())
			}
			begun := b.plugins.calls["begin_enroll"]
			if (begun > 0) != (v == sdk.RiskAllow) {
				t.Errorf("the plugin began %d bindings", begun)
			}
		})
	}
}

// Who has two factors can answer a doubt about a binding, and then goes on to it.
func TestRiskOfChangingAPassword(t *testing.T) {
	t.Parallel()
	b := sqliteBank(t)
	e := b.watched(verdict(sdk.RiskStepUp), sdk.OperationBind)
	b.person("mario.bianchi", true)
	w := b.browser()
	w.code(w.password(w.open(sca), "mario.bianchi", annaPassword), b.totp())
	b.pass(time.Minute)
	p := w.account(func(r *Request) { r.Bind = "password" })
	if p.Step == nil || p.Step.Binding || p.Step.Method != "password" {
		t.Fatalf("got %+v", p)
	}
	p = w.code(w.password(p, "", annaPassword), b.totp())
	if p.Step == nil || !p.Step.Binding || e.operations() != "bind" {
		t.Fatalf("got %+v, asked about %s", p, e.operations())
	}
}
