package login

import (
	"context"
	"fmt"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/id"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/tx"
)

// Signal is what a callback left for a Flow, as stored.
type Signal struct {
	ID     string
	Sealed []byte // sealing.ClassFlow; see signalPlace
}

// signalPlace is the associated data of a signal: one that was moved to another Flow, or to another step of its own, does not open.
func signalPlace(signal, flow, wait string) []string { return []string{"signal", signal, flow, wait} }

// maxWaiting is how many Flows a callback gets to see: more than a person opens, fewer than would make a stranger's flood of
// Flows in their name costly.
const maxWaiting = 16

// headStart is how long the replica that took a callback has before the others look after its signal.
const headStart = 2 * time.Second

// Waiting is a Flow that waits, opened for a callback of the instance it waits for.
type Waiting struct {
	sdk.PendingFlow
	Subject string // whom the step is about; empty for nobody
	due     Due
}

// Waiting returns the Flows of an instance that wait for the subject or under the plugin's own handle, oldest first; either may be
// empty. What it does takes as long for nobody.
func (d *Dispatcher) Waiting(ctx context.Context, q tx.Q, instance, subject, handle string) ([]Waiting, error) {
	now := d.Now()
	mac := d.waitHandle(instance, handle) // always: its time must not tell whether there was one
	if handle == "" {
		mac = ""
	}
	flows, err := d.Rows.WaitingFlows(ctx, q, instance, subject, mac, now, maxWaiting)
	if err != nil {
		return nil, err
	}
	var out []Waiting
	for i := range flows {
		w, err := d.openWaiting(ctx, &flows[i], instance, now)
		if err != nil {
			return nil, err
		}
		if w != nil {
			out = append(out, *w)
		}
	}
	return out, nil
}

func (d *Dispatcher) openWaiting(ctx context.Context, f *Flow, instance string, now time.Time) (*Waiting, error) {
	s, err := openState(d.Box, f)
	if err != nil {
		return nil, err
	}
	m, ok := d.method(s.Method)
	if s.Wait == nil || !ok || m.Instance != instance {
		return nil, nil // its row and its state were read at one moment, so this is a plugin that was configured away
	}
	client, err := d.client(ctx, f.Request.Client)
	if err != nil {
		return nil, err
	}
	x := &run{flow: *f, state: s, client: client, now: now, b: s.Wait.browser()}
	w := &Waiting{PendingFlow: sdk.PendingFlow{State: s.PluginState, StateVersion: s.StateVersion},
		Subject: s.about(f), due: Due{Flow: f.ID, Wait: s.Wait.ID}}
	r, err := d.request(x, m, host.Continue, nil, s.Wait.Failed)
	if err != nil {
		return nil, err
	}
	w.Context = r.Context
	if s.Calls > 0 {
		w.Context.Step = s.Calls - 1
	}
	if w.Subject != "" {
		w.Context.Subject = &sdk.Subject{ID: w.Subject, Name: s.Name}
	}
	return w, nil
}

// about is whom the step at hand is about: proven, or merely named.
func (s *state) about(f *Flow) string {
	if f.Subject != "" {
		return f.Subject
	}
	return s.Named
}

// Signal leaves data for the next Continue of a Flow, in q's transaction; false when the Flow went on meanwhile, in which case there
// is nobody to tell. Lock nothing that a step locks before: it takes the Flow's waiting row first.
func (d *Dispatcher) Signal(ctx context.Context, q tx.Q, w Waiting, data []byte) (bool, error) {
	s := Signal{ID: id.New()}
	var err error
	if s.Sealed, err = d.Box.Seal(sealing.ClassFlow, data, signalPlace(s.ID, w.due.Flow, w.due.Wait)...); err != nil {
		return false, fmt.Errorf("seal a signal: %w", err)
	}
	now := d.Now()
	return d.Rows.LeaveSignal(ctx, q, w.due, s, now, now.Add(headStart))
}
