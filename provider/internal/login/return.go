package login

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/varco-id/varco/provider/internal/fault"
	"github.com/varco-id/varco/provider/internal/sealing"
)

func (d *Dispatcher) returnURL(instance string) string {
	if d.ReturnURL == nil {
		return ""
	}
	return d.ReturnURL(instance)
}

// returnState is the value by which a browser that comes back from another origin names its Flow and step: see [sdk.StepContext].
// It is worth nothing in another browser than the Flow's.
func (d *Dispatcher) returnState(flow, instance string) string {
	mac := d.Box.MAC(sealing.PurposeReturn, flow, instance)
	return flow + "." + base64.RawURLEncoding.EncodeToString(mac[:])
}

// Return answers the step at hand of an instance's method with what another origin sent the browser back with, and returns the id of
// its Flow. fault.NotFound covers states that were not made here and browsers that did not begin the Flow alike.
func (d *Dispatcher) Return(ctx context.Context, instance, returnState string, b Browser, inputs map[string]string) (string, *Page, error) {
	flow, _, ok := strings.Cut(returnState, ".")
	if !ok || subtle.ConstantTimeCompare([]byte(returnState), []byte(d.returnState(flow, instance))) != 1 {
		return "", nil, fault.New(fault.NotFound, "a state that was not made here")
	}
	x, err := d.load(ctx, flow, b)
	if err != nil {
		return "", nil, err
	}
	if instanceOf(x.state.Method) != instance || x.state.View == nil || !leaves(*x.state.View) {
		p, err := d.Page(ctx, flow, b) // the Flow went on: a second tab, or the browser's back button
		return flow, p, err
	}
	p, err := d.Submit(ctx, flow, b, Submission{Version: x.pageVersion(), Inputs: inputs})
	return flow, p, err
}
