package callback_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/varco-id/varco/provider/internal/callback/callbacktest"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/login"
	"github.com/varco-id/varco/provider/internal/sealing"
)

// The phone approves, and the browser that began the login goes on: on another replica than the one that took the answer, which
// itself is another one than the one that began.
func TestPhoneApproves(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	second, third := r.replica(), r.replica()
	phone := r.phone(second, "phone-1")
	sub := r.person("anna", phone)
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	if !waits(page) {
		t.Fatalf("the login does not wait: %+v", page)
	}
	if p := anna.look(third, page.Flow); !waits(p) || p.Version != page.Version {
		t.Fatalf("looking moved the login: %+v", p)
	}
	operation := one(t, phone)
	decide(t, phone, operation, "approve", http.StatusOK)
	done := anna.await(third, page)
	if done.Answer == nil || done.Answer.Outcome.Subject != sub || done.Answer.Outcome.ACR != acrSCA || done.Answer.Code == "" || done.Answer.Session == "" {
		t.Fatalf("the login did not end: %+v", done)
	}
	if again := anna.look(r.lead, page.Flow); again.Answer == nil || again.Answer.Code != done.Answer.Code {
		t.Error("the browser asking again gets another code")
	}
	if list, err := phone.Operations(); err != nil || len(list) != 0 {
		t.Errorf("after the login there wait %v (%v)", list, err)
	}
	decide(t, phone, operation, "approve", http.StatusConflict)
}

// Nobody but the browser that began the login gets anything of it, and nothing is signed in before that browser comes.
func TestOnlyTheBrowserFinishes(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	anna, stranger := r.browser(), r.browser()
	page := anna.begin(r.lead, "anna")
	decide(t, phone, one(t, phone), "approve", http.StatusOK)
	eventually(t, "proven", func() bool {
		s, err := r.lead.logins.Standing(t.Context(), page.Flow, anna.Browser)
		must(t, err)
		return s.Over
	})
	f, err := r.lead.store.Flow(t.Context(), r.lead.store, page.Flow)
	must(t, err)
	if !f.DoneAt.IsZero() || len(f.CodeHash) != 0 || f.Outcome.Session != "" {
		t.Fatalf("finished without its browser: %+v", f)
	}
	for name, ask := range map[string]func() error{
		"page": func() error { _, err := r.lead.logins.Page(t.Context(), page.Flow, stranger.Browser); return err },
		"standing": func() error {
			_, err := r.lead.logins.Standing(t.Context(), page.Flow, stranger.Browser)
			return err
		},
		"submit": func() error {
			_, err := r.lead.logins.Submit(t.Context(), page.Flow, stranger.Browser, login.Submission{Version: page.Version})
			return err
		},
	} {
		if err := ask(); !fault.Is(err, fault.NotFound) {
			t.Errorf("another browser's %s: %v", name, err)
		}
	}
	if p := anna.look(r.lead, page.Flow); p.Answer == nil {
		t.Fatalf("her own browser: %+v", p)
	}
}

// Who cancels in the browser while the phone approves is not signed in.
func TestCancelBeatsApproval(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	decide(t, phone, one(t, phone), "approve", http.StatusOK)
	eventually(t, "proven", func() bool {
		s, err := r.lead.logins.Standing(t.Context(), page.Flow, anna.Browser)
		must(t, err)
		return s.Over
	})
	p := anna.send(r.lead, page, login.Submission{Action: login.ActionCancel})
	if p.Answer == nil || p.Answer.Outcome.Error != login.CodeAccessDenied || p.Answer.Code != "" {
		t.Fatalf("cancelled: %+v", p)
	}
}

func TestPhoneDenies(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	decide(t, phone, one(t, phone), "deny", http.StatusOK)
	p := anna.await(r.lead, page)
	if p.Answer != nil || p.Choose == nil || p.Choose.Notice.Code != login.NoticeDenied {
		t.Fatalf("after a refusal: %+v", p)
	}
	if list, err := phone.Operations(); err != nil || len(list) != 0 {
		t.Errorf("after a refusal there wait %v (%v)", list, err)
	}
}

