package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// What the host would say of itself.
const (
	rpID   = "bank.test"
	origin = "https://bank.test"
)

// person is a subscriber with what the plugin stored for them, and with what they hold in their hands.
type person struct {
	subject     sdk.Subject
	credentials []sdk.Credential
	now         time.Time // when their next flow begins
	made        int
	flows       int             // begun so far
	otpauth     string          // what their authenticator app scanned
	memory      json.RawMessage // of the program that answers for them
}

func (k *kit) newPerson(name string) *person {
	return &person{now: k.began.UTC().Truncate(time.Second), subject: sdk.Subject{ID: "sub-" + name, Name: name + "@bank.test",
		Attributes: maps.Clone(k.script.Attributes)}}
}

func (p *person) clone() *person {
	c := *p
	c.credentials = slices.Clone(p.credentials)
	for i := range c.credentials {
		c.credentials[i].Data = bytes.Clone(c.credentials[i].Data)
	}
	return &c
}

// conflict says why a transaction with the changes would not be committed, as the host's compare-and-set does.
func (p *person) conflict(changes []sdk.CredentialChange) error {
	for _, c := range changes {
		if c.Kind == sdk.ChangeCreate {
			continue
		}
		i := slices.IndexFunc(p.credentials, func(old sdk.Credential) bool { return old.ID == c.CredentialID })
		if i < 0 || p.credentials[i].Revision != c.ExpectedRevision {
			return errors.New("the credential was changed meanwhile")
		}
	}
	return nil
}

// commit does what the host's transaction does.
func (p *person) commit(d *sdk.Description, changes []sdk.CredentialChange) error {
	if err := p.conflict(changes); err != nil {
		return err
	}
	for _, c := range changes {
		i := slices.IndexFunc(p.credentials, func(old sdk.Credential) bool { return old.ID == c.CredentialID })
		switch {
		case c.Kind == sdk.ChangeCreate:
			p.made++
			p.credentials = append(p.credentials, sdk.Credential{ID: fmt.Sprintf("%s-%d", p.subject.ID, p.made),
				Type: d.CredentialType, Handle: c.Handle, Label: c.Label, Data: c.Data, Version: c.Version, Revision: 1})
		case c.Kind == sdk.ChangeRevoke:
			p.credentials = slices.Delete(p.credentials, i, i+1)
		default:
			old := &p.credentials[i]
			old.Data, old.Version, old.Revision = c.Data, c.Version, old.Revision+1
			if c.Handle != "" {
				old.Handle = c.Handle
			}
			if c.Label != "" {
				old.Label = c.Label
			}
		}
	}
	return nil
}

// flow is one login or binding of a method. The zero state is that before its first step.
type flow struct {
	k       *kit
	on      func() *process // which process runs the next step
	method  *sdk.Method
	script  *MethodScript
	person  *person // nil: a name that does not exist
	enrol   bool
	context sdk.StepContext

	state   []byte
	version uint32
	view    *sdk.View         // shown last
	effect  map[string]string // of the message sent last
	signals [][]byte
	begun   bool
	last    *sdk.StepRequest // the call made last, and which it was
	lastOp  op
	poll    time.Duration
	effects []sdk.Effect
	lenient bool // take what the host would refuse
	asks    bool // call Begin although there is an opening view
}

// op is a call of a step.
type op string

const (
	opBegin          op = "Begin"
	opContinue       op = "Continue"
	opBeginEnroll    op = "BeginEnroll"
	opContinueEnroll op = "ContinueEnroll"
)

// newFlow starts a flow of a person, or of nobody, on one process.
func (k *kit) newFlow(m *sdk.Method, who *person, enrol bool, on ...*process) *flow {
	k.mu.Lock()
	k.flows++
	id := fmt.Sprintf("flow-%d", k.flows)
	k.mu.Unlock()
	f := &flow{k: k, method: m, script: k.script.Methods[m.ID], person: who, enrol: enrol}
	turn := 0
	f.on = func() *process { turn++; return on[(turn-1)%len(on)] }
	if f.script == nil {
		f.script = new(MethodScript)
	}
	now := k.began.UTC().Truncate(time.Second)
	if who != nil {
		now = who.now
		who.flows++
		who.now = who.now.Add(k.advance())
	}
	f.context = sdk.StepContext{
		InstanceID: instanceID, MethodID: m.ID, ConfigRevision: "1", FlowID: id, Intent: sdk.IntentLogin, Now: now,
		Locale: "en", Client: sdk.ClientInfo{ID: "bank", Name: "Bank"}, MaxStateVersion: k.description.StateVersion,
		Browser: sdk.BrowserInfo{Address: "192.0.2.1", UserAgent: "conformance"}, RPID: rpID, Origins: []string{origin},
		ExpiresAt: now.Add(10 * time.Minute),
		// A method without an opening view comes after another, by which the person proved who they are.
		Identified: who != nil && (enrol || m.Opening == nil && !m.IdentifiesSubject),
	}
	if enrol {
		f.context.Intent = sdk.IntentEnrol
	}
	return f
}

