package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

var errNoScript = errors.New("conformance.yaml does not say how to answer")

// bound returns a person with a credential of the method, bound as the script says.
func (v *verdict) bound(m *sdk.Method) *person {
	if who, ok := v.people[m.ID]; ok {
		return who.clone()
	}
	if _, known := v.codes[m.ID]; !known {
		who, err := v.bind(v.ctx, m, v.primary())
		if err == nil {
			v.people[m.ID] = who
			return who.clone()
		}
		v.codes[m.ID] = err
	}
	v.why = fmt.Sprintf("method %s: nobody could be bound: %v", m.ID, v.codes[m.ID])
	v.stop()
	return nil
}

// bind makes a person with a credential of the method.
func (k *kit) bind(ctx context.Context, m *sdk.Method, on ...*process) (*person, error) {
	return k.bindAs(ctx, "person", m, on...)
}

func (k *kit) bindAs(ctx context.Context, name string, m *sdk.Method, on ...*process) (*person, error) {
	s := k.script.Methods[m.ID]
	if s == nil {
		return nil, errNoScript
	}
	who := k.newPerson(name)
	switch {
	case s.Import != nil:
		return who, k.importInto(ctx, who, s.Import, on[0])
	case len(s.Enrol) > 0:
		_, err := k.enrol(ctx, m, who, on...)
		return who, err
	}
	// The methods of a plugin share one credential type: what another binds serves this one.
	for i := range k.description.Methods {
		other := &k.description.Methods[i]
		if o := k.script.Methods[other.ID]; o != nil && (o.Import != nil || len(o.Enrol) > 0) {
			return k.bindAs(ctx, name, other, on...)
		}
	}
	return who, nil
}

func (k *kit) importInto(ctx context.Context, who *person, input any, on *process) error {
	raw, err := json.Marshal(input)
	if text, ok := input.(string); ok && json.Valid([]byte(text)) {
		raw = []byte(text)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, configureLimit)
	defer cancel()
	results, err := on.ImportCredentials(ctx, instanceID, []sdk.ImportInput{{Subject: who.subject, JSON: raw}})
	if err != nil {
		return fmt.Errorf("ImportCredentials: %w", err)
	}
	if len(results) != 1 {
		return fmt.Errorf("ImportCredentials: %d results for one input", len(results))
	}
	if results[0].Error != "" {
		return fmt.Errorf("ImportCredentials: %s", results[0].Error)
	}
	if err := results[0].Validate(); err != nil {
		k.broke("ImportCredentials", err)
		return errRefused
	}
	return who.commit(k.description, []sdk.CredentialChange{results[0].Change})
}

// enrol binds a credential and returns the last answer.
func (k *kit) enrol(ctx context.Context, m *sdk.Method, who *person, on ...*process) (*flow, error) {
	f := k.newFlow(m, who, true, on...)
	answer, err := f.walk(ctx, "enrol", f.script.Enrol)
	if err != nil {
		return f, fmt.Errorf("binding: %w", err)
	}
	if answer.Success == nil {
		return f, fmt.Errorf("binding ended with %s", outcome(answer))
	}
	return f, nil
}

// begins comes as far as the first view, as the host does: it asks for none where the method has an opening one.
func (f *flow) begins(ctx context.Context) error {
	if !f.enrol && f.method.Opening != nil && !f.asks {
		f.view = f.method.Opening
		return nil
	}
	answer, err := f.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", f.lastOp, err)
	}
	if answer.Challenge == nil && answer.Pending == nil {
		return fmt.Errorf("%s answered %s, where a challenge was due", f.lastOp, outcome(answer))
	}
	return nil
}

// walk begins and gives every answer.
func (f *flow) walk(ctx context.Context, kind string, steps []Step) (*sdk.StepResponse, error) {
	inputs, err := f.approach(ctx, kind, steps)
	if err != nil {
		return nil, err
	}
	return f.finish(ctx, &steps[len(steps)-1], inputs)
}

