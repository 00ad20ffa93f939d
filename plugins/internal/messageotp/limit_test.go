package messageotp

import (
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// A flow gets its first message and three more, each after a longer pause.
func TestResends(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{"max_per_15_minutes":20}`).dove("dove-1")
	f := l.login()
	f.begin()
	for n, pause := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		f.now = f.now.Add(pause - time.Second)
		if answer := f.next(inputAction, actionResend); len(answer.Effects) > 0 || !strings.HasPrefix(says(&answer.Challenge.View), "resend.wait") {
			t.Errorf("message %d came early", n+2)
		}
		f.now = f.now.Add(time.Second)
		before := l.code()
		if answer := f.next(inputAction, actionResend); len(answer.Effects) != 1 {
			t.Errorf("message %d did not come: %s", n+2, says(&answer.Challenge.View))
		}
		if n == 0 && before != l.code() {
			if answer := f.next(inputCode, before); reason(t, answer) != sdk.ReasonBadCredential {
				t.Errorf("the code before counts: %+v", answer)
			}
		}
	}
	f.now = f.now.Add(time.Hour)
	if answer := f.next(inputAction, actionResend); len(answer.Effects) > 0 || !strings.HasPrefix(says(&answer.Challenge.View), "resend.enough") {
		t.Errorf("a fifth message: %+v", answer)
	}
	keys := map[string]bool{}
	for _, m := range l.sent {
		keys[m.IdempotencyKey] = true
	}
	if len(keys) != 4 {
		t.Errorf("%d keys of %d messages", len(keys), len(l.sent))
	}
}

// A person gets five messages in a quarter of an hour and twenty in a day, however many flows ask.
func TestAPersonsShare(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	var at []time.Duration
	for m := range 24 * 60 * 2 {
		l.now = noon.Add(time.Duration(m) * time.Minute)
		if answer := l.login().begin(); len(answer.Effects) > 0 {
			at = append(at, time.Duration(m)*time.Minute)
		} else if says(&answer.Challenge.View) != "limit.wait resend" {
			t.Fatalf("at minute %d: %s", m, says(&answer.Challenge.View))
		}
	}
	if len(at) != 40 || at[4] != 4*time.Minute || at[5] != 15*time.Minute || at[20] != 24*time.Hour {
		t.Errorf("%d messages, at %v", len(at), at)
	}
}

// Strangers who only type a name get half of it, so that the person can still sign in.
func TestStrangersShare(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{}`).dove("dove-1")
	for range 20 {
		f := l.login()
		f.ctx.Identified = false
		f.begin()
	}
	if len(l.sent) != 3 {
		t.Errorf("strangers had %d messages sent", len(l.sent))
	}
	if answer := l.login().begin(); len(answer.Effects) != 1 {
		t.Error("the person gets none")
	}
}

// Begins at once on many replicas: each expects the same revision, so one of them commits and the others see its message.
func TestSendsAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{"max_per_15_minutes":1}`).dove("dove-1")
	one, err1 := l.Begin(t.Context(), l.login().request(nil))
	two, err2 := l.Begin(t.Context(), l.login().request(nil))
	if err1 != nil || err2 != nil || len(one.CredentialChanges) != 1 || len(two.CredentialChanges) != 1 ||
		one.CredentialChanges[0].ExpectedRevision != two.CredentialChanges[0].ExpectedRevision {
		t.Fatalf("%+v %v, %+v %v", one, err1, two, err2)
	}
	l.commit(one)
	if rerun := l.login().begin(); len(rerun.Effects) > 0 {
		t.Error("the second was sent too")
	}
}

// What is remembered stays small.
func TestDataIsPruned(t *testing.T) {
	t.Parallel()
	l := newLoft(t, `{"max_per_day":100,"max_per_15_minutes":20}`).dove("dove-1")
	for range 300 {
		l.now = l.now.Add(20 * time.Minute)
		f := l.login()
		f.begin()
		if answer := f.next(inputCode, l.code()); answer.Success == nil {
			t.Fatalf("%+v", answer.Failure)
		}
	}
	if n := len(l.creds[0].Data); n > 2048 {
		t.Errorf("%d bytes", n)
	}
}
