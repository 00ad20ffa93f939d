package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/varco-id/varco/plugins/sdk"
)

// phone is an authenticator whose answers come by callback.
type phone struct{ *base }

var (
	_ sdk.Authenticator = (*phone)(nil)
	_ sdk.Enrollment    = (*phone)(nil)
	_ sdk.Callbacks     = (*phone)(nil)
)

func newPhone(bad defect) *phone {
	return &phone{newBase(bad, &sdk.Description{Name: "phone", CredentialType: "phone", StateVersion: 1,
		Texts:   map[string]map[string]string{"en": {"title": "Phone", "wait": "Look at your phone.", "ask": "Approve?", "go": "Go on"}},
		Methods: []sdk.Method{{ID: "push", Title: "title", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"swk"}, CanEnrol: true}},
		Routes:  []sdk.Route{{Name: "answer", Method: http.MethodPost, Path: "answer", HandleIn: "json:/handle", Headers: []string{"X-Token"}}}})}
}

func (p *phone) waiting(state []byte) *sdk.StepResponse {
	view := sdk.Screen(sdk.T("title"), sdk.Node{Wait: &sdk.Wait{Text: sdk.T("wait")}})
	if p.bad == "ui.pending" {
		view = sdk.Screen(sdk.T("title"), sdk.Say(sdk.T("wait")))
	}
	return &sdk.StepResponse{Pending: &sdk.Pending{View: view}, State: state, StateVersion: 1}
}

// Begin implements sdk.Authenticator.
func (p *phone) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if _, err := p.config(r.Context.InstanceID); err != nil {
		return nil, err
	}
	if r.Context.Subject == nil || !r.Context.Identified || len(r.Credentials) == 0 {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, nil
	}
	answer := p.waiting(nil)
	answer.Effects = []sdk.Effect{{IdempotencyKey: r.Context.IdempotencyKey, Channel: "push", To: "token", Template: "ask", CredentialID: r.Credentials[0].ID}}
	return answer, nil
}

// Continue implements sdk.Authenticator.
func (p *phone) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if _, err := p.config(r.Context.InstanceID); err != nil {
		return nil, err
	}
	if r.Context.Subject == nil || len(r.Credentials) == 0 {
		return &sdk.StepResponse{NotApplicable: &sdk.NotApplicable{Reason: sdk.ReasonNotEnrolled}}, nil
	}
	if r.Credentials[0].Version > 1 || string(r.Credentials[0].Data) != `"a phone"` {
		return nil, sdk.NotConfigured(errors.New("not readable"))
	}
	for _, s := range r.Signals {
		switch string(s) {
		case "yes " + r.Context.FlowID:
			return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"swk"}, CredentialID: r.Credentials[0].ID}, StateVersion: 1}, nil
		case "no " + r.Context.FlowID:
			return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonDeviceDenied}, StateVersion: 1}, nil
		}
	}
	return p.waiting(r.State), nil
}

// Cancel implements sdk.Authenticator.
func (p *phone) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// BeginEnroll implements sdk.Enrollment.
func (p *phone) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return sdk.Ask(sdk.Screen(sdk.T("title"), sdk.Submit("go", sdk.T("go")))), nil
}

// ContinueEnroll implements sdk.Enrollment.
func (p *phone) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if r.Context.Subject == nil {
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonExpired}}, nil
	}
	return &sdk.StepResponse{Success: &sdk.Success{}, StateVersion: 1, CredentialChanges: []sdk.CredentialChange{
		{Kind: sdk.ChangeCreate, Handle: "handle-of-" + r.Context.Subject.ID, Data: []byte(`"a phone"`), Version: 1}}}, nil
}

// Revoke implements sdk.Enrollment.
func (p *phone) Revoke(context.Context, string, sdk.Credential) error { return nil }

// ImportCredentials implements sdk.Enrollment.
func (p *phone) ImportCredentials(_ context.Context, _ string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	results := make([]sdk.ImportResult, len(in))
	for i := range results {
		results[i].Error = "nothing can be imported"
	}
	return results, nil
}

// HandleCallback implements sdk.Callbacks.
func (p *phone) HandleCallback(_ context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	if r.Route != "answer" {
		if p.bad == "callbacks.route" {
			return &sdk.CallbackResponse{Status: http.StatusOK}, nil
		}
		return &sdk.CallbackResponse{Status: http.StatusNotFound}, nil
	}
	var body struct {
		Handle  string `json:"handle"`
		Approve *bool  `json:"approve"`
	}
	err := json.Unmarshal(r.Body, &body)
	switch {
	case err != nil && p.bad == "callbacks.junk bug":
		return nil, err
	case p.bad == "callbacks.junk accepted" && (err != nil || body.Approve == nil):
		return &sdk.CallbackResponse{Status: http.StatusNoContent}, nil
	case p.bad == "callbacks.script" && err == nil && body.Handle == "ping":
		return &sdk.CallbackResponse{Status: http.StatusTeapot}, nil
	case err == nil && body.Handle == "ping":
		return &sdk.CallbackResponse{Status: http.StatusNoContent}, nil
	case err != nil || body.Approve == nil || r.Credential == nil:
		answer := &sdk.CallbackResponse{Status: http.StatusBadRequest}
		if p.bad == "callbacks.answer status" {
			answer.Status = 42_000
		}
		return answer, nil
	}
	word := "no "
	if *body.Approve {
		word = "yes "
	}
	answer := &sdk.CallbackResponse{Status: http.StatusNoContent, Signals: map[string][]byte{}}
	for _, f := range r.Pending {
		answer.Signals[f.Context.FlowID] = []byte(word + f.Context.FlowID)
	}
	if p.bad == "callbacks.answer signal" {
		answer.Signals["flow-of-somebody-else"] = []byte("yes")
	}
	return answer, nil
}

// HandleDelivery implements sdk.Callbacks.
func (p *phone) HandleDelivery(_ context.Context, r *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	if r.Credential == nil {
		if p.bad == "callbacks.delivery" {
			return nil, errors.New("whose phone?")
		}
		return &sdk.CallbackResponse{}, nil
	}
	if r.Status != sdk.DeliveryGone {
		return &sdk.CallbackResponse{}, nil
	}
	change := sdk.CredentialChange{Kind: sdk.ChangeRevoke, CredentialID: r.Credential.ID, ExpectedRevision: r.Credential.Revision}
	if p.bad == "callbacks.delivery revision" {
		change.ExpectedRevision = 0
	}
	return &sdk.CallbackResponse{CredentialChanges: []sdk.CredentialChange{change}}, nil
}
