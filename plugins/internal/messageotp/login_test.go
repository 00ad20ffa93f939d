package messageotp

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	f := l.login()
	if v := f.begin().Challenge.View; says(&v) != "code.sent.pigeon code  verify resend" || v.Nodes[0].Paragraph.Text.Params["address"] != "…1" {
		t.Errorf("the page says %s: %+v", says(&v), v.Nodes[0].Paragraph.Text)
	}
	if len(l.sent) != 1 {
		t.Fatalf("%d messages", len(l.sent))
	}
	m := l.sent[0]
	if m.Channel != "pigeon" || m.To != "dove-1" || m.Template != "message.pigeon.login" || !m.ExpiresAt.Equal(noon.Add(3*time.Minute)) ||
		m.IdempotencyKey != "flow-1/0/code" || m.Params["brand"] != "Banca Demo" || m.Params["minutes"] != "3" ||
		m.Params["autofill"] != "\n\n@id.bank.example #"+m.Params["code"] || m.Params["spoken"] != strings.Join(strings.Split(m.Params["code"], ""), ", ") {
		t.Errorf("%+v", m)
	}
	answer := f.next(inputCode, " "+l.code()[:3]+" "+l.code()[3:])
	if s := answer.Success; s == nil || s.CredentialID != "c1" || s.AMR[0] != "sms" || string(s.Evidence) != `{"channel":"pigeon","address":"…1"}` {
		t.Fatalf("%+v", answer)
	}
	if bytes.Contains(answer.CredentialChanges[0].Data, []byte(l.code())) || bytes.Contains(f.state, []byte(l.code())) {
		t.Error("the code is kept")
	}
}

// Two replicas get the right code at once: both answer on the same revision, so one commit loses, and its rerun is a replay.
func TestACodeCountsOnce(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	f := l.login()
	f.begin()
	r := f.request(map[string]string{inputCode: l.code()})
	one, err1 := l.Continue(context.Background(), r)
	two, err2 := l.Continue(context.Background(), r)
	if err1 != nil || err2 != nil || one.Success == nil || two.Success == nil ||
		one.CredentialChanges[0].ExpectedRevision != two.CredentialChanges[0].ExpectedRevision {
		t.Fatalf("%+v %v, %+v %v", one, err1, two, err2)
	}
	l.commit(one)
	again := f.next(inputCode, l.code())
	if reason(t, again) != sdk.ReasonReplayed || !again.Failure.Counts {
		t.Errorf("%+v", again.Failure)
	}
	// The next code of the same person is another one.
	g := l.login()
	g.begin()
	if answer := g.next(inputCode, l.code()); answer.Success == nil {
		t.Errorf("%+v", answer.Failure)
	}
}

