package delivery

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/tx"
)

func TestQueueIsAllOrNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, twoSMS)
		boom := errors.New("the step failed after it queued")
		err := s.InTx(t.Context(), func(q tx.Q) error {
			if err := r.Queue(t.Context(), q, code("a"), code("b")); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("InTx = %v", err)
		}
		if m, j := r.count(t, `SELECT count(*) FROM message`), r.count(t, `SELECT count(*) FROM river_job`); m != 0 || j != 0 {
			t.Fatalf("after a rollback there are %d messages and %d jobs", m, j)
		}
		r.queue(t, code("a"), code("b"))
		if m, j := r.count(t, `SELECT count(*) FROM message`), r.count(t, `SELECT count(*) FROM river_job`); m != 2 || j != 2 {
			t.Fatalf("after a commit there are %d messages and %d jobs, want 2 and 2", m, j)
		}
	})
}

func TestQueueNeedsATransaction(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, twoSMS)
		if err := r.Queue(t.Context(), s, code("a")); err == nil {
			t.Error("a message was queued outside a transaction")
		}
		if err := r.Queue(t.Context(), s); err != nil {
			t.Errorf("queueing nothing = %v", err)
		}
	})
}

func TestOneKeyIsSentOnceUnderEightRacers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, twoSMS)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := s.InTx(t.Context(), func(q tx.Q) error { return r.Queue(t.Context(), q, code("same")) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m, j := r.count(t, `SELECT count(*) FROM message`), r.count(t, `SELECT count(*) FROM river_job`); m != 1 || j != 1 {
			t.Fatalf("eight racers left %d messages and %d jobs, want 1 and 1", m, j)
		}
		var rec recorder
		r.work(t, &rec)
		r.settle(t)
		if n := len(rec.all()); n != 1 {
			t.Fatalf("sent %d times", n)
		}
	})
}

func TestKeysOfOthersDoNotSilence(t *testing.T) {
	t.Parallel()
	r := newRig(t, newStore(t, SQLite), twoSMS)
	other, person := code("1"), code("1")
	other.Instance, person.Subject = "other", "sub-2"
	r.queue(t, code("1"), other, person, code("1"))
	if n := r.count(t, `SELECT count(*) FROM message`); n != 3 {
		t.Errorf("%d messages, want one for each instance and person", n)
	}
}

func TestNothingReadableAtRest(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, twoSMS)
		r.queue(t, code("flow-7/code"))
		secrets := []string{"918273", "39333000111", "flow-7"}
		row := r.rows(t)[0]
		var job string
		cast := `SELECT CAST(args AS TEXT) || CAST(metadata AS TEXT) FROM river_job`
		if s.engine == SQLite {
			cast = `SELECT json(args) || json(metadata) FROM river_job`
		}
		if err := s.QueryRowContext(t.Context(), cast).Scan(&job); err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			for _, stored := range []string{job, row.Key, row.ID, row.Template, string(row.Sealed)} {
				if strings.Contains(stored, secret) {
					t.Errorf("%q is readable in %q", secret, stored)
				}
			}
		}
		if !strings.Contains(job, row.ID) {
			t.Errorf("the job %s does not name its message", job)
		}
		var rec recorder
		r.work(t, &rec)
		row = r.settle(t)[0]
		if row.State != Sent || len(row.Sealed) != 0 {
			t.Errorf("a sent message is %s and still holds %d sealed bytes", row.State, len(row.Sealed))
		}
		if m := rec.all()[0]; m.Body != "Your code is 918273." || m.To != "+39333000111" || m.InstanceID != "first" || m.Subject != "" {
			t.Errorf("sent %+v", m)
		}
		if row.ProviderID != "SM-"+row.Key || row.Sender != "first" || row.Attempts != 1 {
			t.Errorf("stored %+v", row)
		}
		for _, secret := range secrets {
			if strings.Contains(r.log.String(), secret) {
				t.Errorf("%q is in the log:\n%s", secret, r.log)
			}
		}
	})
}

func TestNowhereToGo(t *testing.T) {
	t.Parallel()
	r := newRig(t, newStore(t, SQLite), map[string][]string{SMS: {"first"}})
	homeless := code("no address")
	homeless.To = ""
	mail1, mail2 := code("mail 1"), code("mail 2")
	mail1.Channel, mail2.Channel = Email, Email
	r.queue(t, homeless, mail1)
	r.queue(t, mail2)
	if n := r.count(t, `SELECT count(*) FROM river_job`); n != 0 {
		t.Errorf("%d jobs for messages that nobody can send", n)
	}
	dead, err := r.List(t.Context(), r.store, Undeliverable, Cursor{}, 10)
	if err != nil || len(dead) != 3 {
		t.Fatalf("List = %d rows, %v", len(dead), err)
	}
	kinds := map[string]int{}
	for _, m := range dead {
		kinds[m.LastErrorKind]++
	}
	if kinds[KindNoAddress] != 1 || kinds[KindNoChannel] != 2 {
		t.Errorf("kinds %v", kinds)
	}
	if n := strings.Count(r.log.String(), "no delivery channel"); n != 1 {
		t.Errorf("warned %d times, want once for the kind:\n%s", n, r.log)
	}
}

