package delivery

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/fault"
)

const (
	firstWait = time.Second
	longest   = 5 * time.Minute
	// lostRace is how long a worker stays away from a message that somebody else has, or that cannot be read or written now.
	lostRace = 30 * time.Second
)

// deliver brings one message as far as it goes now, and says when to come back; 0 means that it is over.
//
// The row, not the job, says what happened: a job may run twice (its process was taken for dead), a row is claimed by
// compare-and-set. The claim is committed before the channel is asked, so that a process that dies in between leaves a trace.
func (w *Worker) deliver(ctx context.Context, id string) time.Duration {
	row, err := w.box.Store.Message(ctx, w.DB, id)
	if fault.Is(err, fault.NotFound) {
		return 0
	}
	if err != nil {
		w.box.Log.WarnContext(ctx, "a message cannot be read now", "message", id, "error", err)
		return lostRace
	}
	if !row.State.Final() {
		if again := (&attempt{w: w, row: row}).run(ctx); again != 0 {
			return again
		}
	}
	return w.report(ctx, row)
}

// attempt is one run over one message.
type attempt struct {
	w   *Worker
	row *Row
	// bound: an earlier attempt may have left by row.Sender, which takes a key once. Until that channel gives an answer, nothing
	// else may be tried, and nothing else may be said of the message than that it is not known.
	bound bool
}

func (a *attempt) run(ctx context.Context) time.Duration {
	instances := a.w.box.Channels[a.row.Channel]
	if a.row.State == Sending {
		// Whoever began this attempt is gone, or got no answer. Asking again is right only where a repeated key is taken once; and
		// a second channel would be a second message.
		if !a.w.Idempotent[a.row.Sender] {
			return a.finish(ctx, Unknown, KindInterrupted)
		}
		a.bound, instances = true, []string{a.row.Sender}
	}
	if a.dead() {
		return a.finish(ctx, Expired, cmp.Or(a.row.LastErrorKind, KindTooLate))
	}
	if len(instances) == 0 {
		a.w.box.warnNoChannel(a.row.Channel)
		return a.finish(ctx, Undeliverable, KindNoChannel)
	}
	m, kind, retry := a.message()
	switch {
	case retry:
		a.row.LastErrorKind = kind
		a.row.Attempts++
		return a.later(ctx)
	case kind != "":
		return a.finish(ctx, Failed, kind)
	}
	return a.through(ctx, instances, m)
}

// through offers the message to one channel after the other.
func (a *attempt) through(ctx context.Context, instances []string, m sdk.Message) time.Duration {
	for _, instance := range instances {
		switch {
		case a.dead(): // a slow first channel may have used up the time
			return a.finish(ctx, Expired, cmp.Or(a.row.LastErrorKind, KindTooLate))
		case a.row.Attempts >= a.w.Attempts:
			return a.finish(ctx, Failed, a.row.LastErrorKind)
		}
		m.InstanceID = instance
		if a.bound {
			m.MaybeSentSince = a.row.CreatedAt
		}
		a.row.State, a.row.Sender = Sending, instance
		a.row.Attempts++
		if !a.save(ctx) {
			return lostRace
		}
		if ctx.Err() != nil { // the server stops, and nothing was asked of the channel yet
			return a.later(ctx)
		}
		res, err := a.w.send(ctx, m)
		v, kind := judge(res, err)
		a.tell(ctx, v, kind, res, err, m)
		a.row.LastErrorKind = kind
		switch v {
		case accepted:
			a.row.ProviderID = clip(res.ProviderID, maxProviderID)
			a.bound = false
			return a.finish(ctx, Sent, "")
		case refused: // of a channel that takes a key once this is an answer about the earlier attempt too
			a.bound = false
			return a.finish(ctx, Failed, kind)
		case unsure:
			// Not blindly again: see judge. A channel that takes a key once is asked again, and only that one.
			if !a.w.Idempotent[instance] {
				return a.finish(ctx, Unknown, kind)
			}
			a.bound = true
			return a.later(ctx)
		case notSent:
		}
	}
	return a.later(ctx)
}

