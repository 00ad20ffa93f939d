package login

import (
	"context"
	"net/url"
	"slices"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/audit"
)

// leaves says whether a view leads to another origin.
func leaves(v sdk.View) bool {
	return slices.ContainsFunc(v.Nodes, func(n sdk.Node) bool { return n.Redirect != nil })
}

// astray says whether what a plugin answered leads to an origin that the operator did not write into its configuration: a plugin gone
// bad must not send people who trust the bank's page to whom it likes.
func (d *Dispatcher) astray(instance string, res *sdk.StepResponse) bool {
	for _, v := range views(res) {
		for _, n := range v.Nodes {
			if n.Redirect == nil {
				continue
			}
			u, err := url.Parse(n.Redirect.URL)
			if err != nil || d.MayLeave == nil || !d.MayLeave(instance, u.Scheme+"://"+u.Host) {
				return true
			}
		}
	}
	return false
}

func views(res *sdk.StepResponse) []*sdk.View {
	switch {
	case res.Challenge != nil:
		return []*sdk.View{&res.Challenge.View}
	case res.Pending != nil:
		return []*sdk.View{&res.Pending.View}
	case res.Failure != nil && res.Failure.View != nil:
		return []*sdk.View{res.Failure.View}
	}
	return nil
}

// strayed refuses a page that leads astray. The person is offered another way, and nothing counts against them.
func (d *Dispatcher) strayed(ctx context.Context, x *run, m host.MethodRef, c *change) error {
	d.Log.ErrorContext(ctx, "a plugin's page leads to an origin that its configuration does not name", "instance", m.Instance)
	c.method, c.outcome = m.Ref, "lie"
	c.event(x, audit.PluginLied, "instance", m.Instance, "claim", string(sdk.RuleView))
	x.state.leaveStep()
	x.state.Choosing, x.state.Notice = true, Notice{Code: NoticeUnavailable}
	return nil
}
