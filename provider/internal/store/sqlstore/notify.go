package sqlstore

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/varco-id/varco/provider/internal/id"
)

const (
	notifyChannel = "varco"
	flushTimeout  = 2 * time.Second
	minBackoff    = 100 * time.Millisecond
	maxBackoff    = 5 * time.Second
	probePeriod   = 20 * time.Second // a connection whose other end vanished is found by asking
	probeTimeout  = 5 * time.Second
)

// notifier carries wake-ups over PostgreSQL's LISTEN and NOTIFY: one connection that listens for the whole process, and
// one statement for all topics that became due while the last one was on its way.
type notifier struct {
	store  *Store
	config *pgx.ConnConfig
	sender string // marks what this process sent, which it need not hear
	log    *slog.Logger

	mu      sync.Mutex
	due     map[string]struct{}
	closed  bool
	kick    chan struct{}
	sending sync.Once
	hearing sync.Once
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
}

var (
	_ waker = (*notifier)(nil)
	_ waker = (*hub)(nil)
)

func newNotifier(s *Store, listen *pgx.ConnConfig) *notifier {
	ctx, stop := context.WithCancel(context.Background())
	return &notifier{store: s, config: listen, sender: id.New(), log: s.opts.Log, due: make(map[string]struct{}),
		kick: make(chan struct{}, 1), ctx: ctx, stop: stop}
}

func (n *notifier) wake(topic string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.due[topic] = struct{}{}
	n.sending.Do(func() { n.running.Go(n.send) })
	select {
	case n.kick <- struct{}{}:
	default:
	}
}

func (n *notifier) listen() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.hearing.Do(func() { n.running.Go(n.hear) })
	}
}

// close sends what is due: a command that changed a registration ends right after it said so.
func (n *notifier) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.stop()
	n.running.Wait()
}

func (n *notifier) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	payloads := make([]string, 0, len(n.due))
	for topic := range n.due {
		payloads = append(payloads, n.sender+" "+topic)
	}
	clear(n.due)
	return payloads
}

func (n *notifier) send() {
	for {
		select {
		case <-n.kick:
			n.flush()
		case <-n.ctx.Done():
			n.flush()
			return
		}
	}
}

// flush gives up after one failure: those who missed it look by themselves, and are woken when their connection comes back.
func (n *notifier) flush() {
	payloads := n.take()
	if len(payloads) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	_, err := n.store.pool.Exec(ctx, "SELECT pg_notify('"+notifyChannel+"', t) FROM unnest($1::text[]) AS t", payloads)
	if err != nil {
		n.log.Warn("waking the other replicas failed", "error", err, "topics", len(payloads))
	}
}

// hear keeps one connection listening until the store closes.
func (n *notifier) hear() {
	wait := minBackoff
	for n.ctx.Err() == nil {
		began := time.Now()
		err := n.hearOnce()
		if n.ctx.Err() != nil {
			return
		}
		n.log.Warn("listening for wake-ups was interrupted", "error", err)
		if time.Since(began) > maxBackoff {
			wait = minBackoff
		}
		_ = pause(n.ctx, wait/2+rand.N(wait))
		wait = min(2*wait, maxBackoff)
	}
}

func (n *notifier) hearOnce() error {
	conn, err := pgx.ConnectConfig(n.ctx, n.config.Copy())
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(n.ctx, "LISTEN "+notifyChannel); err != nil {
		return err
	}
	n.store.hub.wakeAll()
	for {
		if err := n.hearNext(conn); err != nil {
			return err
		}
	}
}

func (n *notifier) hearNext(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(n.ctx, probePeriod)
	defer cancel()
	got, err := conn.WaitForNotification(ctx)
	switch {
	case err == nil:
		if sender, topic, ok := strings.Cut(got.Payload, " "); ok && sender != n.sender {
			n.store.hub.wake(topic)
		}
		return nil
	case n.ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err)):
		probe, done := context.WithTimeout(n.ctx, probeTimeout)
		defer done()
		return conn.Ping(probe)
	}
	return err
}