func TestWhatIsNotTheCode(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{"digits":7}`).dove("dove-1")
	f := l.login()
	f.begin()
	for _, form := range []string{"", "123456", "12345678", "abcdefg", "１２３４５６７", strings.Repeat("1", 400)} {
		answer := f.next(inputCode, form)
		if reason(t, answer) != sdk.ReasonInvalidInput || answer.Failure.Counts {
			t.Errorf("%q: %+v", form, answer.Failure)
		}
	}
	for try := 1; try <= maxTries; try++ {
		answer := f.next(inputCode, l.wrong())
		if reason(t, answer) != sdk.ReasonBadCredential || !answer.Failure.Counts || !answer.Failure.Retryable {
			t.Errorf("try %d: %+v", try, answer.Failure)
		}
		if want := map[bool]string{true: "error.spent", false: "error.wrong"}[try == maxTries]; !strings.Contains(says(answer.Failure.View), want) {
			t.Errorf("try %d says %s", try, says(answer.Failure.View))
		}
	}
	// Now the code is dead, the right one too.
	if answer := f.next(inputCode, l.code()); reason(t, answer) != sdk.ReasonExpired || answer.Failure.Counts {
		t.Errorf("%+v", answer.Failure)
	}
	f.now = f.now.Add(30 * time.Second)
	f.next(inputAction, actionResend)
	if answer := f.next(inputCode, l.code()); answer.Success == nil {
		t.Errorf("a new code: %+v", answer.Failure)
	}
}

func TestACodeDies(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	f := l.login()
	f.begin()
	f.now = noon.Add(3*time.Minute - time.Second)
	if answer := f.next(inputCode, l.wrong()); reason(t, answer) != sdk.ReasonBadCredential {
		t.Errorf("%+v", answer.Failure)
	}
	f.now = noon.Add(3 * time.Minute)
	for _, code := range []string{l.code(), l.wrong()} { // a dead code is not compared
		if answer := f.next(inputCode, code); reason(t, answer) != sdk.ReasonExpired || answer.Failure.Counts {
			t.Errorf("%+v", answer.Failure)
		}
	}
}

// A code is good in the flow it was sent for, for the address it went to.
func TestACodeIsBound(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	f, g := l.login(), l.login()
	f.begin()
	first := l.code()
	for g.begin(); first == l.code(); g.begin() { // once in a million runs both are the same
		g = l.login()
	}
	if answer := g.next(inputCode, first); reason(t, answer) != sdk.ReasonBadCredential {
		t.Errorf("another flow's code: %+v", answer)
	}
	// The state of one flow in another.
	g.state = f.state
	if answer := g.next(inputCode, first); reason(t, answer) != sdk.ReasonBadCredential {
		t.Errorf("another flow's state: %+v", answer)
	}
	// The address was changed behind the flow's back.
	f.creds[0].Data = encode(data{Address: "dove-2"})
	if answer := f.next(inputCode, first); reason(t, answer) != sdk.ReasonBadCredential {
		t.Errorf("another address: %+v", answer)
	}
	f.creds = nil
	if answer := f.next(inputCode, first); reason(t, answer) != sdk.ReasonBadCredential {
		t.Errorf("no address any more: %+v", answer)
	}
}

// Dynamic linking (RTS article 5): the message and the page tell amount and payee, and another amount voids the code.
func TestACodeIsForOneTransaction(t *testing.T) {
	t.Parallel()
	pay := func(amount string) *sdk.Transaction {
		return &sdk.Transaction{Type: "payment", Payload: []byte(`{"amount":"` + amount + `"}`), Display: map[string]string{"amount": amount, "payee": "ACME S.p.A.", "when": "today"}}
	}
	l := newLoft(t, `{}`).dove("dove-1")
	f := l.login()
	f.ctx.Intent, f.ctx.Transaction = sdk.IntentTransaction, pay("EUR 250.00")
	v := f.begin().Challenge.View
	if m := l.sent[0]; m.Template != "message.pigeon.payment" || m.Params["amount"] != "EUR 250.00" || m.Params["payee"] != "ACME S.p.A." {
		t.Errorf("%+v", m)
	}
	rows := v.Nodes[1].Transaction.Rows
	if len(rows) != 3 || rows[0].Value != "EUR 250.00" || rows[1].Value != "ACME S.p.A." || rows[2].Label.Params["name"] != "when" {
		t.Errorf("%+v", rows)
	}
	for name, other := range map[string]*sdk.Transaction{"amount": pay("EUR 9250.00"), "none": nil,
		"type": {Type: "order", Payload: pay("EUR 250.00").Payload, Display: pay("EUR 250.00").Display}} {
		state, ctx := f.state, f.ctx
		f.ctx.Transaction = other
		if answer := f.next(inputCode, l.code()); reason(t, answer) != sdk.ReasonBadCredential {
			t.Errorf("another %s: %+v", name, answer)
		}
		f.state, f.ctx = state, ctx
	}
	answer := f.next(inputCode, l.code())
	if answer.Success == nil {
		t.Fatalf("%+v", answer.Failure)
	}
	var evidence struct {
		Transaction []byte `json:"transaction_sha256"`
	}
	if err := json.Unmarshal(answer.Success.Evidence, &evidence); err != nil || len(evidence.Transaction) != 32 {
		t.Errorf("%s: %v", answer.Success.Evidence, err)
	}

	f = l.login()
	f.ctx.Transaction = &sdk.Transaction{Type: "limit", Display: map[string]string{"new limit": "EUR 5000", "card": "1234"}}
	f.begin()
	if m := l.sent[len(l.sent)-1]; m.Template != "message.pigeon.transaction" || m.Params["details"] != "1234, EUR 5000" {
		t.Errorf("%+v", m)
	}
	// What cannot be told whole is not authorised at all.
	for _, display := range []map[string]string{nil, {"amount": "EUR 1", "payee": strings.Repeat("x", 400)}} {
		f := l.login()
		f.ctx.Transaction = &sdk.Transaction{Type: "payment", Display: display}
		if answer := f.begin(); answer.NotApplicable == nil || len(answer.Effects) > 0 {
			t.Errorf("%v: %+v", display, answer)
		}
	}
}

// A person who was merely named, one without an address, one who had their share and nobody at all: the same pages, whatever is typed.
func TestNobodyLooksTheSame(t *testing.T) {
	t.Parallel()
	script := func(l *loft, somebody bool) (pages []string) {
		f := l.login()
		f.ctx.Identified, f.ctx.FlowID = false, "flow-x"
		if !somebody {
			f.ctx.Subject = nil
		}
		note := func(r *sdk.StepResponse) {
			r.State, r.CredentialChanges, r.Effects = nil, nil, nil
			raw, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, string(raw))
		}
		note(f.begin())
		note(f.next(inputCode, "12"))
		note(f.next(inputAction, actionResend)) // too early
		f.now = f.now.Add(31 * time.Second)
		note(f.next(inputAction, actionResend))
		for range maxTries + 1 {
			code := "123456"
			if len(l.sent) > 0 && l.code() == code {
				code = "654321"
			}
			note(f.next(inputCode, code))
		}
		f.now = f.now.Add(10 * time.Minute)
		note(f.next(inputCode, "123456"))
		return pages
	}
	want := script(newLoft(t, `{}`).dove("dove-1"), true)
	full := newLoft(t, `{"max_per_15_minutes":1}`).dove("dove-1")
	full.login().begin()
	for name, got := range map[string][]string{
		"nobody":          script(newLoft(t, `{}`), false),
		"no address":      script(newLoft(t, `{}`), true),
		"only a hawk":     script(newLoft(t, `{}`).dove("hawk-1"), true),
		"several doves":   script(newLoft(t, `{}`).dove("dove-1").dove("dove-2"), true),
		"had their share": script(full, true),
	} {
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s, page %d: %s, unlike %s", name, i, got[i], want[i])
			}
		}
	}
	if len(full.sent) != 1 {
		t.Errorf("%d messages to somebody who had their share", len(full.sent))
	}
}

func TestNotEnrolled(t *testing.T) {
	t.Parallel()
	for _, l := range []*loft{newLoft(t, `{}`), newLoft(t, `{}`).dove("hawk-1")} {
		if answer := l.login().begin(); answer.NotApplicable == nil || answer.NotApplicable.Reason != sdk.ReasonNotEnrolled {
			t.Errorf("%+v", answer)
		}
	}
}

func TestSeveralAddresses(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1").dove("hawk-2").dove("dove-3")
	f := l.login()
	answer := f.begin()
	if len(answer.Effects) > 0 || says(&answer.Challenge.View) != "to  send" || len(answer.Challenge.View.Nodes[0].Choice.Options) != 2 {
		t.Fatalf("%+v", answer)
	}
	for _, to := range []string{"", "c2", "c9"} {
		if answer := f.next(inputTo, to); reason(t, answer) != sdk.ReasonInvalidInput || len(answer.Effects) > 0 {
			t.Errorf("%q: %+v", to, answer)
		}
	}
	f.next(inputTo, "c3")
	if len(l.sent) != 1 || l.sent[0].To != "dove-3" {
		t.Fatalf("%+v", l.sent)
	}
	f.now = f.now.Add(time.Minute)
	f.next(inputAction, actionResend)
	if len(l.sent) != 2 || l.sent[1].To != "dove-3" {
		t.Fatalf("%+v", l.sent)
	}
	if answer := f.next(inputCode, l.code()); answer.Success == nil || answer.Success.CredentialID != "c3" {
		t.Errorf("%+v", answer)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	f := l.login()
	for name, break_ := range map[string]func(*sdk.StepRequest){
		"not JSON":      func(r *sdk.StepRequest) { r.Credentials[0].Data = []byte("{") },
		"no address":    func(r *sdk.StepRequest) { r.Credentials[0].Data = []byte("{}") },
		"newer release": func(r *sdk.StepRequest) { r.Credentials[0].Version = 2 },
		"no method":     func(r *sdk.StepRequest) { r.Context.MethodID = "raven" },
	} {
		r := f.request(nil)
		break_(r)
		if answer, err := l.Continue(context.Background(), r); err == nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	f.state = []byte("not ours")
	if answer := f.next(inputCode, "123456"); reason(t, answer) != sdk.ReasonExpired || answer.Failure.Counts {
		t.Errorf("%+v", answer)
	}
	if err := l.Remove(context.Background(), "i"); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error){l.Begin, l.Continue, l.BeginEnroll, l.ContinueEnroll} {
		if _, err := do(context.Background(), f.request(nil)); status.Code(err) != codes.FailedPrecondition {
			t.Error(err)
		}
	}
}
