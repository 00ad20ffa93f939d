package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

type state struct{ Approval string } // what a step hands to the next

// Begin has the vendor ask the person's phone. Only of somebody who proved who they are: for a mere name it would let anybody make
// phones ring, and the vendor's time would tell which names exist.
func (p *plugin) Begin(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	v, err := p.vendor(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	device := phone(r)
	if !r.Context.Identified || device == nil {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, nil
	}
	// The host repeats a call with the same key when it does not know what became of it, and so the vendor pushes once.
	patience := min(2*time.Minute, r.Context.ExpiresAt.Sub(r.Context.Now))
	var a approval
	err = v.call(ctx, http.MethodPost, "/v1/approvals", r.Context.IdempotencyKey,
		map[string]any{"device": device.Handle, "text": r.Context.Client.Name, "expires_in": int(patience.Seconds())}, &a)
	switch {
	case errors.Is(err, errGone):
		return gone(device), nil
	case err != nil:
		return nil, sdk.Unavailable(err)
	case !vendorID.MatchString(a.ID):
		return nil, sdk.Unavailable(errors.New("the vendor answered without an approval"))
	}
	return v.waiting(a), nil
}

// Continue comes when the vendor called, when it is time to ask, and when the person presses the button. In each case the vendor is
// asked: a callback says that there is something to know, not what.
func (p *plugin) Continue(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	v, err := p.vendor(r.Context.InstanceID)
	if err != nil {
		return nil, err
	}
	var s state
	device := phone(r)
	if device == nil || r.StateVersion > 1 || json.Unmarshal(r.State, &s) != nil || s.Approval == "" {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, nil
	}
	var a approval
	err = v.call(ctx, http.MethodGet, "/v1/approvals/"+s.Approval, "", nil, &a)
	switch {
	case errors.Is(err, errGone):
		return gone(device), nil
	case err != nil:
		return nil, sdk.Unavailable(err)
	case a.ID != s.Approval || a.Device != device.Handle:
		return nil, sdk.Unavailable(errors.New("the vendor told of another approval than was asked for"))
	}
	switch a.Status {
	case "pending":
		return v.waiting(a), nil
	case "approved":
		return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"swk"}, CredentialID: device.ID, Evidence: []byte(a.ID)}}, nil
	case "denied":
		// Counts: whoever makes a phone ring until somebody gives in has few tries.
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonDeviceDenied, Counts: true}}, nil
	case "expired":
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonExpired}}, nil
	}
	return nil, sdk.Unavailable(errors.New("the vendor answered with a status that is not known"))
}

// Cancel takes the request off the phone: the person went another way.
func (p *plugin) Cancel(ctx context.Context, r *sdk.StepRequest) error {
	v, err := p.vendor(r.Context.InstanceID)
	var s state
	if err != nil || json.Unmarshal(r.State, &s) != nil || s.Approval == "" {
		return err
	}
	return v.call(ctx, http.MethodDelete, "/v1/approvals/"+s.Approval, "", nil, nil)
}

// phone is the person's, nil without one. What was sealed counts: whoever can write into the database could put their own handle beside it.
func phone(r *sdk.StepRequest) *sdk.Credential {
	if len(r.Credentials) == 0 || r.Credentials[0].Version > 1 || string(r.Credentials[0].Data) != r.Credentials[0].Handle {
		return nil
	}
	return &r.Credentials[0]
}

// waiting is the page while the phone is asked.
func (v *vendor) waiting(a approval) *sdk.StepResponse {
	s, _ := json.Marshal(state{a.ID}) // a text: it never fails
	view := sdk.Screen(sdk.T("banktoken.title"),
		sdk.Node{NumberMatch: &sdk.NumberMatch{Digits: a.Number, Label: sdk.T("banktoken.number")}},
		sdk.Node{Wait: &sdk.Wait{Text: sdk.T("banktoken.wait")}},
		sdk.Submit("done", sdk.T("banktoken.done")))
	return &sdk.StepResponse{Pending: &sdk.Pending{View: view, PollAfter: time.Duration(v.PollSeconds) * time.Second}, State: s, StateVersion: 1}
}

// gone removes a device that the vendor removed, and says so.
func gone(device *sdk.Credential) *sdk.StepResponse {
	view := sdk.Screen(sdk.T("banktoken.title"),
		sdk.Node{Paragraph: &sdk.Paragraph{Text: sdk.T("banktoken.gone"), Style: sdk.StyleError}}, sdk.Submit("on", sdk.T("banktoken.on")))
	return &sdk.StepResponse{
		Failure:           &sdk.Failure{Reason: sdk.ReasonDeviceUnreachable, Retryable: true, View: &view},
		CredentialChanges: []sdk.CredentialChange{removal(device)},
	}
}

func removal(device *sdk.Credential) sdk.CredentialChange {
	return sdk.CredentialChange{Kind: sdk.ChangeRevoke, CredentialID: device.ID, ExpectedRevision: device.Revision}
}

// HandleCallback wakes the flow that waits for an approval, or removes a device. Who knows the callback's key can make it do no more
// than ask the vendor.
func (p *plugin) HandleCallback(ctx context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	v, err := p.vendor(r.InstanceID)
	if err != nil {
		return nil, err
	}
	if !v.signed(r.Header.Get(signatureHeader), r.Body, r.Now) {
		return &sdk.CallbackResponse{Status: http.StatusUnauthorized}, nil
	}
	var e struct{ Event, Device, Approval string }
	if json.Unmarshal(r.Body, &e) != nil {
		return &sdk.CallbackResponse{Status: http.StatusBadRequest}, nil
	}
	answer := &sdk.CallbackResponse{Status: http.StatusNoContent}
	if r.Credential == nil || r.Credential.Handle != e.Device {
		return answer, nil // removed here already: nothing for the vendor to repeat
	}
	switch e.Event {
	case "approval.answered":
		answer.Signals = map[string][]byte{}
		for _, flow := range r.Pending {
			var s state
			if json.Unmarshal(flow.State, &s) == nil && s.Approval == e.Approval {
				answer.Signals[flow.Context.FlowID] = []byte("answered")
			}
		}
	case "device.removed":
		err := v.call(ctx, http.MethodGet, "/v1/devices/"+e.Device, "", nil, nil)
		if errors.Is(err, errGone) {
			answer.CredentialChanges = []sdk.CredentialChange{removal(r.Credential)}
		} else if err != nil {
			return nil, sdk.Unavailable(err) // the vendor calls again
		}
	}
	return answer, nil
}

// HandleDelivery has nothing to do: this plugin sends no messages.
func (*plugin) HandleDelivery(context.Context, *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	return &sdk.CallbackResponse{Status: http.StatusNoContent}, nil
}
