package callback_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/varco-id/varco/provider/internal/callback/callbacktest"
	"github.com/varco-id/varco/provider/internal/login"
)

// Two callbacks of one phone at once, on two replicas: each is judged on the counter that the other left, so that one with an old
// counter never passes.
func TestCallbacksOfOnePhoneAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	second := r.replica()
	phone := r.phone(r.lead, "phone-1")
	r.person("anna", phone)
	anna := r.browser()
	anna.begin(r.lead, "anna")
	operation := one(t, phone)
	body := []byte(`{"operation":"` + operation + `","decision":"look","counter":7}`) // a signal that decides nothing
	var heard, over atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		p := *r.lead
		if i%2 == 1 {
			p = *second
		}
		twin := phone.Twin(p.server.URL+"/plugins/phone", p.server.Client())
		all.Go(func() {
			status, got, err := twin.Call(http.MethodPost, "/devices/phone-1/answer", body)
			switch {
			case err != nil:
				t.Error(err)
			case status == http.StatusOK:
				heard.Add(1)
			case status == http.StatusConflict:
				over.Add(1)
			default:
				t.Errorf("%d %s", status, got)
			}
		})
	}
	all.Wait()
	if heard.Load() != 1 || over.Load() != 7 {
		t.Errorf("%d of 8 answers with one counter were heard, %d refused", heard.Load(), over.Load())
	}
}

// The phone approves while the person presses "another method", again and again: the login either ends or shows the other method, and
// never both; no approval is counted for a step that it was not given to.
func TestApprovalAgainstThePage(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"away": "https://portal.test/approve"}`)
	second := r.replica()
	r.lead.running(t)
	second.running(t)
	ended, moved := 0, 0
	for i := range 12 {
		phone := r.phone(second, fmt.Sprintf("phone-%d", i))
		name := fmt.Sprintf("anna%d", i)
		r.person(name, phone)
		anna := r.browser()
		page := anna.begin(r.lead, name)
		operation := one(t, phone)
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := phone.Answer(operation, "approve"); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			_, err := r.lead.logins.Submit(t.Context(), page.Flow, anna.Browser,
				login.Submission{Version: page.Version, Action: login.ActionChoose, Method: "phone/portal"})
			if err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		var p *login.Page
		eventually(t, "settled", func() bool {
			p = anna.look(second, page.Flow)
			return p.Answer != nil || p.Step != nil && p.Step.Method == "phone/portal"
		})
		if p.Answer != nil {
			ended++
			continue
		}
		moved++
		// Whatever the phone said was said to the step that is over.
		var signals int
		must(t, r.lead.store.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM flow_signal WHERE flow = $1", page.Flow).Scan(&signals))
		if signals != 0 {
			t.Errorf("%d signals are left to a flow that went another way", signals)
		}
	}
	t.Logf("%d logins ended, %d went another way", ended, moved)
	if ended+moved != 12 {
		t.Errorf("%d and %d of 12", ended, moved)
	}
}

// Every replica looks after flows that are due, and each look asks the plugin once.
func TestTimersAreTakenByOneReplica(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{"poll_after": 500}`)
	replicas := []*replica{r.lead, r.replica(), r.replica()}
	const people = 8
	pages := make([]*login.Page, people)
	browsers := make([]*browser, people)
	phones := make([]*callbacktest.Phone, people)
	for i := range people {
		phones[i] = r.phone(r.lead, fmt.Sprintf("phone-%d", i))
		name := fmt.Sprintf("anna%d", i)
		r.person(name, phones[i])
		browsers[i] = r.browser()
		pages[i] = browsers[i].begin(replicas[i%3], name)
	}
	for _, p := range replicas {
		p.running(t)
	}
	for i := range people {
		if done := browsers[i].await(replicas[(i+1)%3], pages[i]); done.Answer == nil {
			t.Errorf("login %d did not end: %+v", i, done)
		}
	}
	if n := r.plugins.called("continue"); n != 3*people {
		t.Errorf("Continue was called %d times for %d looks", n, 3*people)
	}
}