// advance is the time between two flows of a person.
func (k *kit) advance() time.Duration {
	if k.script.Advance != nil {
		return time.Duration(*k.script.Advance)
	}
	return 90 * time.Second
}

// request is the next call of the flow.
func (f *flow) request(inputs map[string]string) *sdk.StepRequest {
	r := &sdk.StepRequest{Context: f.context, State: bytes.Clone(f.state), StateVersion: f.version, Inputs: inputs, Signals: f.signals}
	r.Context.IdempotencyKey = fmt.Sprintf("%s/%s/%d", f.context.FlowID, f.method.ID, f.context.Step)
	if f.person != nil && (!f.method.IdentifiesSubject || f.enrol) {
		subject := f.person.subject
		r.Context.Subject, r.Credentials = &subject, f.person.clone().credentials
	}
	return r
}

func (f *flow) ops() (first, next op) {
	if f.enrol {
		return opBeginEnroll, opContinueEnroll
	}
	return opBegin, opContinue
}

// begin runs the first step.
func (f *flow) begin(ctx context.Context) (*sdk.StepResponse, error) {
	first, _ := f.ops()
	return f.step(ctx, first, nil)
}

// proceed runs the next step.
func (f *flow) proceed(ctx context.Context, inputs map[string]string) (*sdk.StepResponse, error) {
	_, next := f.ops()
	return f.step(ctx, next, inputs)
}

// step makes one call and commits what came back.
func (f *flow) step(ctx context.Context, o op, inputs map[string]string) (*sdk.StepResponse, error) {
	r := f.request(inputs)
	f.last, f.lastOp = r, o
	answer, err := f.k.call(ctx, f.on(), o, r, f.person)
	if err != nil && (answer == nil || !f.lenient) {
		return nil, err
	}
	f.took(answer)
	if f.person != nil {
		if err := f.person.commit(f.k.description, answer.CredentialChanges); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// took goes on from an answer, without committing its changes.
func (f *flow) took(answer *sdk.StepResponse) {
	f.begun, f.signals = true, nil
	f.context.Step++
	f.state, f.version = bytes.Clone(answer.State), answer.StateVersion
	if v := viewOf(answer); v != nil {
		f.view = v
		for _, n := range v.Nodes {
			if n.QR != nil && strings.HasPrefix(n.QR.Content, "otpauth://") && f.person != nil {
				f.person.otpauth = n.QR.Content
			}
		}
	}
	f.poll = 0
	if answer.Pending != nil {
		f.poll = answer.Pending.PollAfter
	}
	for _, e := range answer.Effects {
		f.effect = e.Params
		f.effects = append(f.effects, e)
		for name, value := range e.Params {
			f.k.keep("typed: the parameter "+name+" of a message", value)
		}
	}
}

func viewOf(r *sdk.StepResponse) *sdk.View {
	switch {
	case r.Challenge != nil:
		return &r.Challenge.View
	case r.Pending != nil:
		return &r.Pending.View
	case r.Failure != nil:
		return r.Failure.View
	}
	return nil
}

// repeat makes the last call again, as the host does when it does not know what became of it. Nothing is committed.
func (f *flow) repeat(ctx context.Context, on *process) (*sdk.StepResponse, error) {
	return f.k.call(ctx, on, f.lastOp, f.last, f.person)
}

// limit is the host's deadline for a step.
func (k *kit) limit() time.Duration {
	if k.description.StepTimeout <= sdk.DefaultStepTimeout {
		return sdk.DefaultStepTimeout
	}
	return min(k.description.StepTimeout, sdk.MaxStepTimeout)
}

// call makes a call as the host does: under its deadline, looking up who a handle names, and holding the answer
// against its rules.
func (k *kit) call(ctx context.Context, p *process, o op, r *sdk.StepRequest, who *person) (*sdk.StepResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, k.limit())
	defer cancel()
	answer, err := k.once(ctx, p, o, r)
	if err != nil || answer.Identify == nil {
		return answer, err
	}
	again := *r
	again.Context.Sought = answer.Identify.Handle
	if who != nil {
		if i := slices.IndexFunc(who.credentials, func(c sdk.Credential) bool { return c.Handle == answer.Identify.Handle }); i >= 0 {
			subject := who.subject
			again.Context.Subject, again.Credentials = &subject, []sdk.Credential{who.credentials[i]}
		}
	}
	answer, err = k.once(ctx, p, o, &again)
	if err == nil && answer.Identify != nil {
		k.broke(string(o), &sdk.Violation{Rule: sdk.RuleSubject, Detail: "asks who somebody is a second time in one step"})
		return nil, errRefused
	}
	return answer, err
}

func (k *kit) once(ctx context.Context, p *process, o op, r *sdk.StepRequest) (answer *sdk.StepResponse, err error) {
	switch o {
	case opBegin:
		answer, err = p.Begin(ctx, r)
	case opContinue:
		answer, err = p.Continue(ctx, r)
	case opBeginEnroll:
		answer, err = p.BeginEnroll(ctx, r)
	case opContinueEnroll:
		answer, err = p.ContinueEnroll(ctx, r)
	}
	where := r.Context.MethodID + ", " + string(o)
	if err != nil {
		k.fault(where, err)
		return nil, err
	}
	k.looked(seenView{where: where, view: viewOf(answer), failure: answer.Failure != nil, pending: answer.Pending != nil})
	if err := answer.Validate(k.description, r); err != nil {
		if r.Context.MaxStateVersion == k.description.StateVersion { // else state.highest tells
			k.broke(where, err)
		}
		return answer, errRefused
	}
	return answer, nil
}

// answer makes the inputs of a scripted step for the view shown last.
func (f *flow) answer(ctx context.Context, kind string, s *Step) (map[string]string, error) {
	inputs := map[string]string{}
	if len(s.Exec) > 0 {
		a, err := f.ask(ctx, kind, s.Exec)
		if err != nil {
			return nil, err
		}
		inputs = a.Inputs
	}
	for name, text := range s.Inputs {
		value, err := expand(text, f.value)
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", name, err)
		}
		inputs[name] = value
	}
	f.k.keepTyped(inputs)
	return f.asked(inputs), nil
}

