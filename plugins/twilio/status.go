package twilio

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/twilio/twilio-go/client"

	"github.com/varco-id/varco/plugins/sdk"
)

const signature = "X-Twilio-Signature"

// HandleCallback implements [sdk.Callbacks]: what became of a message or a call. Nothing of a request is believed before its signature.
func (p *Plugin) HandleCallback(_ context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	a, err := p.account(r.InstanceID)
	if err != nil {
		return nil, err
	}
	if r.Route != statusPath {
		return &sdk.CallbackResponse{Status: http.StatusNotFound}, nil
	}
	form, ok := a.signed(r)
	if !ok {
		return &sdk.CallbackResponse{Status: http.StatusForbidden}, nil
	}
	if form.Get("AccountSid") != a.AccountSID {
		return &sdk.CallbackResponse{Status: http.StatusBadRequest}, nil
	}
	answer := &sdk.CallbackResponse{Status: http.StatusNoContent}
	if receipt, ok := received(form); ok {
		answer.Receipts = []sdk.Receipt{receipt}
	}
	return answer, nil
}

// HandleDelivery implements [sdk.Callbacks]. A channel asks for no messages itself.
func (*Plugin) HandleDelivery(context.Context, *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	return &sdk.CallbackResponse{Status: http.StatusNoContent}, nil
}

// signed verifies X-Twilio-Signature over the public address and every parameter, and returns those.
func (a *account) signed(r *sdk.CallbackRequest) (url.Values, bool) {
	given := r.Header.Values(signature)
	if a.AuthToken == "" || len(given) != 1 || given[0] == "" {
		return nil, false
	}
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil, false
	}
	for _, values := range form {
		if len(values) != 1 { // the signature would cover one of them, and somebody might read another
			return nil, false
		}
	}
	// The address that Twilio was told, whatever a proxy made of it.
	address, query, _ := strings.Cut(r.URL, "?")
	if a.callback != "" {
		address = a.callback
	}
	if query != "" {
		address += "?" + query
	}
	if parsed, err := url.Parse(address); err != nil || parsed.Query().Has("bodySHA256") { // asks for a signature that leaves the parameters out
		return nil, false
	}
	v := client.NewRequestValidator(a.AuthToken)
	return form, v.ValidateBody(address, r.Body, given[0])
}

// received reads a receipt; false for a step on the way, of which there is nothing to tell.
func received(form url.Values) (sdk.Receipt, bool) {
	id, status := form.Get("MessageSid"), form.Get("MessageStatus")
	if id == "" {
		id, status = form.Get("CallSid"), form.Get("CallStatus")
	}
	if !sid(id) {
		return sdk.Receipt{}, false
	}
	switch status {
	case "delivered", "read", "completed":
		return sdk.Receipt{ProviderID: id, Status: sdk.DeliveryDelivered}, true
	case "busy", "no-answer":
		return sdk.Receipt{ProviderID: id, Status: sdk.DeliveryFailed, Reason: "nobody answered the call: " + status}, true
	case "undelivered", "failed", "canceled":
		code, _ := strconv.Atoi(form.Get("ErrorCode")) // none: 0
		return explain(code).receipt(id), true
	}
	return sdk.Receipt{}, false
}

func routes() []sdk.Route {
	return slices.Clone([]sdk.Route{{Name: statusPath, Method: http.MethodPost, Path: statusPath, Headers: []string{signature}}})
}
