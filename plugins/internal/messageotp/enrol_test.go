package messageotp

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestBinding(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`)
	f := l.flow(true)
	if v := f.begin().Challenge.View; !strings.Contains(says(&v), "address") || len(l.sent) > 0 {
		t.Fatalf("%s", says(&v))
	}
	answer := f.next(inputAddress, "raven-1")
	if field := answer.Failure.View.Nodes[1].TextField; reason(t, answer) != sdk.ReasonInvalidInput || field.Value != "raven-1" || field.Error.Key != "error.address" {
		t.Errorf("%+v", field)
	}
	f.next(inputAddress, "dove-1")
	if len(l.sent) != 1 || l.sent[0].To != "dove-1" || l.sent[0].Template != "message.pigeon.enrol" {
		t.Fatalf("%+v", l.sent)
	}
	if answer := f.next(inputCode, l.wrong()); reason(t, answer) != sdk.ReasonBadCredential || !answer.Failure.Counts {
		t.Errorf("%+v", answer.Failure)
	}
	answer = f.next(inputCode, l.code())
	if answer.Success == nil || len(l.creds) != 1 || l.creds[0].Label != "…1" {
		t.Fatalf("%+v %+v", answer, l.creds)
	}
	var d data
	if err := json.Unmarshal(l.creds[0].Data, &d); err != nil || d.Address != "dove-1" || d.Verified != noon.Unix() || len(d.Sent) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	// The code that bound it signs nobody in.
	g := l.login()
	g.ctx.FlowID, g.state = f.ctx.FlowID, f.state
	if answer := g.next(inputCode, l.code()); answer.Success != nil {
		t.Error("the code counts twice")
	}
}

// Changing the address starts anew, and the messages of the flow stay counted.
func TestAnotherAddress(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`)
	f := l.flow(true)
	f.begin()
	f.next(inputAddress, "dove-1")
	old := l.code()
	if v := f.next(inputAction, actionChange).Challenge.View; !strings.Contains(says(&v), "address") {
		t.Fatal(says(&v))
	}
	if answer := f.next(inputAddress, "dove-2"); len(answer.Effects) > 0 || !strings.HasPrefix(says(&answer.Challenge.View), "resend.wait") {
		t.Errorf("at once: %+v", answer)
	}
	for n := range 10 {
		f.now = f.now.Add(10 * time.Minute)
		f.next(inputAddress, "dove-"+string(rune('2'+n)))
		if n == 0 {
			if answer := f.next(inputCode, old); answer.Success != nil {
				t.Error("the code of the address before counts")
			}
		}
		f.next(inputAction, actionChange)
	}
	if len(l.sent) != 4 {
		t.Errorf("one flow reached people %d times", len(l.sent))
	}
}

func TestBindingWhatIsBound(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1").dove("dove-2")
	f := l.flow(true)
	f.begin()
	if answer := f.next(inputAddress, "dove-3"); reason(t, answer) != sdk.ReasonInvalidInput || !strings.Contains(says(answer.Failure.View), "error.full") {
		t.Errorf("a third address: %+v", answer)
	}
	f.next(inputAddress, "dove-2")
	answer := f.next(inputCode, l.code())
	if answer.Success == nil || answer.Success.CredentialID != "c2" || len(l.creds) != 2 {
		t.Fatalf("%+v", answer)
	}
	if answer := f.next(inputCode, l.code()); answer.Success != nil {
		t.Error("the code counts twice")
	}
}

// Whoever may bind must not become a way to bother others: what they had sent counts with what they have.
func TestBindingHasTheSameShare(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	for range 20 {
		f := l.flow(true)
		f.begin()
		f.next(inputAddress, "dove-9")
	}
	if len(l.sent) != 5 {
		t.Errorf("%d messages", len(l.sent))
	}
	f := l.flow(true)
	f.begin()
	if answer := f.next(inputAddress, "dove-9"); !strings.HasPrefix(says(&answer.Challenge.View), "limit.wait") || !strings.Contains(says(&answer.Challenge.View), "address") {
		t.Errorf("the page says %s", says(&answer.Challenge.View))
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`)
	inputs := []sdk.ImportInput{}
	forms := []string{`{"dovecot":"dove-1"}`, `{"dovecot":"hawk-1"}`, `{"dovecot":"raven-1"}`, `{"dovecot":""}`, `{"dovecot":"dove-1","x":"y"}`, `{"dovecot":7}`, `[]`, ``}
	for _, form := range forms {
		inputs = append(inputs, sdk.ImportInput{Subject: sdk.Subject{ID: "sub-1"}, JSON: []byte(form)})
	}
	results, err := l.ImportCredentials(context.Background(), "i", inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", forms[i], err)
		}
		if (r.Error == "") != (i < 2) {
			t.Errorf("%s: %+v", forms[i], r)
		}
	}
	l.creds = []sdk.Credential{{ID: "c1", Data: results[0].Change.Data, Revision: 1, Version: 1}}
	f := l.login()
	f.begin()
	if answer := f.next(inputCode, l.code()); answer.Success == nil {
		t.Errorf("%+v", answer.Failure)
	}
}