func (k *kit) keepTyped(inputs map[string]string) {
	for name, value := range inputs {
		if name != "action" {
			k.keep("typed: the input "+name, value)
		}
	}
}

// asked leaves what a page with the view would send: the values of its fields, and the button.
func (f *flow) asked(inputs map[string]string) map[string]string {
	if f.view == nil {
		return inputs
	}
	out := map[string]string{}
	for _, n := range f.view.Nodes {
		var name string
		switch {
		case n.TextField != nil:
			name = n.TextField.Name
		case n.Choice != nil:
			name = n.Choice.Name
		case n.WebAuthn != nil:
			name = "webauthn"
		case n.Action != nil && (n.Action.Primary || out["action"] == ""):
			out["action"] = n.Action.Name
		}
		if value, ok := inputs[name]; ok && name != "" {
			out[name] = value
		}
	}
	if action, ok := inputs["action"]; ok {
		out["action"] = action
	}
	return out
}

func (f *flow) value(name, part string) (string, error) {
	switch name {
	case "totp":
		if f.person == nil {
			return "000000", nil
		}
		if f.person.otpauth == "" {
			return totp(f.script.Otpauth, f.context.Now)
		}
		return totp(f.person.otpauth, f.context.Now)
	case "effect":
		value, ok := f.effect[part]
		if !ok {
			return "", fmt.Errorf("no message with the parameter %q was sent", part)
		}
		return value, nil
	case "list":
		if f.person == nil || len(f.script.List) == 0 {
			return "", errors.New("the script has no list")
		}
		return f.script.List[(f.person.flows-1)%len(f.script.List)], nil
	case "attribute":
		return f.k.script.Attributes[part], nil
	case "name":
		if f.person != nil {
			return f.person.subject.Name, nil
		}
		return "nobody@bank.test", nil
	}
	return "", errors.New("there is no such placeholder in an answer")
}

// ask runs a program that answers for the person.
func (f *flow) ask(ctx context.Context, kind string, command []string) (*Answer, error) {
	q := Question{Step: kind, Method: f.method.ID, Now: f.context.Now, RPID: rpID, Origin: origin, View: f.view, Effect: f.effect}
	if f.person != nil {
		q.Subject, q.Memory = f.person.subject.ID, f.person.memory
	}
	a, err := f.k.options.Answerer(ctx, command, q)
	if err != nil {
		return nil, err
	}
	if f.person != nil && len(a.Memory) > 0 {
		f.person.memory = a.Memory
	}
	if a.Inputs == nil {
		a.Inputs = map[string]string{}
	}
	return a, nil
}
