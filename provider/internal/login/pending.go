package login

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Wait is a Flow's row among those that wait for something from outside the page. It is written by the step whose outcome was
// Pending and removed by the one that leads on, in their transactions.
type Wait struct {
	Flow      string
	ID        string // of the step that waits: what was meant for another step of the Flow does not count
	Instance  string
	Subject   string    // whom the step is about, proven or merely named; empty for nobody
	Handle    string    // a MAC of the plugin's own handle, empty without one
	DueAt     time.Time // when Continue is called next; zero: not by time
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Due is a Flow whose Continue is to be called.
type Due struct{ Flow, Wait string }

// WaitStore is what this package asks of storage about Flows that wait.
type WaitStore interface {
	// PutWait writes the row of w.Flow, removes the signals that were heard, and makes it due at the time now if others are there by
	// then. Must run in a transaction.
	PutWait(ctx context.Context, q tx.Q, w Wait, heard []string, now time.Time) error
	// EndWait removes a Flow's row and signals, if there are any.
	EndWait(ctx context.Context, q tx.Q, flow string) error
	// DelayWait sets when Continue is called next, if the Flow still waits there.
	DelayWait(ctx context.Context, q tx.Q, due Due, at time.Time) error
	// LeaveSignal stores a signal and makes its Flow due at the time; false when the Flow waits there no more, or for too many signals
	// already. It and the step that moves the Flow on wait for one another. Must run in a transaction.
	LeaveSignal(ctx context.Context, q tx.Q, to Due, s Signal, now, due time.Time) (bool, error)
	// Signals returns those left for a Flow, oldest first.
	Signals(ctx context.Context, q tx.Q, flow string) ([]Signal, error)
	// WaitingFlows returns at most limit Flows of the instance that wait for the subject, or under the handle, oldest first, done and expired
	// ones left out. One statement, the same for nobody.
	WaitingFlows(ctx context.Context, q tx.Q, instance, subject, handle string, now time.Time, limit int) ([]Flow, error)
	// ClaimWaits takes at most limit Flows that are due, so that no other replica takes them before the lease ends, and says when the
	// next is due, zero for none.
	ClaimWaits(ctx context.Context, q tx.Q, now, lease time.Time, limit int) ([]Due, time.Time, error)
}

// waiting is what a Flow remembers of the browser while nobody sits at the page: Continue is then called without it.
type waiting struct {
	ID        string    `json:"id"`
	Since     time.Time `json:"since"`
	Address   string    `json:"address,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	Known     string    `json:"known,omitempty"`  // the known-browser cookie: whose failures these are
	Failed    uint32    `json:"failed,omitempty"` // failures when the plugin was last called
}

// minPoll keeps a plugin from being asked in a tight loop.
const minPoll = 500 * time.Millisecond

// waits records that the step waits. The same step that waits on keeps its id, so that a signal under way still finds it.
func (d *Dispatcher) waits(x *run, m host.MethodRef, p *sdk.Pending, before *waiting, failed int, c *change) {
	w := &waiting{ID: id.New(), Since: x.now, Address: x.b.Address, UserAgent: clip(x.b.UserAgent, 200), Known: x.b.Known, Failed: uint32(failed)}
	if len(w.Known) > 512 { // nothing that long counts
		w.Known = ""
	}
	if before != nil {
		w.ID, w.Since = before.ID, before.Since
	}
	row := &Wait{Flow: x.flow.ID, ID: w.ID, Instance: m.Instance, Subject: x.who.id(), CreatedAt: w.Since, ExpiresAt: x.flow.ExpiresAt}
	if p.Handle != "" {
		row.Handle = d.waitHandle(m.Instance, p.Handle)
	}
	if p.PollAfter > 0 {
		if due := x.now.Add(max(p.PollAfter, minPoll)); due.Before(x.flow.ExpiresAt) {
			row.DueAt = due
		}
	}
	x.state.Wait, c.wait = w, row
}

// waitHandle is what is stored of a plugin's own handle: whoever reads the database cannot answer in its name.
func (d *Dispatcher) waitHandle(instance, handle string) string {
	mac := d.Box.MAC(sealing.PurposeHandle, instance, handle)
	return base64.RawURLEncoding.EncodeToString(mac[:])
}

// writeWait runs inside the step's transaction, right after the Flow's row: callbacks lock this row before anything else of theirs.
func (c *change) writeWait(ctx context.Context, d *Dispatcher, q tx.Q, x *run) error {
	if c.endsWait(x) {
		if err := d.Rows.EndWait(ctx, q, x.flow.ID); err != nil {
			return err
		}
	}
	if x.state.Wait == nil || c.wait == nil {
		return nil
	}
	return d.Rows.PutWait(ctx, q, *c.wait, x.heard, x.now)
}

// endsWait says whether the step leads away from one that waited.
func (c *change) endsWait(x *run) bool {
	return x.waited != "" && (x.state.Wait == nil || x.state.Wait.ID != x.waited)
}

// movesWait says whether the step has anything to write about waiting.
func (c *change) movesWait(x *run) bool { return c.endsWait(x) || x.state.Wait != nil && c.wait != nil }

// waitID is the id of the step that waits, empty when none does.
func (s *state) waitID() string {
	if s.Wait == nil {
		return ""
	}
	return s.Wait.ID
}

// hear reads the signals left for the step that waits.
func (d *Dispatcher) hear(ctx context.Context, x *run) ([][]byte, error) {
	x.heard = nil
	if x.state.Wait == nil {
		return nil, nil
	}
	rows, err := d.Rows.Signals(ctx, d.DB, x.flow.ID)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, r := range rows {
		data, err := d.Box.Open(sealing.ClassFlow, r.Sealed, signalPlace(r.ID, x.flow.ID, x.state.Wait.ID)...)
		x.heard = append(x.heard, r.ID)
		if err != nil {
			// Left for a step of this Flow that is over, or not by us.
			d.Log.WarnContext(ctx, "a signal does not open", "error", err)
			continue
		}
		out = append(out, data)
	}
	return out, nil
}

// pageVersion is the version of what the person sees. Steps in the background that changed nothing of it do not count, or the page's
// buttons would be out of date with every look at another system.
func (x *run) pageVersion() int64 { return x.flow.Version - x.state.Quiet }

// FlowTopic is woken when a Flow went on without its browser.
func FlowTopic(flow string) string { return "flow:" + flow }

// Standing is where a Flow stands, for a page that waits.
type Standing struct {
	Version int64 // of the page
	Over    bool  // there is an answer to fetch: look at the page again
}

// Standing says whether a page is still the one to show. Unlike [Dispatcher.Page] it finishes nothing.
func (d *Dispatcher) Standing(ctx context.Context, flow string, b Browser) (*Standing, error) {
	x, err := d.load(ctx, flow, b)
	if err != nil {
		return nil, err
	}
	return &Standing{Version: x.pageVersion(), Over: x.state.Ready || !x.flow.DoneAt.IsZero()}, nil
}
