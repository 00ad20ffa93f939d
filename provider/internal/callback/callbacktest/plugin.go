package callbacktest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Plugin approves logins on a phone. Nothing of a login is in it; Configure alone leaves something.
type Plugin struct {
	sdk.Stateless

	mu     sync.Mutex
	config config
}

// config is the configuration of an instance.
type config struct {
	// PollAfter, in ms: another system is asked about again and again. It approves at the third look.
	PollAfter int64 `json:"poll_after"`
	// HookKey is what the other system shows at the route "hook".
	HookKey string `json:"hook_key"`
	// Away is where the method "portal" sends the browser.
	Away string `json:"away"`
}

var (
	_ sdk.Authenticator = (*Plugin)(nil)
	_ sdk.Enrollment    = (*Plugin)(nil)
	_ sdk.Callbacks     = (*Plugin)(nil)
)

// device is the credential.
type device struct {
	Key     string `json:"key"` // RFC 7638 thumbprint
	Push    string `json:"push,omitempty"`
	Counter int    `json:"counter"`
}

// wait is the state of a step.
type wait struct {
	Operation string `json:"operation"`
	Looks     int    `json:"looks"`
}

// Describe implements sdk.Plugin.
func (*Plugin) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{
		Name: "phone", Version: "1.0.0", CredentialType: "phone", StateVersion: 1,
		Services: []sdk.Service{sdk.ServiceAuthenticator, sdk.ServiceEnrollment, sdk.ServiceCallbacks},
		Methods: []sdk.Method{
			{ID: "push", Title: "phone.name", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"hwk"}, CanEnrol: true, MaxCredentials: 2},
			{ID: "qr", Title: "phone.qr", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"hwk"}, IdentifiesSubject: true},
			{ID: "portal", Title: "phone.portal", Factors: []sdk.Factor{sdk.FactorPossession}, AMR: []string{"swk"}},
		},
		InstanceKeys: []sdk.InstanceKey{{Name: "operation", Kind: "ES256"}, {Name: "session", Kind: "hmac-sha256"}},
		Routes: []sdk.Route{
			{Name: "operations", Method: "GET", Path: "devices/{device}/operations", HandleIn: "path:device", DPoP: true},
			{Name: "answer", Method: "POST", Path: "devices/{device}/answer", HandleIn: "path:device", DPoP: true},
			{Name: "bind", Method: "POST", Path: "bind/{code}", HandleIn: "path:code", DPoP: true},
			{Name: "identify", Method: "POST", Path: "identify/{code}", HandleIn: "path:code", DPoP: true},
			{Name: "hook", Method: "POST", Path: "hook", HandleIn: "json:/operation", Headers: []string{"X-Hook-Key", "Cookie"}},
		},
		Texts: map[string]map[string]string{"en": {
			"phone.name": "Approve on your phone", "phone.portal": "Approve at the portal", "phone.qr": "Show a code to your phone", "phone.title": "Look at your phone",
			"phone.wait": "Waiting for your phone", "phone.bind": "Type this code on your phone", "phone.message": "Approve your login",
			"phone.digits": "Your phone shows", "phone.go": "Go to the portal",
		}},
	}, nil
}

// Configure implements sdk.Plugin.
func (p *Plugin) Configure(_ context.Context, cfg sdk.Configuration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range []string{"operation", "session"} {
		var set struct{ Keys []json.RawMessage }
		if err := json.Unmarshal(cfg.Keys[name], &set); err != nil || len(set.Keys) == 0 {
			return sdk.NotConfigured(errors.New("no key " + name))
		}
	}
	p.config = config{}
	return json.Unmarshal(cfg.JSON, &p.config)
}

func (p *Plugin) configured() config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.config
}

// Begin asks the phone. Somebody without one, or nobody, sees the same page.
func (p *Plugin) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if r.Context.MethodID == "portal" {
		return &sdk.StepResponse{Challenge: &sdk.Challenge{View: sdk.View{Title: sdk.Text{Key: "phone.title"}, Nodes: []sdk.Node{{Redirect: &sdk.Redirect{
			URL:   p.configured().Away + "?redirect_uri=" + r.Context.ReturnURL + "&state=" + r.Context.ReturnState,
			Label: sdk.Text{Key: "phone.go"}}}}}}}, nil
	}
	res := p.pending(wait{Operation: operation(r)}, "phone.wait")
	for _, c := range r.Credentials {
		var d device
		if json.Unmarshal(c.Data, &d) == nil && d.Push != "" {
			res.Effects = append(res.Effects, sdk.Effect{IdempotencyKey: "push:" + r.Context.IdempotencyKey, Channel: "push", To: d.Push,
				Template: "phone.message", ExpiresAt: r.Context.ExpiresAt, CredentialID: c.ID})
		}
	}
	return res, nil
}

