package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

var deadlineRules = []Rule{
	{ID: "deadlines.closed", check: checkClosed, Where: whereStatus,
		Says: "a back end that is slow or broken opens no door: no success, no allow, no match, nothing accepted",
		Fix:  "treat everything but a complete, understood answer of the back end as a technical fault"},
	{ID: "deadlines.status", check: checkOutageStatus, Where: whereStatus,
		Says: "a back end that is slow or broken is UNAVAILABLE or DEADLINE_EXCEEDED, and nobody's failed attempt",
		Fix:  "return sdk.Unavailable(err), or the status itself: a technical fault is not a wrong password"},
	{ID: "deadlines.in_time", check: checkInTime, Where: whereStatus,
		Says: "what a call holds at its back end is released at its deadline",
		Fix:  "give the call's context (its gRPC deadline) to every connection and request"},
	{ID: "deadlines.check", check: checkCheck, Where: whereConfig,
		Says: "Check tells within 5 s that the back end does not work",
		Fix:  "bound Check by the call's context, and answer ok: false with a message"},
	{ID: "deadlines.recovers", check: checkRecovers, Where: whereStatus,
		Says: "when the back end works again, so does the plugin, without a restart",
		Fix:  "connect anew after a fault; keep no broken connection and no error for later"},
}

// outage is what one operation did while the back end was broken.
type outage struct {
	mode      mode
	op        string
	opened    bool   // somebody got in, or something was believed
	blamed    string // a technical fault was told as a person's
	err       error
	held      int // connections still open a second after the end of the call
	took      time.Duration
	limit     time.Duration
	check     string // what is wrong with Check; empty: nothing
	recovered string // what is wrong afterwards
}

// operation is something a plugin does with its back end.
type operation struct {
	name  string
	limit time.Duration
	run   func(ctx context.Context, p *process) (opened bool, blamed string, err error)
}

