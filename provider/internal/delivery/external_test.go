package delivery_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/inbox"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/store/sqlstore"
	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
	"github.com/varco-id/varco/provider/internal/store/storetest/sqltest"
	"github.com/varco-id/varco/provider/internal/tx"
)

func init() { delivery.EmptyPostgreSQL = pgtest.EmptyDSN }

// TestNoticeReachesTheInbox is the whole way with the real parts: the store's transaction and tables, sealing, the worker, the
// texts, and the inbox plugin behind gRPC.
func TestNoticeReachesTheInbox(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *sqlstore.Store{"postgres": pgtest.Open, "sqlite": sqltest.Open} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			kek, err := sealing.NewRawKEK(bytes.Repeat([]byte{7}, 32))
			if err != nil {
				t.Fatal(err)
			}
			box, err := sealing.Open(t.Context(), store, kek)
			if err != nil {
				t.Fatal(err)
			}
			outbox, err := delivery.NewOutbox(delivery.Options{
				Engine: delivery.Engine(store.Dialect()), Pool: store.SQL(), Store: store, Box: box,
				Channels: map[string][]string{delivery.Email: {sdktest.InstanceID}}, Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			plugin := sdktest.Start(t, inbox.New(), `{"directory": "`+dir+`"}`)
			over := make(chan delivery.State, 1)
			worker := delivery.NewWorker(outbox, delivery.WorkerOptions{DB: store, Sender: plugin,
				Done: func(_, _ string, s delivery.State, _ time.Duration) { over <- s }})
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- worker.Run(ctx) }()

			to := delivery.Recipient{Subject: "sub-1", Locale: "it", Claims: []byte(`{"email":"ada@example.test"}`)}
			notice := delivery.Notice(delivery.NoticeRemoved, to,
				delivery.NoticeDetails{Key: "cred-1", Brand: "Banca Demo", Method: "App", At: time.Now()})
			for range 2 { // a step that is run again
				if err := store.InTx(ctx, func(q tx.Q) error { return outbox.Queue(ctx, q, notice) }); err != nil {
					t.Fatal(err)
				}
			}
			outbox.Wake()
			if s := <-over; s != delivery.Sent {
				t.Errorf("the notice is %s", s)
			}
			stop()
			if err := <-done; err != nil {
				t.Errorf("Run = %v", err)
			}
			got, err := inbox.Read(dir)
			if err != nil || len(got) != 1 {
				t.Fatalf("the inbox holds %d messages, %v", len(got), err)
			}
			if m := got[0]; m.To != "ada@example.test" || m.Kind != delivery.Email || !strings.HasPrefix(m.Subject, "Banca Demo: ") ||
				!strings.Contains(m.Body, "App") {
				t.Errorf("%+v", m)
			}
			sent, err := outbox.List(t.Context(), store, delivery.Sent, delivery.Cursor{}, 10)
			if err != nil || len(sent) != 1 || sent[0].ProviderID != got[0].ID {
				t.Errorf("List = %+v, %v", sent, err)
			}
		})
	}
}
