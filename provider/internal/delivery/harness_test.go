package delivery

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/tx"
)

// senderFunc is a channel.
type senderFunc func(ctx context.Context, m sdk.Message) (*sdk.SendResult, error)

func (f senderFunc) Send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	return f(ctx, m)
}

// recorder accepts everything and remembers it.
type recorder struct {
	mu   sync.Mutex
	sent []sdk.Message
}

func (r *recorder) Send(_ context.Context, m sdk.Message) (*sdk.SendResult, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, m)
	return &sdk.SendResult{Accepted: true, ProviderID: "SM-" + m.IdempotencyKey}, nil
}

func (r *recorder) all() []sdk.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]sdk.Message(nil), r.sent...)
}

// syncBuffer is a log that tests read while the worker writes.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// rig is an outbox on a database of its own.
type rig struct {
	*Outbox
	store *testStore
	log   *syncBuffer
}

var twoSMS = map[string][]string{SMS: {"first", "second"}, Email: {"post"}}

// pluginTexts is the catalogue of a plugin instance named "otp".
type pluginTexts map[string]string

func (p pluginTexts) Text(instance, _, key string) (string, bool) {
	s, ok := p[instance+"/"+key]
	return s, ok
}

var otpTexts = pluginTexts{"otp/code": "Your code is {code}.", "otp/broken": "Your code is {code"}

func newRig(t testing.TB, s *testStore, channels map[string][]string) *rig {
	t.Helper()
	r := &rig{store: s, log: &syncBuffer{}}
	var err error
	r.Outbox, err = NewOutbox(Options{
		Engine: s.engine, Pool: s.pool, Store: s, Box: testBox{}, Channels: channels,
		Log: slog.New(slog.NewJSONHandler(r.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) queue(t *testing.T, m ...Message) {
	t.Helper()
	if err := r.store.InTx(t.Context(), func(q tx.Q) error { return r.Queue(t.Context(), q, m...) }); err != nil {
		t.Fatal(err)
	}
	r.Wake()
}

// code is what a one-time-code plugin asks for.
func code(key string) Message {
	return Message{
		Key: key, Instance: "otp", Subject: "sub-1", Channel: SMS, To: "+39333000111", Locale: "it", Template: "code",
		Params: map[string]string{"code": "918273"}, ExpiresAt: time.Now().Add(5 * time.Minute),
	}
}

// work runs a worker until the test ends.
func (r *rig) work(t *testing.T, sender Sender, change ...func(*WorkerOptions)) *Worker {
	t.Helper()
	w := r.worker(sender, change...)
	run(t, w)
	return w
}

// run runs a worker until the test ends.
func run(t *testing.T, w *Worker) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func (r *rig) worker(sender Sender, change ...func(*WorkerOptions)) *Worker {
	o := WorkerOptions{DB: r.store, Sender: sender, Texts: otpTexts}
	for _, f := range change {
		f(&o)
	}
	w := NewWorker(r.Outbox, o)
	w.poll, w.textTries = 100*time.Millisecond, 1
	return w
}

// rows returns every message of the database, by key of creation.
func (r *rig) rows(t *testing.T) []Row {
	t.Helper()
	rows, err := r.store.QueryContext(t.Context(), `SELECT `+columns+` FROM message ORDER BY created_at, id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []Row
	for rows.Next() {
		m, err := scan(rows)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *m)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func (r *rig) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := r.store.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// settle waits until every message is over and returns them.
func (r *rig) settle(t *testing.T) []Row {
	t.Helper()
	for deadline := time.Now().Add(45 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		rows := r.rows(t)
		over := true
		for _, m := range rows {
			over = over && m.State.Final()
		}
		if over {
			return rows
		}
		if time.Now().After(deadline) {
			t.Fatalf("messages are not over: %+v\n%s", rows, r.log)
		}
	}
}