// outages breaks the back end in every way and watches, once for all rules.
func (v *verdict) outages() []outage {
	v.ready()
	if !uses(fmt.Sprint(v.script.Config), "backend") {
		v.absent("the configuration names no back end of the kit ({{backend}})")
	}
	if v.broken == nil {
		operations := v.operations()
		if len(operations) == 0 {
			v.absent("%v", errNoScript)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		v.broken = []outage{}
		for _, m := range brokenModes {
			wg.Go(func() {
				seen := v.outage(m, operations)
				mu.Lock()
				defer mu.Unlock()
				v.broken = append(v.broken, seen...)
			})
		}
		wg.Wait()
		slices.SortFunc(v.broken, func(a, b outage) int { return strings.Compare(string(a.mode)+a.op, string(b.mode)+b.op) })
	}
	if len(v.broken) == 0 {
		v.absent("no operation talks to the back end")
	}
	v.made()
	return v.broken
}

// outage breaks one back end in one way, for one process.
func (v *verdict) outage(m mode, operations []operation) []outage {
	b, err := startBackend(v.script.Backend)
	if err != nil {
		return nil
	}
	defer b.stop()
	config, err := v.buildConfig(b.address())
	if err != nil {
		return nil
	}
	p, err := v.start(v.ctx, how{})
	if err != nil {
		return nil
	}
	defer p.kill()
	b.become(m)
	ctx, cancel := v.within(configureLimit)
	defer cancel()
	if err := p.Configure(ctx, sdk.Configuration{InstanceID: instanceID, Revision: "1", JSON: config, Keys: v.keys}); err != nil {
		return []outage{{mode: m, op: "Configure", err: err}}
	}
	var all []outage
	for _, o := range operations {
		_, before := b.counts()
		seen := outage{mode: m, op: o.name, limit: o.limit}
		began := time.Now()
		seen.opened, seen.blamed, seen.err = o.run(v.ctx, p)
		seen.took = time.Since(began)
		if _, after := b.counts(); after == before {
			continue // it did not ask the back end
		}
		if m == modeSilent || m == modeSlow {
			for range 50 {
				if seen.held, _ = b.counts(); seen.held == 0 {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
		all = append(all, seen)
	}
	if len(all) == 0 {
		return nil
	}
	all[0].check = v.brokenCheck(p, b)
	b.become(modeOK)
	for i := range all {
		at := slices.IndexFunc(operations, func(o operation) bool { return o.name == all[i].op })
		for range 2 { // the host repeats a call, too: the first may meet a connection that was just closed
			opened, blamed, err := operations[at].run(v.ctx, p)
			if all[i].recovered = ""; opened {
				break
			}
			all[i].recovered = fmt.Sprintf("%s ends with %s", all[i].op, strings.TrimSpace(fmt.Sprint(blamed, " ", errText(err))))
		}
	}
	return all
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (v *verdict) brokenCheck(p *process, b *backend) string {
	_, before := b.counts()
	ctx, cancel := v.within(checkLimit)
	defer cancel()
	health, err := p.Check(ctx, instanceID)
	if _, after := b.counts(); after == before {
		return "" // it does not ask the back end
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return "it did not answer within " + checkLimit.String()
	case err != nil:
		return v.fault("Check", err)
	case health.OK:
		return "it says that all is well"
	case health.Message == "":
		return "it says that something is wrong, and not what"
	}
	return ""
}

// operations are what the script knows how to do. Each one opens a door when the back end works.
func (v *verdict) operations() []operation {
	var all []operation
	offers := func(s sdk.Service) bool { return slices.Contains(v.description.Services, s) }
	if offers(sdk.ServiceAuthenticator) {
		for i := range v.description.Methods {
			v.part(func() {
				m := &v.description.Methods[i]
				s := v.scripted(m)
				who := v.bound(m)
				all = append(all, operation{"a login by " + m.ID, v.limit(), func(ctx context.Context, p *process) (bool, string, error) {
					answer, err := v.newFlow(m, who.clone(), false, p).walk(ctx, "right", s.Right)
					if err != nil || answer.Success != nil {
						return err == nil, "", err
					}
					if answer.Failure != nil && answer.Failure.Counts {
						return false, "a failed attempt (" + string(answer.Failure.Reason) + ")", nil
					}
					return false, "", nil
				}})
			})
		}
	}
	if d := v.script.Delivery; offers(sdk.ServiceDeliveryChannel) && d != nil {
		for _, kind := range v.description.ChannelKinds {
			if to, ok := d.To[kind]; ok {
				all = append(all, operation{"Send of " + kind, sendLimit, func(ctx context.Context, p *process) (bool, string, error) {
					r, err := v.send(ctx, p, v.message(kind, to, "outage-"+rand.Text()))
					if err != nil {
						return false, "", err
					}
					if r.Permanent && !r.Accepted {
						return false, "refused for good", nil
					}
					return r.Accepted, "", nil
				}})
			}
		}
	}
	if offers(sdk.ServiceRiskSource) {
		for _, question := range v.script.Risk {
			if question.Want != string(sdk.RiskAllow) {
				continue
			}
			all = append(all, operation{"Assess of " + question.Operation, assessLimit, func(ctx context.Context, p *process) (bool, string, error) {
				a, err := v.assess(ctx, p, v.riskRequest(&question))
				if err != nil {
					return false, "", err
				}
				if a.Verdict != sdk.RiskAllow {
					return false, "the verdict " + string(a.Verdict), nil
				}
				return true, "", nil
			}})
			break
		}
	}
	if l := v.script.Legacy; offers(sdk.ServiceLegacySource) && l != nil {
		all = append(all, operation{"Verify", legacyLimit, func(ctx context.Context, p *process) (bool, string, error) {
			r, err := v.verify(ctx, p, l.Name, l.Secret)
			if err != nil {
				return false, "", err
			}
			if r.Result == sdk.LegacyNoMatch || r.Result == sdk.LegacyLocked || r.Result == sdk.LegacyMustChange {
				return false, "the result " + string(r.Result), nil
			}
			return r.Result == sdk.LegacyMatch, "", nil
		}})
	}
	if s := v.script.Keys; offers(sdk.ServiceKeyService) && s != nil && s.Wrap != "" {
		all = append(all, operation{"Wrap", keyLimit, func(ctx context.Context, p *process) (bool, string, error) {
			ctx, cancel := context.WithTimeout(ctx, keyLimit)
			defer cancel()
			out, err := p.Wrap(ctx, instanceID, s.Wrap, []byte("a data key of 32 bytes, in clear"), []byte("bound"))
			return err == nil && len(out) > 0, "", err
		}})
	}
	return all
}

func checkClosed(v *verdict) {
	for _, o := range v.outages() {
		if o.opened {
			v.fail("%s succeeds while the back end %s", o.op, o.mode)
		}
	}
}

func checkOutageStatus(v *verdict) {
	for _, o := range v.outages() {
		if o.blamed != "" {
			v.fail("while the back end %s, %s is told as %s", o.mode, o.op, o.blamed)
		}
		if o.err == nil || errors.Is(o.err, errRefused) {
			continue
		}
		if bug := v.fault(o.op, o.err); bug != "" && status.Code(o.err) != codes.OK {
			v.fail("while the back end %s, %s: %s", o.mode, o.op, bug)
		}
	}
}

func checkInTime(v *verdict) {
	for _, o := range v.outages() {
		if o.held > 0 {
			v.fail("while the back end %s, a second after %s had ended its connection was still open", o.mode, o.op)
		}
	}
}

func checkCheck(v *verdict) {
	for _, o := range v.outages() {
		if o.check != "" {
			v.fail("while the back end %s: %s", o.mode, o.check)
		}
	}
}

func checkRecovers(v *verdict) {
	for _, o := range v.outages() {
		if o.recovered != "" {
			v.fail("the back end %s, then works: %s", o.mode, o.recovered)
		}
	}
}