// A failure that a callback tells of counts like one at the page: five, over all, and no more are looked at.
func TestFailuresWithoutTheBrowserCount(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	for range 5 {
		decide(t, phone, one(t, phone), "wrong", http.StatusOK)
		page = anna.await(r.lead, page)
		if page.Step != nil && page.Step.Notice.Code == login.NoticeBlocked || page.Choose != nil && page.Choose.Notice.Code == login.NoticeBlocked {
			break
		}
		page = anna.send(r.lead, page, login.Submission{Action: login.ActionChoose, Method: "phone/push"})
	}
	if page.Choose == nil || page.Choose.Notice.Code != login.NoticeBlocked {
		t.Fatalf("after five failures: %+v", page)
	}
	before := r.plugins.called("begin")
	anna.send(r.lead, page, login.Submission{Action: login.ActionChoose, Method: "phone/push"})
	if r.plugins.called("begin") != before {
		t.Error("a blocked person's plugin was asked")
	}
}

// Another system that can only be asked about: the plugin is called again on a timer, and the page's buttons stay good meanwhile.
func TestPolls(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"poll_after": 500}`)
	second := r.replica()
	r.lead.running(t)
	second.running(t)
	r.person("anna", r.phone(r.lead, "phone-1"))
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	eventually(t, "asked once more", func() bool { return r.plugins.called("continue") >= 1 })
	if p := anna.look(r.lead, page.Flow); p.Answer == nil && p.Version != page.Version {
		t.Errorf("a look that changed nothing made page %d of %d", p.Version, page.Version)
	}
	done := anna.await(second, page)
	if done.Answer == nil || done.Answer.Code == "" {
		t.Fatalf("the login did not end: %+v", done)
	}
	if n := r.plugins.called("continue"); n != 3 {
		t.Errorf("Continue was called %d times for three looks", n)
	}
}

// A timer goes with the step: once the person took another way, nobody is asked.
func TestTimerEndsWithTheStep(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"poll_after": 500, "away": "https://portal.test/approve"}`)
	r.person("anna", r.phone(r.lead, "phone-1"))
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	page = anna.send(r.lead, page, login.Submission{Action: login.ActionChoose, Method: "phone/portal"})
	if page.Step == nil || page.Step.Method != "phone/portal" {
		t.Fatalf("another method: %+v", page)
	}
	next, err := nextDue(t, r.lead)
	must(t, err)
	if next != 0 {
		t.Errorf("a flow that went another way is due at %d", next)
	}
}

func nextDue(t *testing.T, p *replica) (n int64, err error) {
	t.Helper()
	err = p.store.SQL().QueryRowContext(context.Background(), "SELECT COUNT(*) FROM flow_pending").Scan(&n)
	return n, err
}

// A process that dies right after the callback's commit loses nothing: whichever replica looks next goes on from the signal.
func TestSignalOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	operation := one(t, phone)
	r.plugins.on(func(op string) error {
		if op == "continue" {
			return errDown // as if the replica had died before it called
		}
		return nil
	})
	decide(t, phone, operation, "approve", http.StatusOK)
	eventually(t, "tried", func() bool { return r.plugins.called("continue") > 0 })
	r.plugins.on(nil)
	if p := anna.look(r.lead, page.Flow); p.Answer != nil || !waits(p) {
		t.Fatalf("went on without its plugin: %+v", p)
	}
	second := r.replica()
	second.running(t)
	if done := anna.await(second, page); done.Answer == nil {
		t.Fatalf("the signal was lost: %+v", done)
	}
}