// later puts the message back for another run.
func (a *attempt) later(ctx context.Context) time.Duration {
	if a.row.Attempts >= a.w.Attempts {
		return a.finish(ctx, Failed, a.row.LastErrorKind)
	}
	a.row.State = Queued
	if a.bound {
		a.row.State = Sending
	}
	if !a.save(ctx) {
		return lostRace
	}
	return a.wait()
}

// wait doubles from one second to five minutes, give or take a fifth: many messages that failed together must not come
// back together.
func (a *attempt) wait() time.Duration {
	d := firstWait << min(max(a.row.Attempts-1, 0), 16)
	d = min(d, longest)
	return d - d/5 + rand.N(2*d/5)
}

// finish ends the message. What it said and to whom is erased: nothing needs it any more, and a table of addresses and codes
// is worth stealing.
func (a *attempt) finish(ctx context.Context, s State, kind string) time.Duration {
	if a.bound {
		s = Unknown
	}
	a.row.State, a.row.LastErrorKind, a.row.Sealed = s, kind, a.w.box.remains(a.row)
	a.row.Report = reportOf(a.row)
	if !a.save(ctx) {
		return lostRace
	}
	log := a.w.box.Log.InfoContext
	if s != Sent {
		log = a.w.box.Log.WarnContext
	}
	log(ctx, "a message is over", "message", a.row.ID, "channel", a.row.Channel, "sender", a.row.Sender, "state", string(s),
		"kind", kind, "attempts", a.row.Attempts)
	if a.w.Done != nil {
		a.w.Done(a.row.Channel, a.row.Sender, s, a.w.box.Now().Sub(a.row.CreatedAt))
	}
	return 0
}

// save writes the row by compare-and-set, and tries again for a few seconds: what is not written down after a send is not known.
// It says false when somebody else was faster or the database stays away; the caller then leaves the message alone for a while and
// looks again. The job's context does not bind it: when that was cancelled, there is all the more to write down.
func (a *attempt) save(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	a.row.UpdatedAt = a.w.box.Now()
	for {
		err := a.w.box.Store.UpdateMessage(ctx, a.w.DB, *a.row)
		if err == nil {
			a.row.Revision++
			return true
		}
		pause := time.NewTimer(recordPause)
		select {
		case <-pause.C:
			if !fault.Is(err, fault.Conflict) {
				continue
			}
		case <-ctx.Done():
			pause.Stop()
		}
		a.w.box.Log.WarnContext(ctx, "what became of a message was not written down", "message", a.row.ID, "error", err)
		return false
	}
}

func (a *attempt) dead() bool { return !a.w.box.Now().Before(a.row.ExpiresAt) }

// message opens and renders. The kind is not empty when that did not work; retry says that it may work later.
func (a *attempt) message() (m sdk.Message, kind string, retry bool) {
	b, err := a.w.box.open(a.row)
	if err != nil {
		return sdk.Message{}, KindUnreadable, false
	}
	subject, text, err := a.w.render(a.row, b)
	if err != nil {
		a.w.box.Log.Error("the text of a message cannot be made", "message", a.row.ID, "instance", a.row.Instance, "error", err)
		// After a restart, messages may come to work before the plugin that has their texts has started.
		return sdk.Message{}, KindTemplate, errors.Is(err, errNoText) && a.row.Attempts < a.w.textTries
	}
	return sdk.Message{
		IdempotencyKey: a.row.Key, Kind: a.row.Channel, To: b.To, Subject: subject, Body: text, ExpiresAt: a.row.ExpiresAt,
		Locale: b.Locale,
	}, "", false
}

// send asks the channel, within the attempt's time.
func (w *Worker) send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	ctx, cancel := context.WithTimeout(ctx, w.SendTimeout)
	defer cancel()
	return w.Sender.Send(ctx, m)
}

// giveUp ends a message on which our own code failed.
func (w *Worker) giveUp(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	w.box.Log.ErrorContext(ctx, "a message made the worker panic", "message", id)
	row, err := w.box.Store.Message(ctx, w.DB, id)
	if err != nil || row.State.Final() {
		return
	}
	a := &attempt{w: w, row: row}
	if row.State == Sending { // the panic came from below Send
		a.finish(ctx, Unknown, KindDefect)
		return
	}
	a.finish(ctx, Failed, KindDefect)
}