// operation names what is to be approved, the same when the host repeats the call.
func operation(r *sdk.StepRequest) string {
	sum := sha256.Sum256([]byte(r.Context.FlowID + r.Context.IdempotencyKey))
	return hex.EncodeToString(sum[:16])
}

func (p *Plugin) pending(w wait, text string) *sdk.StepResponse {
	state, _ := json.Marshal(w) // of strings and numbers
	return &sdk.StepResponse{State: state, StateVersion: 1, Pending: &sdk.Pending{
		PollAfter: time.Duration(p.configured().PollAfter) * time.Millisecond, Handle: w.Operation,
		View: sdk.View{Title: sdk.Text{Key: "phone.title"}, Nodes: []sdk.Node{
			{NumberMatch: &sdk.NumberMatch{Digits: "42", Label: sdk.Text{Key: "phone.digits"}}}, {Wait: &sdk.Wait{Text: sdk.Text{Key: text}}}}},
	}}
}

// Continue looks at what came of it.
func (p *Plugin) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if r.Context.MethodID == "portal" {
		if r.Inputs["code"] == "approved" && len(r.Credentials) > 0 {
			return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"swk"}, CredentialID: r.Credentials[0].ID}}, nil
		}
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonDeviceDenied, Counts: true}}, nil
	}
	if r.Context.MethodID == "qr" && len(r.Signals) > 0 {
		return identified(r)
	}
	var w wait
	if err := json.Unmarshal(r.State, &w); err != nil {
		return nil, err
	}
	w.Looks++
	approved := p.configured().PollAfter > 0 && w.Looks >= 3
	for _, s := range r.Signals {
		switch string(s) {
		case "approve":
			approved = true
		case "deny":
			return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonDeviceDenied}}, nil
		case "wrong":
			return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true}}, nil
		}
	}
	if approved && len(r.Credentials) > 0 {
		return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"hwk"}, CredentialID: r.Credentials[0].ID}}, nil
	}
	return p.pending(w, "phone.wait"), nil
}

// identified asks whose phone came, and lets them in if it proved its key.
func identified(r *sdk.StepRequest) (*sdk.StepResponse, error) {
	handle, key, _ := strings.Cut(string(r.Signals[0]), " ")
	if r.Context.Sought == "" {
		return &sdk.StepResponse{Identify: &sdk.Identify{Handle: handle}}, nil
	}
	var d device
	if len(r.Credentials) == 0 || json.Unmarshal(r.Credentials[0].Data, &d) != nil || d.Key != key {
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential, Counts: true}}, nil
	}
	return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"hwk"}, CredentialID: r.Credentials[0].ID}}, nil
}

// Cancel implements sdk.Authenticator.
func (*Plugin) Cancel(context.Context, *sdk.StepRequest) error { return nil }

// BeginEnroll shows a code that leads a phone here.
func (p *Plugin) BeginEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return p.pending(wait{Operation: operation(r)}, "phone.bind"), nil
}

// ContinueEnroll binds the phone that came.
func (p *Plugin) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	for _, s := range r.Signals {
		data, err := json.Marshal(device{Key: string(s)})
		return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"hwk"}}, CredentialChanges: []sdk.CredentialChange{
			{Kind: sdk.ChangeCreate, Handle: "bound-" + string(s)[:8], Label: "Phone", Data: data, Version: 1}}}, err
	}
	var w wait
	if err := json.Unmarshal(r.State, &w); err != nil {
		return nil, err
	}
	return p.pending(w, "phone.bind"), nil
}

// Revoke implements sdk.Enrollment.
func (*Plugin) Revoke(context.Context, string, sdk.Credential) error { return nil }