func TestChannelRemovedAfterQueueing(t *testing.T) {
	t.Parallel()
	s := newStore(t, SQLite)
	newRig(t, s, twoSMS).queue(t, code("a"))
	after := newRig(t, s, nil)
	after.work(t, senderFunc(func(context.Context, sdk.Message) (*sdk.SendResult, error) { panic("not reached") }))
	if m := after.settle(t)[0]; m.State != Undeliverable || m.LastErrorKind != KindNoChannel || m.Attempts != 0 {
		t.Errorf("%+v", m)
	}
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, newStore(t, SQLite), twoSMS)
	many := map[string]string{}
	for i := range maxParams + 1 {
		many[strings.Repeat("x", i+1)] = ""
	}
	for name, spoil := range map[string]func(*Message){
		"no key":        func(m *Message) { m.Key = "" },
		"long key":      func(m *Message) { m.Key = strings.Repeat("k", maxKey+1) },
		"no channel":    func(m *Message) { m.Channel = "" },
		"odd channel":   func(m *Message) { m.Channel = "pigeon" },
		"no text":       func(m *Message) { m.Template = "" },
		"NUL in text":   func(m *Message) { m.Template = "a\x00" },
		"not UTF-8":     func(m *Message) { m.Template = "\xff" },
		"long address":  func(m *Message) { m.To = strings.Repeat("1", maxTo+1) },
		"header":        func(m *Message) { m.To = "a@b.test\r\nBcc: c@d.test" },
		"long value":    func(m *Message) { m.Params = map[string]string{"a": strings.Repeat("v", maxContent)} },
		"many values":   func(m *Message) { m.Params = many },
		"long text key": func(m *Message) { m.Template = strings.Repeat("t", maxTemplate+1) },
	} {
		m := code(name)
		spoil(&m)
		err := r.store.InTx(t.Context(), func(q tx.Q) error { return r.Queue(t.Context(), q, code("good "+name), m) })
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Queue = %v, want invalid", name, err)
		}
	}
	if n := r.count(t, `SELECT count(*) FROM message`); n != 0 {
		t.Errorf("%d messages were stored beside malformed ones", n)
	}
}

func TestListPagesNewestFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *testStore) {
		r := newRig(t, s, nil)
		at := time.Now()
		for i := range 5 {
			r.Now = func() time.Time { return at.Add(time.Duration(i/2) * time.Second) } // ties on purpose
			r.queue(t, code(strings.Repeat("k", i+1)))
		}
		var seen []Row
		for after := (Cursor{}); ; {
			page, err := r.List(t.Context(), s, Undeliverable, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			seen = append(seen, page...)
			last := page[len(page)-1]
			after = Cursor{CreatedAt: last.CreatedAt, ID: last.ID}
		}
		if len(seen) != 5 {
			t.Fatalf("paged over %d rows, want 5", len(seen))
		}
		for i := 1; i < len(seen); i++ {
			if seen[i].CreatedAt.After(seen[i-1].CreatedAt) || seen[i].ID == seen[i-1].ID {
				t.Errorf("row %d is out of order", i)
			}
		}
	})
}

func TestEffects(t *testing.T) {
	t.Parallel()
	claims := []byte(`{"email":"ada@example.test","phone_number":"+391","locale":"it-IT"}`)
	for name, tc := range map[string]struct {
		e            sdk.Effect
		r            Recipient
		to, language string
	}{
		"own phone":      {sdk.Effect{Channel: SMS}, Recipient{Claims: claims}, "+391", "it-IT"},
		"own voice":      {sdk.Effect{Channel: Voice}, Recipient{Claims: claims}, "+391", "it-IT"},
		"own mail":       {sdk.Effect{Channel: Email}, Recipient{Claims: claims, Locale: "en"}, "ada@example.test", "en"},
		"given address":  {sdk.Effect{Channel: Email, To: "x@y.test"}, Recipient{Claims: claims}, "x@y.test", "it-IT"},
		"push has none":  {sdk.Effect{Channel: Push}, Recipient{Claims: claims}, "", "it-IT"},
		"no claims":      {sdk.Effect{Channel: SMS}, Recipient{}, "", ""},
		"broken claims":  {sdk.Effect{Channel: SMS}, Recipient{Claims: []byte(`{"phone_number":7}`)}, "", ""},
		"other language": {sdk.Effect{Channel: SMS}, Recipient{Claims: []byte(`{}`), Locale: "de"}, "", "de"},
	} {
		if m := FromEffect("otp", tc.e, tc.r); m.To != tc.to || m.Locale != tc.language || m.Instance != "otp" {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
