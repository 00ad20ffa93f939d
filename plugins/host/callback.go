package host

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
)

// Callback hands a request from outside to the instance r.InstanceID and checks the answer: what it commits concerns the
// handed-in credential and flows alone, and what goes out has neither cookies nor markup. r is not changed; the plugin gets
// its pending flows without the attributes it may not see.
//
// The deadline is that of a step. A call that found nobody is repeated once, like a step's. The error is an *Error.
func (h *Host) Callback(ctx context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	var answer *sdk.CallbackResponse
	err := h.call(ctx, r.InstanceID, "callback", h.stepLimit(r.InstanceID), true, func(ctx context.Context, i *instance, on *running) error {
		about, err := on.offers(sdk.ServiceCallbacks)
		if err != nil {
			return err
		}
		request := *r
		if request.MaxStateVersion == 0 {
			request.MaxStateVersion = i.readable(about)
		}
		request.Pending = make([]sdk.PendingFlow, len(r.Pending))
		for n, p := range r.Pending {
			p.Context = i.context(&p.Context, about)
			request.Pending[n] = p
		}
		response, err := on.client.HandleCallback(ctx, &request)
		if err != nil {
			return err
		}
		if err := response.Validate(about, &request); err != nil {
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

// Delivery tells the instance r.InstanceID what became of a message it asked for and checks the answer. Its status, header
// and body mean nothing.
//
// The deadline is that of a step. A call that found nobody is repeated once. The error is an *Error.
func (h *Host) Delivery(ctx context.Context, r *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	var answer *sdk.CallbackResponse
	err := h.call(ctx, r.InstanceID, "delivery", h.stepLimit(r.InstanceID), true, func(ctx context.Context, i *instance, on *running) error {
		about, err := on.offers(sdk.ServiceCallbacks)
		if err != nil {
			return err
		}
		request := *r
		if request.MaxStateVersion == 0 {
			request.MaxStateVersion = i.readable(about)
		}
		response, err := on.client.HandleDelivery(ctx, &request)
		if err != nil {
			return err
		}
		if err := response.ValidateDelivery(about, &request); err != nil {
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
