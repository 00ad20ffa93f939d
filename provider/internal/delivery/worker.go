package delivery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Sender hands a message to the channel instance it names; plugins/host implements it.
//
// An error tells whether the message may have left: by a method NotSent() bool in its chain, or else by its gRPC status, of which
// Unavailable, ResourceExhausted, FailedPrecondition, InvalidArgument and Unimplemented vouch that it did not. A message
// that surely did not leave is tried elsewhere and later; see judge for the others.
type Sender interface {
	Send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error)
}

// WorkerOptions configure the worker.
type WorkerOptions struct {
	DB     tx.DB
	Sender Sender
	Texts  Texts // nil: the host's own texts alone
	// Idempotent names the channel instances that take one idempotency key once: only there is a send of unknown outcome repeated.
	Idempotent map[string]bool
	// Attempts is how often a message is handed to a channel at most; 0 means 300, about a day. Most messages expire before.
	Attempts int64
	// SendTimeout bounds one attempt; 0 means 10 s.
	SendTimeout time.Duration
	// Parallel is how many messages of each queue are sent at once; 0 means 8.
	Parallel int
	// Retention is how long a message that is over stays listed; 0 means 7 days. It must exceed the life of any idempotency key.
	Retention time.Duration
	// Report tells an instance what became of a message to a credential, and calls done in the transaction that commits what comes of
	// it. An error is tried again, for a day. Nil: nobody is told.
	Report func(ctx context.Context, r Report, done func(ctx context.Context, q tx.Q) error) error
	// Done, if set, is told of each message that is over: for metrics. It must not block.
	Done func(channel, sender string, s State, age time.Duration)
}

// Times that no operator needs to set. River counts on a job's time-out to be shorter than the time after which it takes its process
// for dead.
const (
	pollPostgreSQL = 2 * time.Second // other replicas' messages, when they died or are busy; own ones ring the bell
	pollSQLite     = 5 * time.Second // one process alone: everything rings the bell
	pruneEvery     = time.Hour
	pruneBatch     = 1000
	stopGrace      = 10 * time.Second       // for the attempts under way when the server stops
	startTimeout   = 5 * time.Second        // for the database's first sign of life
	textTries      = 5                      // about 30 s for a plugin to start and bring its texts
	fetchCooldown  = 10 * time.Millisecond  // River waits 100 ms between two fetches; a code is awaited by a person
	settleTime     = 150 * time.Millisecond // River writes down what came of a job in batches
	keepJobs       = 10 * time.Minute       // a finished job has nothing to tell that the message's row does not
	recordTimeout  = 5 * time.Second        // to write down what came of an attempt, whatever became of the job's context
	recordPause    = 250 * time.Millisecond // between two tries to do so
	maxJobRuns     = 1000                   // crashes of the process over one message; attempts are counted by ourselves
)

// Worker sends what the outbox holds. Several replicas may run one each; a job goes to one of them.
type Worker struct {
	WorkerOptions
	box         *Outbox
	rescueAfter time.Duration
	poll        time.Duration
	grace       time.Duration
	textTries   int64
}

// NewWorker makes the worker of an outbox; nothing runs before Run.
func NewWorker(o *Outbox, opts WorkerOptions) *Worker {
	if opts.Attempts == 0 {
		opts.Attempts = 300
	}
	if opts.SendTimeout == 0 {
		opts.SendTimeout = 10 * time.Second
	}
	if opts.Parallel == 0 {
		opts.Parallel = 8
	}
	if opts.Retention == 0 {
		opts.Retention = 7 * 24 * time.Hour
	}
	w := &Worker{WorkerOptions: opts, box: o, poll: pollPostgreSQL, grace: stopGrace, textTries: textTries}
	if o.Engine == SQLite {
		w.poll = pollSQLite
	}
	w.rescueAfter = w.jobTimeout() + 15*time.Second
	return w
}

// jobTimeout is long enough for one attempt on every channel of the longest list.
func (w *Worker) jobTimeout() time.Duration {
	most := 1
	for _, instances := range w.box.Channels {
		most = max(most, len(instances))
	}
	return time.Duration(most)*w.SendTimeout + 2*recordTimeout
}

