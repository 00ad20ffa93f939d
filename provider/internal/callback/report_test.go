package callback_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// gateway is a push gateway that answers the same to everybody.
type gateway struct {
	mu   sync.Mutex
	res  sdk.SendResult
	sent []sdk.Message
}

func (g *gateway) Send(_ context.Context, m sdk.Message) (*sdk.SendResult, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent = append(g.sent, m)
	res := g.res
	return &res, nil
}

type texts struct{}

func (texts) Text(string, string, string) (string, bool) { return "Approve your login", true }

// sending runs the outbox of a replica until the test ends.
func (p *replica) sending(t *testing.T, to delivery.Sender) {
	t.Helper()
	w := delivery.NewWorker(p.outbox, delivery.WorkerOptions{DB: p.store, Sender: to, Texts: texts{}, Report: p.handler.Report})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-done)
	})
}

// data is what the plugin keeps of a person's phone.
func (r *rig) data(sub string) string {
	r.t.Helper()
	creds, err := r.lead.store.CredentialsOf(r.t.Context(), r.lead.store, sub)
	must(r.t, err)
	for _, c := range creds {
		if c.Instance == "phone" {
			data, err := r.lead.box.Open(sealing.ClassCredential, c.Sealed, "credential", c.ID, c.Instance, c.Subject)
			must(r.t, err)
			return string(data)
		}
	}
	r.t.Fatal("no phone")
	return ""
}

// states counts the messages in a state.
func (r *rig) states(s delivery.State) int {
	r.t.Helper()
	rows, err := r.lead.outbox.List(r.t.Context(), r.lead.store, s, delivery.Cursor{}, 100)
	must(r.t, err)
	return len(rows)
}

// A push token that is dead is dropped by the instance that asked for the push, and the login goes on without it.
func TestDeadPushToken(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	phone := r.phone(r.lead, "phone-1")
	sub := r.person("anna", phone)
	g := &gateway{res: sdk.SendResult{Permanent: true, Gone: true}}
	r.lead.sending(t, g)
	anna := r.browser()
	page := anna.begin(r.lead, "anna")
	eventually(t, "the token is dropped", func() bool { return !strings.Contains(r.data(sub), "push-token") })
	if n := r.plugins.called("delivery"); n != 1 {
		t.Errorf("the instance was told %d times", n)
	}
	decide(t, phone, one(t, phone), "approve", 200)
	if done := anna.await(r.lead, page); done.Answer == nil {
		t.Errorf("the login did not end: %+v", done)
	}
}

// What happens to the plugin while it is told does not lose the news: it is told again, and what it does is committed with that it was told.
func TestReportIsRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	sub := r.person("anna", r.phone(r.lead, "phone-1"))
	var row delivery.Report
	creds, err := r.lead.store.CredentialsOf(t.Context(), r.lead.store, sub)
	must(t, err)
	row = delivery.Report{Instance: "phone", Subject: sub, Credential: creds[1].ID, Key: "k", Status: sdk.DeliveryGone}
	told := 0
	done := func(context.Context, tx.Q) error { told++; return nil }
	r.plugins.on(func(op string) error {
		if op == "delivery" {
			return errDown
		}
		return nil
	})
	if err := r.lead.handler.Report(t.Context(), row, done); err == nil || told != 0 || !strings.Contains(r.data(sub), "push-token") {
		t.Errorf("told a plugin that is down: %v, %d", err, told)
	}
	r.plugins.on(nil)
	if err := r.lead.handler.Report(t.Context(), row, func(context.Context, tx.Q) error { return context.Canceled }); err == nil || !strings.Contains(r.data(sub), "push-token") {
		t.Errorf("committed without that it was told: %v", err)
	}
	must(t, r.lead.handler.Report(t.Context(), row, done))
	if told != 1 || strings.Contains(r.data(sub), "push-token") {
		t.Errorf("told %d times, and kept %s", told, r.data(sub))
	}
	row.Credential = "gone"
	must(t, r.lead.handler.Report(t.Context(), row, done))
	row.Instance = "pw" // takes no callbacks
	must(t, r.lead.handler.Report(t.Context(), row, done))
	if told != 3 {
		t.Errorf("news for nobody is kept: %d", told)
	}
}

// A channel's receipt settles a message of its own once, and reaches the instance that asked for it.
func TestReceipts(t *testing.T) {
	t.Parallel()
	r := newRig(t, `{}`)
	sub := r.person("anna", r.phone(r.lead, "phone-1"))
	r.lead.sending(t, &gateway{res: sdk.SendResult{Accepted: true, ProviderID: "SM1"}})
	anna := r.browser()
	anna.begin(r.lead, "anna")
	eventually(t, "sent", func() bool { return r.states(delivery.Sent) == 1 })
	receive := func(sender string, status sdk.DeliveryStatus) {
		t.Helper()
		must(t, r.lead.store.InTx(t.Context(), func(q tx.Q) error {
			return r.lead.outbox.Receive(t.Context(), q, sender, []sdk.Receipt{{ProviderID: "SM1", Status: status}, {ProviderID: "SM2", Status: status}})
		}))
		r.lead.outbox.Wake()
	}
	receive("another channel", sdk.DeliveryGone)
	if r.states(delivery.Sent) != 1 {
		t.Fatal("another channel's receipt counts")
	}
	receive("gateway", sdk.DeliveryGone)
	eventually(t, "the token is dropped", func() bool { return !strings.Contains(r.data(sub), "push-token") })
	receive("gateway", sdk.DeliveryDelivered)
	if r.states(delivery.Failed) != 1 || r.states(delivery.Delivered) != 0 {
		t.Error("a later receipt changed what was settled")
	}
	if n := r.plugins.called("delivery"); n != 1 {
		t.Errorf("the instance was told %d times", n)
	}
}
