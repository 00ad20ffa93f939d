package storetest

import (
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/store"
)

var messageRules = []rule{
	{"a message's key is taken once", messageKey},
	{"a message is updated by compare-and-set", messageUpdate},
	{"messages page, newest first", messagePages},
	{"only finished messages are pruned", messagesPruned},
}

func message(id string, at time.Time) delivery.Row {
	return delivery.Row{
		ID: id, Key: "key-" + id, Channel: "sms", Instance: "smsotp", Subject: "anna", Template: "code", Sealed: []byte{0, 1},
		State: delivery.Queued, Credential: "c1", Revision: 1, ExpiresAt: at.Add(time.Hour), CreatedAt: at, UpdatedAt: at,
	}
}

func messageKey(t *testing.T, s store.Store) {
	ctx := t.Context()
	m := message("m1", noon)
	same(t, must(s.InsertMessage(ctx, s, m))(t), true)
	twin := message("m2", noon)
	twin.Key = m.Key
	same(t, must(s.InsertMessage(ctx, s, twin))(t), false)
	same(t, must(s.Message(ctx, s, "m1"))(t), &m)
	_, err := s.Message(ctx, s, "m2")
	wantKind(t, err, fault.NotFound, "the message whose key was taken")
}

func messageUpdate(t *testing.T, s store.Store) {
	ctx := t.Context()
	m := message("m1", noon)
	must(s.InsertMessage(ctx, s, m))(t)
	m.Sealed, m.State, m.Attempts, m.Sender, m.ProviderID, m.LastErrorKind, m.UpdatedAt = nil, delivery.Sent, 2, "twilio", "SM1", "busy", noon.Add(time.Minute)
	m.Report = sdk.DeliveryGone
	check(t, s.UpdateMessage(ctx, s, m))
	want := m
	want.Revision = 2
	same(t, must(s.Message(ctx, s, "m1"))(t), &want)
	wantKind(t, s.UpdateMessage(ctx, s, m), fault.Conflict, "an old revision")
	same(t, must(s.MessageByProviderID(ctx, s, "twilio", "SM1"))(t), "m1")
	for _, other := range [][2]string{{"other", "SM1"}, {"twilio", "SM2"}, {"twilio", ""}} {
		_, err := s.MessageByProviderID(ctx, s, other[0], other[1])
		wantKind(t, err, fault.NotFound, "the message of another channel, or without an id")
	}
}

func messagePages(t *testing.T, s store.Store) {
	ctx := t.Context()
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		must(s.InsertMessage(ctx, s, message(id, noon.Add(time.Duration(i/2)*time.Minute))))(t)
	}
	failed := message("f", noon)
	failed.State = delivery.Failed
	must(s.InsertMessage(ctx, s, failed))(t)
	var seen []string
	var after delivery.Cursor
	for {
		page := must(s.ListMessages(ctx, s, delivery.Queued, after, 2))(t)
		for _, m := range page {
			seen = append(seen, m.ID)
			if m.Sealed != nil {
				t.Errorf("a list shows what message %s says", m.ID)
			}
			after = delivery.Cursor{CreatedAt: m.CreatedAt, ID: m.ID}
		}
		if len(page) < 2 {
			break
		}
	}
	same(t, seen, []string{"e", "d", "c", "b", "a"})
}

func messagesPruned(t *testing.T, s store.Store) {
	ctx := t.Context()
	for id, state := range map[string]delivery.State{"q": delivery.Queued, "s": delivery.Sending, "ok": delivery.Sent, "bad": delivery.Failed} {
		m := message(id, noon.Add(-time.Hour))
		m.State = state
		must(s.InsertMessage(ctx, s, m))(t)
	}
	recent := message("recent", noon)
	recent.State = delivery.Sent
	must(s.InsertMessage(ctx, s, recent))(t)
	same(t, must(s.PruneMessages(ctx, s, noon, 1))(t), int64(1))
	same(t, must(s.PruneMessages(ctx, s, noon, 10))(t), int64(1))
	same(t, must(s.PruneMessages(ctx, s, noon, 10))(t), int64(0))
}