// approach begins and gives every answer but the last, which it returns.
func (f *flow) approach(ctx context.Context, kind string, steps []Step) (map[string]string, error) {
	if err := f.stand(ctx, kind, steps); err != nil {
		return nil, err
	}
	return f.prepare(ctx, kind, &steps[len(steps)-1])
}

// stand begins and gives every answer but the last, of which nothing is done: the flow stands before the last question.
func (f *flow) stand(ctx context.Context, kind string, steps []Step) error {
	if len(steps) == 0 {
		return errNoScript
	}
	if err := f.begins(ctx); err != nil {
		return err
	}
	for i := range steps[:len(steps)-1] {
		inputs, err := f.prepare(ctx, kind, &steps[i])
		if err != nil {
			return err
		}
		answer, err := f.finish(ctx, &steps[i], inputs)
		if err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
		if answer.Challenge == nil && answer.Pending == nil {
			return fmt.Errorf("step %d ended with %s, before the last answer was given", i+1, outcome(answer))
		}
	}
	return nil
}

// wrong stands before the last question of a login and makes a wrong answer to it.
func (v *verdict) wrong(m *sdk.Method, who *person, n int, on ...*process) answered {
	s := v.scripted(m)
	f := v.newFlow(m, who, false, on...)
	v.ended(f.stand(v.ctx, "right", s.Right))
	inputs, err := f.prepare(v.ctx, "wrong", &s.Wrong[n])
	v.ended(err)
	return answered{f, inputs}
}

// needsCredential says whether logins of the method need its credential: without any the right answer does not succeed.
func (v *verdict) needsCredential(m *sdk.Method, who *person) bool {
	bare := who.clone()
	bare.credentials = nil
	answer, err := v.newFlow(m, bare, false, v.primary()).walk(v.ctx, "right", v.scripted(m).Right)
	return err != nil || answer.Success == nil
}

// prepare makes the inputs of a step, or brings about what the flow waits for.
func (f *flow) prepare(ctx context.Context, kind string, s *Step) (map[string]string, error) {
	switch {
	case s.Callback != nil:
		return nil, f.callback(ctx, s.Callback)
	case s.Poll > 0:
		return nil, nil
	}
	return f.answer(ctx, kind, s)
}

// finish makes the call of a step.
func (f *flow) finish(ctx context.Context, s *Step, inputs map[string]string) (*sdk.StepResponse, error) {
	answer, err := f.proceed(ctx, inputs)
	for n := 1; err == nil && answer.Pending != nil && n < s.Poll; n++ {
		wait := min(f.poll, time.Second)
		f.context.Now = f.context.Now.Add(f.poll)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		answer, err = f.proceed(ctx, nil)
	}
	return answer, err
}

// callback hands a request from outside to the plugin, as the host does, and keeps the signals it leaves.
func (f *flow) callback(ctx context.Context, s *CallbackScript) error {
	r, err := f.k.callbackRequest(ctx, s, f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.k.limit())
	defer cancel()
	answer, err := f.on().HandleCallback(ctx, r)
	if err != nil {
		f.k.fault("HandleCallback", err)
		return fmt.Errorf("HandleCallback: %w", err)
	}
	if broken := brokenCallback(answer, r); broken != "" {
		f.k.mu.Lock()
		f.k.badCallbacks = append(f.k.badCallbacks, "route "+r.Route+": "+broken)
		f.k.mu.Unlock()
		return errRefused
	}
	if f.person != nil {
		if err := f.person.commit(f.k.description, answer.CredentialChanges); err != nil {
			return err
		}
	}
	if data, ok := answer.Signals[f.context.FlowID]; ok {
		f.signals = append(f.signals, data)
	}
	return nil
}

