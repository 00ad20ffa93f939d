package host

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

// Op is a call of a step.
type Op string

// The operations of Step.
const (
	Begin          Op = "begin"
	Continue       Op = "continue"
	BeginEnroll    Op = "begin_enroll"
	ContinueEnroll Op = "continue_enroll"
	Cancel         Op = "cancel"
)

// maxInputs bounds what a person can send to a plugin in one step.
const maxInputs = 256 << 10

// Step runs one step on the instance r.Context.InstanceID names and checks the answer. r is not changed; the plugin
// gets it with the configuration's revision, only the attributes the instance may see and, if the caller gives none,
// the plugin's own state version as the highest.
//
// The error is an *Error. A Cancel has no response. An input that no plugin could take (not UTF-8, too much) is answered
// here as a Failure that does not count. A view with a node this host does not know is answered as NotApplicable.
func (h *Host) Step(ctx context.Context, op Op, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	id := r.Context.InstanceID
	if !sound(r.Inputs) {
		return &sdk.StepResponse{
			Failure: &sdk.Failure{Reason: sdk.ReasonInvalidInput, Retryable: true},
			State:   r.State, StateVersion: r.StateVersion,
		}, nil
	}
	limit := h.stepLimit(id)
	if op == Cancel {
		limit = cancelTimeout
	}
	var answer *sdk.StepResponse
	err := h.call(ctx, id, string(op), limit, op != Cancel, func(ctx context.Context, i *instance, on *running) error {
		request := i.request(r, on.about)
		response, err := runStep(ctx, on.client, op, request)
		if err != nil || op == Cancel {
			return err
		}
		if unknownNode(response) {
			answer = &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{}}
			return nil
		}
		if err := response.Validate(on.about, request); err != nil {
			return err
		}
		answer = response
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func runStep(ctx context.Context, c *sdk.Client, op Op, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	switch op {
	case Begin:
		return c.Begin(ctx, r)
	case Continue:
		return c.Continue(ctx, r)
	case BeginEnroll:
		return c.BeginEnroll(ctx, r)
	case ContinueEnroll:
		return c.ContinueEnroll(ctx, r)
	case Cancel:
		return nil, c.Cancel(ctx, r)
	}
	panic("host.Step: unknown operation " + string(op))
}

// stepLimit is the deadline of a step of an instance.
func (h *Host) stepLimit(id string) time.Duration {
	if i, ok := h.find(id); ok {
		return i.stepTimeout()
	}
	return sdk.DefaultStepTimeout
}

// stepTimeout is what the plugin asks for, within the contract.
func (i *instance) stepTimeout() time.Duration {
	about, _ := i.described()
	if about == nil || about.StepTimeout <= sdk.DefaultStepTimeout {
		return sdk.DefaultStepTimeout
	}
	return min(about.StepTimeout, sdk.MaxStepTimeout)
}

// request is the caller's with what only this package knows, and without what the instance must not see.
func (i *instance) request(r *sdk.StepRequest, about *sdk.Description) *sdk.StepRequest {
	out := *r
	out.Context = i.context(&r.Context, about)
	return &out
}

func (i *instance) context(in *sdk.StepContext, about *sdk.Description) sdk.StepContext {
	c := *in
	c.ConfigRevision = i.revision
	if c.MaxStateVersion == 0 {
		c.MaxStateVersion = i.readable(about)
	}
	// A browser may send any bytes in these; a message on the wire must be UTF-8.
	c.Browser.UserAgent = strings.ToValidUTF8(c.Browser.UserAgent, "\uFFFD")
	c.Locale = strings.ToValidUTF8(c.Locale, "")
	if c.Subject != nil {
		seen := *c.Subject
		seen.Attributes = maps.Clone(seen.Attributes)
		maps.DeleteFunc(seen.Attributes, func(name, _ string) bool { return !slices.Contains(i.config.Attributes, name) })
		c.Subject = &seen
	}
	return c
}

// readable is the highest state version the plugin may write.
func (i *instance) readable(about *sdk.Description) uint32 {
	if ask := i.host.options.Readable; ask != nil && about.StateVersion > 0 {
		return min(ask(i.config.ID, about.StateVersion), about.StateVersion)
	}
	return about.StateVersion
}

// sound says whether inputs can be sent at all.
func sound(inputs map[string]string) bool {
	size := 0
	for name, value := range inputs {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return false
		}
		size += len(name) + len(value)
	}
	return size <= maxInputs
}

// unknownNode finds what a newer plugin shows and this host cannot. Half a page is never rendered.
func unknownNode(r *sdk.StepResponse) bool {
	for _, v := range views(r) {
		for _, n := range v.Nodes {
			if n == (sdk.Node{}) || (n.TextField != nil && strings.HasPrefix(string(n.TextField.Kind), "#")) {
				return true
			}
		}
	}
	return false
}

func views(r *sdk.StepResponse) []*sdk.View {
	var all []*sdk.View
	if r.Challenge != nil {
		all = append(all, &r.Challenge.View)
	}
	if r.Pending != nil {
		all = append(all, &r.Pending.View)
	}
	if r.Failure != nil && r.Failure.View != nil {
		all = append(all, r.Failure.View)
	}
	return all
}