// Another origin sends the browser back; its state is good for that flow, instance and browser alone.
func TestReturn(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"away": "https://portal.test/approve"}`)
	r.person("anna", r.phone(r.lead, "phone-1"))
	anna, stranger := r.browser(), r.browser()
	page := anna.begin(r.lead, "anna")
	page = anna.send(r.lead, page, login.Submission{Action: login.ActionChoose, Method: "phone/portal"})
	_, state, ok := strings.Cut(page.Step.View.Nodes[0].Redirect.URL, "&state=")
	if !ok {
		t.Fatalf("no state in %s", page.Step.View.Nodes[0].Redirect.URL)
	}
	back := func(b *browser, instance, state string) (*login.Page, error) {
		_, p, err := r.lead.logins.Return(t.Context(), instance, state, b.Browser, map[string]string{"code": "approved"})
		return p, err
	}
	for name, err := range map[string]error{
		"another browser":  second(back(stranger, "phone", state)),
		"another instance": second(back(anna, "other", state)),
		"a guessed state":  second(back(anna, "phone", state[:len(state)-1])),
		"no state":         second(back(anna, "phone", "")),
	} {
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := back(anna, "phone", state)
	must(t, err)
	if p.Answer == nil || p.Answer.Code == "" {
		t.Fatalf("back from the portal: %+v", p)
	}
	again, err := back(anna, "phone", state)
	must(t, err)
	if again.Answer == nil || again.Answer.Code != p.Answer.Code {
		t.Errorf("back a second time: %+v", again)
	}
}

func second(_ *login.Page, err error) error { return err }

// A phone is bound by a flow that it finds by a code, when no credential leads there yet.
func TestBindsByTheFlowsOwnHandle(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "")
	sub := r.person("anna")
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	if !waits(page) || !page.Step.Binding {
		t.Fatalf("not binding: %+v", page)
	}
	if status, _, err := phone.Call(http.MethodPost, "/bind/0123456789abcdef", nil); err != nil || status != http.StatusNotFound {
		t.Errorf("a code nobody has: %d, %v", status, err)
	}
	flows, err := r.lead.logins.Waiting(t.Context(), r.lead.store, "phone", sub, "")
	must(t, err)
	if len(flows) != 1 {
		t.Fatalf("%d flows wait", len(flows))
	}
	operation := strings.Split(string(flows[0].State), `"`)[3]
	status, body, err := phone.Call(http.MethodPost, "/bind/"+operation, nil)
	must(t, err)
	if status != http.StatusOK {
		t.Fatalf("bind: %d %s", status, body)
	}
	done := anna.await(r.lead, page)
	if done.Answer == nil || done.Answer.Outcome.ACR != acrSCA {
		t.Fatalf("bound: %+v", done)
	}
	creds, err := r.lead.store.CredentialsOf(t.Context(), r.lead.store, sub)
	must(t, err)
	if len(creds) != 2 || !strings.HasPrefix(creds[1].Handle, "bound-") {
		t.Errorf("credentials: %+v", creds)
	}
}

// A page leads only to an origin that the operator configured: a plugin gone bad sends nobody anywhere.
func TestLeadsOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"away": "https://portal.test.evil.test/approve"}`)
	r.person("anna", r.phone(r.lead, "phone-1"))
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	page = anna.send(r.lead, page, login.Submission{Action: login.ActionChoose, Method: "phone/portal"})
	if page.Step != nil || page.Choose == nil || page.Choose.Notice.Code != login.NoticeUnavailable {
		t.Errorf("led astray: %+v", page)
	}
}

// A page without a name waits for a phone that says whose it is: the code on the page leads the phone to the flow, its credential names
// the person.
func TestPhoneIdentifies(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone, stranger := r.phone(r.lead, "phone-1"), r.phone(r.lead, "phone-2")
	sub := r.person("anna", phone)
	begin := func() (*browser, *login.Page, string) {
		t.Helper()
		b := r.browser()
		page, err := r.lead.logins.Start(t.Context(), login.Request{Client: "bank", RedirectURI: "https://bank.test/cb", Scopes: []string{"openid"},
			Challenge: strings.Repeat("c", 43)}, b.Browser)
		must(t, err)
		page = b.send(r.lead, page, login.Submission{Action: login.ActionChoose, Method: "phone/qr"})
		if !waits(page) || page.Step.AskName {
			t.Fatalf("choosing the phone: %+v", page.Step)
		}
		var code string
		must(t, r.lead.store.SQL().QueryRowContext(t.Context(), "SELECT handle FROM flow_pending WHERE flow = $1", page.Flow).Scan(&code))
		if code == "" || strings.Contains(code, page.Flow) {
			t.Fatalf("the flow waits under %q", code)
		}
		f, err := r.lead.store.Flow(t.Context(), r.lead.store, page.Flow)
		must(t, err)
		return b, page, r.lead.operation(t, f)
	}
	for name, c := range map[string]struct {
		phone  *callbacktest.Phone
		handle string
		in     bool
	}{"her phone": {phone, "phone-1", true}, "a phone that nobody has": {stranger, "phone-2", false}, "another key": {stranger, "phone-1", false}} {
		b, page, code := begin()
		if status, body, err := c.phone.Call(http.MethodPost, "/identify/"+code, []byte(c.handle)); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s %v", name, status, body, err)
		}
		p := b.await(r.lead, page)
		if in := p.Answer != nil && p.Answer.Outcome.Subject == sub; in != c.in {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// operation reads what a phone would read from the page's code.
func (p *replica) operation(t *testing.T, f *login.Flow) string {
	t.Helper()
	raw, err := p.box.Open(sealing.ClassFlow, f.Sealed, "flow", f.ID)
	must(t, err)
	var s struct {
		PluginState []byte `json:"plugin_state"`
	}
	must(t, json.Unmarshal(raw, &s))
	var w struct{ Operation string }
	must(t, json.Unmarshal(s.PluginState, &w))
	return w.Operation
}