// ImportCredentials takes {"handle": "…", "key": "…", "push": "…"}.
func (*Plugin) ImportCredentials(_ context.Context, _ string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	out := make([]sdk.ImportResult, len(inputs))
	for i, in := range inputs {
		var form struct{ Handle, Key, Push string }
		if json.Unmarshal(in.JSON, &form) != nil || form.Handle == "" || form.Key == "" {
			out[i].Error = `want {"handle": "…", "key": "…"}`
			continue
		}
		data, err := json.Marshal(device{Key: form.Key, Push: form.Push})
		if err != nil {
			return nil, err
		}
		out[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Handle: form.Handle, Label: "Phone", Data: data, Version: 1}
	}
	return out, nil
}

// HandleCallback answers a phone or the other system.
func (p *Plugin) HandleCallback(_ context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	switch r.Route {
	case "bind":
		if len(r.Pending) != 1 {
			return say(http.StatusNotFound, "no_such_code"), nil
		}
		return signal(say(http.StatusOK, "bound"), r.Pending[0], r.DPoPThumbprint), nil
	case "identify":
		if len(r.Pending) != 1 {
			return say(http.StatusNotFound, "no_such_code"), nil
		}
		return signal(say(http.StatusOK, "heard"), r.Pending[0], string(r.Body)+" "+r.DPoPThumbprint), nil
	case "hook":
		if r.Header.Get("X-Hook-Key") != p.configured().HookKey || r.Header.Get("Cookie") != "" {
			return say(http.StatusForbidden, "key"), nil
		}
		if len(r.Pending) == 0 {
			return say(http.StatusNotFound, "no_such_operation"), nil
		}
		return signal(say(http.StatusOK, "heard"), r.Pending[0], "approve"), nil
	}
	var d device
	if r.Credential == nil || json.Unmarshal(r.Credential.Data, &d) != nil || d.Key != r.DPoPThumbprint {
		return say(http.StatusNotFound, "no_such_device"), nil
	}
	if r.Route == "operations" {
		list := []string{}
		for _, f := range r.Pending {
			list = append(list, stateOf(f).Operation)
		}
		body, err := json.Marshal(map[string]any{"operations": list})
		return &sdk.CallbackResponse{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, err
	}
	return answer(r, d)
}

// answer takes {"operation": "…", "decision": "approve"}, each with the next counter.
func answer(r *sdk.CallbackRequest, d device) (*sdk.CallbackResponse, error) {
	var a struct {
		Operation, Decision string
		Counter             int
	}
	if json.Unmarshal(r.Body, &a) != nil {
		return say(http.StatusBadRequest, "form"), nil
	}
	i := slices.IndexFunc(r.Pending, func(f sdk.PendingFlow) bool { return stateOf(f).Operation == a.Operation })
	if a.Decision == "unbind" {
		res := say(http.StatusOK, "unbound")
		res.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeRevoke, CredentialID: r.Credential.ID, ExpectedRevision: r.Credential.Revision}}
		return res, nil
	}
	if i < 0 || a.Counter <= d.Counter {
		return say(http.StatusConflict, "over"), nil
	}
	d.Counter = a.Counter
	data, err := json.Marshal(d)
	res := signal(say(http.StatusOK, "heard"), r.Pending[i], a.Decision)
	res.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeUpdate, CredentialID: r.Credential.ID, Handle: r.Credential.Handle,
		Label: r.Credential.Label, Data: data, Version: 1, ExpectedRevision: r.Credential.Revision}}
	return res, err
}

// HandleDelivery forgets a push token that is dead.
func (*Plugin) HandleDelivery(_ context.Context, r *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	var d device
	if r.Status != sdk.DeliveryGone || json.Unmarshal(r.Credential.Data, &d) != nil {
		return &sdk.CallbackResponse{}, nil
	}
	d.Push = ""
	data, err := json.Marshal(d)
	return &sdk.CallbackResponse{CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeUpdate, CredentialID: r.Credential.ID,
		Handle: r.Credential.Handle, Label: r.Credential.Label, Data: data, Version: 1, ExpectedRevision: r.Credential.Revision}}}, err
}

func stateOf(f sdk.PendingFlow) (w wait) {
	_ = json.Unmarshal(f.State, &w) // what is not ours names no operation
	return w
}

func say(status int, what string) *sdk.CallbackResponse {
	return &sdk.CallbackResponse{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"says":"` + what + `"}`)}
}

func signal(res *sdk.CallbackResponse, f sdk.PendingFlow, data string) *sdk.CallbackResponse {
	res.Signals = map[string][]byte{f.Context.FlowID: []byte(data)}
	return res
}