func (k *kit) callbackRequest(ctx context.Context, s *CallbackScript, f *flow) (*sdk.CallbackRequest, error) {
	r := &sdk.CallbackRequest{InstanceID: instanceID, Route: s.Route, Method: http.MethodPost, URL: s.URL, Header: http.Header{}, Now: k.began.UTC()}
	i := slices.IndexFunc(k.description.Routes, func(r sdk.Route) bool { return r.Name == s.Route })
	if i < 0 {
		return nil, fmt.Errorf("the plugin describes no route %q", s.Route)
	}
	route := k.description.Routes[i]
	r.Method = route.Method
	if r.URL == "" {
		r.URL = origin + "/plugins/" + instanceID + "/" + route.Path
	}
	if route.DPoP {
		r.DPoPThumbprint = "conformance-thumbprint"
	}
	body, header := s.Body, s.Header
	if len(s.Exec) > 0 && f != nil {
		a, err := f.ask(ctx, "callback", s.Exec)
		if err != nil {
			return nil, err
		}
		body, header = a.Body, a.Header
	}
	value := func(string, string) (string, error) { return "", errors.New("there is no flow to take it from") }
	if f != nil {
		value = f.value
	}
	var err error
	if body, err = expand(body, value); err != nil {
		return nil, err
	}
	r.Body = []byte(body)
	for name, text := range header {
		filled, err := expand(text, value)
		if err != nil {
			return nil, err
		}
		r.Header.Set(name, filled)
	}
	if f != nil {
		r.Now = f.context.Now
		if f.person != nil && len(f.person.credentials) > 0 {
			c := f.person.credentials[0]
			r.Credential = &c
		}
		waiting := f.request(nil).Context
		r.Pending = []sdk.PendingFlow{{Context: waiting, State: f.state, StateVersion: f.version}}
	}
	return r, nil
}

// outcome names what a step answered.
func outcome(r *sdk.StepResponse) string {
	switch {
	case r == nil:
		return "nothing"
	case r.Challenge != nil:
		return "a challenge"
	case r.Pending != nil:
		return "pending"
	case r.Success != nil:
		return "success"
	case r.Failure != nil:
		return "failure " + string(r.Failure.Reason)
	case r.NotApplicable != nil:
		return "not applicable " + string(r.NotApplicable.Reason)
	case r.Identify != nil:
		return "identify"
	}
	return "no outcome"
}

// said describes an answer or a technical error.
func said(r *sdk.StepResponse, err error) string {
	if err != nil {
		return err.Error()
	}
	return outcome(r)
}

// scripted returns the script of a method whose right answers are known, or ends the check.
func (v *verdict) scripted(m *sdk.Method) *MethodScript {
	s := v.script.Methods[m.ID]
	if s == nil || len(s.Right) == 0 {
		v.why = fmt.Sprintf("%v: methods.%s.right", errNoScript, m.ID)
		v.stop()
	}
	return s
}

// working returns a person who can log in by the method, in one process and today, or ends the check.
func (v *verdict) working(m *sdk.Method) *person {
	s := v.scripted(m)
	who := v.bound(m)
	works, known := v.works[m.ID]
	if !known {
		answer, err := v.newFlow(m, who.clone(), false, v.primary()).walk(v.ctx, "right", s.Right)
		works = err == nil && answer.Success != nil
		if v.works == nil {
			v.works = map[string]bool{}
		}
		v.works[m.ID] = works
	}
	if !works {
		v.why = "the right answer does not succeed: see steps.right"
		v.stop()
	}
	return who
}

// ended ends the check if an error means that it could not be made: an answer that the host refuses is told by the rule
// it breaks, and a right answer that fails by steps.right.
func (v *verdict) ended(err error) {
	if err == nil {
		return
	}
	v.why = fmt.Sprintf("the check could not be made: %v", err)
	v.stop()
}

// sound fails the rule if err is a status that the contract does not have.
func (v *verdict) sound(what string, err error) {
	if err == nil || errors.Is(err, errRefused) {
		return
	}
	if bug := v.fault(what, err); bug != "" {
		v.fail("%s: %s", what, bug)
	}
}

// within is the check's context under a deadline.
func (v *verdict) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(v.ctx, d)
}

// cancel tells the plugin that a flow went another way.
func (v *verdict) cancel(r *sdk.StepRequest) error {
	ctx, done := v.within(2 * time.Second)
	defer done()
	return v.primary().Cancel(ctx, r)
}

// unoffered says whether a call is not there.
func (v *verdict) unoffered(err error) bool { return status.Code(err) == codes.Unimplemented }