// Run works until ctx ends, then lets the attempts under way finish for at most 10 s. It takes nothing from the time the
// server needs to get ready, and a database that is down does not end it: it comes back when the database does.
func (w *Worker) Run(ctx context.Context) error {
	client, err := w.client()
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	if err := w.start(ctx, client); err != nil {
		return nil // ctx ended before the database answered: nothing to stop
	}
	wg.Go(func() { w.pruneLoop(ctx) })

	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.grace)
	defer cancel()
	if client.Stop(grace) == nil {
		return nil
	}
	// An attempt did not end. Cancelled now, its outcome is written down as unknown; if even that fails, the next process finds the
	// message in Sending and knows as much.
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), 2*recordTimeout)
	defer cancelLast()
	if err := client.StopAndCancel(last); err != nil {
		return fmt.Errorf("delivery: stop the worker: %w", err)
	}
	return nil
}

// start begins to fetch jobs, and tries again for as long as the database is away.
func (w *Worker) start(ctx context.Context, client *river.Client[*sql.Tx]) error {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		err := w.ping(ctx)
		if err == nil {
			// Not ctx itself: its end would cut off the attempts under way instead of letting them finish.
			err = client.Start(context.WithoutCancel(ctx))
		}
		if err == nil {
			return nil
		}
		w.box.Log.WarnContext(ctx, "the outbox cannot start yet, messages wait", "error", err, "retry_in", wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// ping keeps a database that does not answer from holding up the server's stop: River's start knows no deadline.
func (w *Worker) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return w.box.Pool.PingContext(ctx)
}

func (w *Worker) client() (*river.Client[*sql.Tx], error) {
	d, err := newDriver(w.box.Engine, w.box.Pool, w.box.bell)
	if err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &jobWorker{w: w}); err != nil {
		return nil, fmt.Errorf("delivery: %w", err)
	}
	config := &river.Config{
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			queueCode:   {MaxWorkers: w.Parallel},
			queueNotice: {MaxWorkers: w.Parallel},
		},
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           w.poll,
		JobTimeout:                  w.jobTimeout(),
		RescueStuckJobsAfter:        w.rescueAfter,
		CompletedJobRetentionPeriod: keepJobs,
		// A nightly REINDEX needs the tables' owner, which the server's database role should not be.
		ReindexerSchedule: river.NeverSchedule(),
		Logger:            quiet(w.box.Log),
	}
	client, err := river.NewClient(d, config)
	if err != nil {
		return nil, fmt.Errorf("delivery: job queue: %w", err)
	}
	return client, nil
}

// jobWorker is the worker in River's shape.
type jobWorker struct {
	river.WorkerDefaults[jobArgs]
	w *Worker
}

// Work handles one job. It never returns an error of its own making other than a snooze: River stores a job's errors in clear, and
// counts them against a limit of its own.
func (j *jobWorker) Work(ctx context.Context, job *river.Job[jobArgs]) (err error) {
	defer func() {
		// River would store the panic's value, which may hold what was being sent.
		if recover() != nil {
			j.w.giveUp(ctx, job.Args.ID)
			err = nil
		}
	}()
	again := j.w.deliver(ctx, job.Args.ID)
	if again == 0 {
		return nil
	}
	// River would find it at its next poll; this replica knows when.
	time.AfterFunc(again+settleTime, j.w.box.bell.strike)
	return river.JobSnooze(again)
}

// NextRetry follows a crash of the process only.
func (j *jobWorker) NextRetry(*river.Job[jobArgs]) time.Time { return time.Now().Add(time.Second) }

// pruneLoop removes what has been over for long. Every replica does it; they find nothing left to do.
func (w *Worker) pruneLoop(ctx context.Context) {
	t := time.NewTicker(pruneEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := w.prune(ctx); err != nil && !errors.Is(err, context.Canceled) {
				w.box.Log.WarnContext(ctx, "old messages were not pruned", "error", err)
			}
		}
	}
}

func (w *Worker) prune(ctx context.Context) error {
	before := w.box.Now().Add(-w.Retention)
	for {
		n, err := w.box.Store.PruneMessages(ctx, w.DB, before, pruneBatch)
		if err != nil || n < pruneBatch {
			return err
		}
	}
}

// quiet passes on only what an operator must know: River tells of each job's beginning and end.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeast{log.Handler(), slog.LevelError}) }

type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

func (h atLeast) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(a), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
