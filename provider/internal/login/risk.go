package login

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/policy"
	"github.com/varco-id/varco/provider/internal/sealing"
	"github.com/varco-id/varco/provider/internal/session"
)

// RiskSources asks the instances of risk sources; plugins/host does.
type RiskSources interface {
	Assess(ctx context.Context, instance string, r *sdk.RiskRequest) (*sdk.RiskAssessment, error)
}

var _ RiskSources = (*host.Host)(nil)

// question is what risk sources are asked.
type question struct {
	op          sdk.Operation
	method      string // reference of the method about to act, if any
	channel, to string // of OperationSend
}

// judge asks every source that policy names for the question and returns the strictest answer; RiskAllow when there is none to ask.
// What they said goes into c, to be audited with the step. It must not be called in a transaction, nor before the person has proven to be
// the subject: the time it takes would tell a stranger which names exist.
//
// Journeys other than a login (a recovery, a transaction) ask it with an operation of their own and act on the answer; see raise for what
// RiskStepUp asks for.
func (d *Dispatcher) judge(ctx context.Context, x *run, c *change, q question) (sdk.RiskVerdict, error) {
	var asked []policy.RiskRule
	for _, r := range d.Risk {
		if r.Covers(q.op, x.flow.Request.Client, q.channel) {
			asked = append(asked, r)
		}
	}
	if len(asked) == 0 {
		return sdk.RiskAllow, nil
	}
	t, err := d.counters(ctx, x)
	if err != nil {
		return "", err
	}
	type answer struct {
		assessment *sdk.RiskAssessment
		err        error
	}
	answers := make([]answer, len(asked))
	var wg sync.WaitGroup
	for i, r := range asked {
		wg.Go(func() { answers[i].assessment, answers[i].err = d.ask(ctx, x, r, q, uint32(t.subject.Failures)) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return "", err // the browser has gone: nobody is silent, nobody is listening
	}
	verdict := sdk.RiskAllow
	for i, r := range asked {
		said, kind, data := sdk.RiskVerdict(""), audit.RiskAssessed, []string(nil)
		if a := answers[i]; a.err == nil {
			said, data = a.assessment.Verdict, []string{"reasons", strings.Join(a.assessment.Reasons, "; ")}
		} else {
			said, kind, data = r.Operations[q.op], audit.RiskSilent, []string{"fault", faultOf(a.err)}
			d.Log.WarnContext(ctx, "risk source said nothing", "instance", r.Source, "operation", q.op, "taken_as", said, "error", a.err)
		}
		c.event(x, kind, append(data, "source", r.Source, "operation", string(q.op), "verdict", string(said), "method", q.method, "channel", q.channel)...)
		d.Metrics.RiskAssessed(r.Source, string(q.op), string(said), kind == audit.RiskSilent)
		verdict = policy.Stricter(verdict, said)
	}
	return verdict, nil
}

// errNoVerdict is an answer that is none. The host refuses it already; here it cannot open a door either.
var errNoVerdict = errors.New("the answer is no verdict")

// ask asks one source, within its deadline.
func (d *Dispatcher) ask(ctx context.Context, x *run, r policy.RiskRule, q question, failed uint32) (*sdk.RiskAssessment, error) {
	limit := r.Deadline
	if limit <= 0 {
		limit = policy.RiskDeadline
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a, err := d.RiskSources.Assess(ctx, r.Source, d.riskRequest(x, r.Source, q, failed))
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err() // an answer after the deadline is none, whoever it comes from
	case a == nil || (a.Verdict != sdk.RiskAllow && a.Verdict != sdk.RiskStepUp && a.Verdict != sdk.RiskDeny):
		return nil, errNoVerdict
	}
	return a, nil
}

func (d *Dispatcher) riskRequest(x *run, source string, q question, failed uint32) *sdk.RiskRequest {
	key := d.Box.MAC(sealing.PurposeIdempotency, x.flow.ID, strconv.FormatInt(x.flow.Version, 10), source, string(q.op), q.method, q.channel, q.to)
	_, known := knownBrowser(d.Box, x.b.Known, x.who.id(), x.now)
	intent := sdk.IntentLogin
	switch q.op {
	case sdk.OperationBind:
		intent = sdk.IntentEnrol
	case sdk.OperationTransaction:
		intent = sdk.IntentTransaction
	case sdk.OperationRecover:
		intent = sdk.IntentRecovery
	}
	r := &sdk.RiskRequest{
		Context: sdk.StepContext{
			InstanceID: source, MethodID: q.method, FlowID: x.flow.ID, IdempotencyKey: hex.EncodeToString(key[:16]), Intent: intent,
			Now: x.now, Locale: x.state.Locale, Client: sdk.ClientInfo{ID: x.client.ClientID, Name: x.client.Name},
			Browser:        sdk.BrowserInfo{Address: x.b.Address, UserAgent: clip(x.b.UserAgent, 200), Known: known},
			FailedAttempts: failed, ExpiresAt: x.flow.ExpiresAt, RPID: d.RPID, Origins: d.Origins,
		},
		Operation: q.op, Channel: q.channel, To: q.to,
	}
	r.AMR, _ = claimed(slices.Concat(x.state.Old, x.state.Proofs))
	if x.who.sub != nil {
		r.Context.Subject = &sdk.Subject{ID: x.who.sub.ID, Name: x.who.display(), Attributes: attributes(x.who.sub.Claims)}
	}
	return r
}

// attributes are the claims that are plain values. The host leaves each instance only those the operator lets it see.
func attributes(claims json.RawMessage) map[string]string {
	var all map[string]any
	if json.Unmarshal(claims, &all) != nil {
		return nil
	}
	out := make(map[string]string, len(all))
	for name, v := range all {
		switch v := v.(type) {
		case string:
			out[name] = v
		case bool:
			out[name] = strconv.FormatBool(v)
		}
	}
	return out
}

// faultOf names why a source said nothing, in words of a closed list.
func faultOf(err error) string {
	var he *host.Error
	switch {
	case errors.As(err, &he):
		return string(he.Kind)
	case errors.Is(err, context.DeadlineExceeded):
		return string(host.Deadline)
	case errors.Is(err, errNoVerdict):
		return string(host.Bug)
	}
	return string(host.Unavailable)
}

// claimed lists the amr values of proofs and counts their factors.
func claimed(proofs []session.Proof) (amr []string, factors int) {
	seen := map[string]bool{}
	for _, p := range proofs {
		for _, a := range p.AMR {
			if !slices.Contains(amr, a) {
				amr = append(amr, a)
			}
		}
		for _, f := range p.Factors {
			seen[f] = true
		}
	}
	return amr, len(seen)
}
