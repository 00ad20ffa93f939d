package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/examples/authenticator-banktoken/tokenvendor"
	"github.com/varco-id/varco/plugins/conformance"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

const (
	apiKey      = "api-key-of-32-characters-or-more"
	callbackKey = "callback-key-of-32-characters-or"
	device      = "anna-phone-1"
)

// bank is the plugin with its vendor, and Anna, whose phone was enrolled long ago.
type bank struct {
	*sdktest.Plugin
	t      *testing.T
	vendor *tokenvendor.Server
	anna   *sdktest.Person
}

func open(t *testing.T) *bank {
	t.Helper()
	vendor := tokenvendor.New(apiKey, callbackKey)
	vendor.Enrol(device)
	service := httptest.NewServer(vendor)
	t.Cleanup(service.Close)
	b := &bank{Plugin: sdktest.Start(t, &plugin{}, configFor(service.URL)), t: t, vendor: vendor}
	b.anna = b.Person("anna")
	results, err := b.ImportCredentials(t.Context(), sdktest.InstanceID, []sdk.ImportInput{{Subject: b.anna.Subject, JSON: []byte(`{"device": "` + device + `", "label": "Anna's phone"}`)}})
	if err != nil || results[0].Error != "" || results[0].Validate() != nil {
		t.Fatal(results, err)
	}
	c := results[0].Change
	b.anna.Credentials = []sdk.Credential{{ID: "c1", Type: "banktoken-device", Handle: c.Handle, Label: c.Label, Data: c.Data, Revision: 1, Version: c.Version}}
	return b
}

func configFor(url string) string {
	return `{"url": "` + url + `", "api_key": "` + apiKey + `", "callback_key": "` + callbackKey + `", "poll_seconds": 1}`
}

// asked begins a login and returns what the phone shows.
func (b *bank) asked() (*sdktest.Flow, *sdk.StepResponse, tokenvendor.Approval) {
	b.t.Helper()
	flow := b.anna.Login("approve")
	r := flow.Begin()
	shown := b.vendor.Shown(device)
	if r.Pending == nil || r.Pending.PollAfter != time.Second || len(shown) == 0 {
		b.t.Fatalf("got %+v, the phone shows %v", r, shown)
	}
	return flow, r, shown[len(shown)-1]
}

// number is the one on the page.
func number(r *sdk.StepResponse) string {
	for _, n := range r.Pending.View.Nodes {
		if n.NumberMatch != nil {
			return n.NumberMatch.Digits
		}
	}
	return ""
}

// calls hands a callback to the plugin as the host does.
func (b *bank) calls(body, signature string, pending ...sdk.PendingFlow) (*sdk.CallbackResponse, error) {
	b.t.Helper()
	r := &sdk.CallbackRequest{InstanceID: sdktest.InstanceID, Route: "event", Method: http.MethodPost, Body: []byte(body), Now: b.Now, Pending: pending,
		Header: http.Header{signatureHeader: {signature}}}
	if len(b.anna.Credentials) > 0 {
		r.Credential = &b.anna.Credentials[0]
	}
	res, err := b.HandleCallback(b.t.Context(), r)
	if err == nil {
		if err := res.Validate(b.Description, r); err != nil {
			b.t.Fatal(err)
		}
	}
	return res, err
}

func (b *bank) waiting(r *sdk.StepResponse) sdk.PendingFlow {
	return sdk.PendingFlow{Context: sdk.StepContext{FlowID: "flow-of-anna"}, State: r.State, StateVersion: r.StateVersion}
}

func TestApproved(t *testing.T) {
	t.Parallel()
	b := open(t)
	flow, r, shown := b.asked()
	if number(r) != shown.Number || shown.Text != "Bank" {
		t.Errorf("the page says %s, the phone %+v", number(r), shown)
	}
	if r := flow.Continue(nil); r.Pending == nil {
		t.Fatalf("before the answer: %+v", r)
	}
	if err := b.vendor.Answer(shown.ID, "approved"); err != nil {
		t.Fatal(err)
	}
	if r := flow.Continue(nil); r.Success == nil || r.Success.CredentialID != "c1" || string(r.Success.Evidence) != shown.ID {
		t.Fatalf("after it: %+v", r)
	}
	if r := flow.Repeat(); r.Success == nil {
		t.Fatalf("asked again: %+v", r)
	}
}

func TestNotApproved(t *testing.T) {
	t.Parallel()
	b := open(t)
	flow, _, shown := b.asked()
	if err := b.vendor.Answer(shown.ID, "denied"); err != nil {
		t.Fatal(err)
	}
	if r := flow.Continue(nil); r.Failure == nil || r.Failure.Reason != sdk.ReasonDeviceDenied || !r.Failure.Counts {
		t.Errorf("denied: %+v", r)
	}
	late := b.anna.Login("approve")
	late.Context.ExpiresAt = b.Now.Add(time.Second)
	late.Begin()
	var r *sdk.StepResponse
	for r = late.Continue(nil); r.Pending != nil; r = late.Continue(nil) {
	}
	if r.Failure == nil || r.Failure.Reason != sdk.ReasonExpired || r.Failure.Counts {
		t.Errorf("expired: %+v", r)
	}
}

// Nobody's phone rings because somebody typed a name, and all names look alike.
func TestMereNamesAreNotAsked(t *testing.T) {
	t.Parallel()
	b := open(t)
	named := b.anna.Login("approve")
	named.Context.Identified = false
	for who, r := range map[string]*sdk.StepResponse{"a name that exists": named.Begin(), "one that does not": b.Nobody("approve").Begin(), "no phone": b.Person("bruno").Login("approve").Begin()} {
		if r.NotApplicable == nil {
			t.Errorf("%s: %+v", who, r)
		}
	}
	if n := len(b.vendor.Shown(device)); n > 0 {
		t.Errorf("the phone was asked %d times", n)
	}
}

// The answer of a vendor whose connection breaks is asked for again with the same key: the phone rings once.
func TestOnePushForOneKey(t *testing.T) {
	t.Parallel()
	b := open(t)
	broken := 0
	b.vendor.Break(func(*http.Request) int {
		if broken++; broken == 1 {
			return tokenvendor.Lost
		}
		return 0
	})
	r := &sdk.StepRequest{Credentials: b.anna.Credentials, Context: sdk.StepContext{InstanceID: sdktest.InstanceID, MethodID: "approve", FlowID: "f", IdempotencyKey: "k",
		Subject: &b.anna.Subject, Identified: true, Now: b.Now, ExpiresAt: b.Now.Add(time.Minute), MaxStateVersion: 1}}
	if _, err := b.Client.Begin(t.Context(), r); status.Code(err) != codes.Unavailable {
		t.Fatalf("the first time: %v", err)
	}
	for range 2 {
		if _, err := b.Client.Begin(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.vendor.Shown(device)); n != 1 {
		t.Errorf("the phone was asked %d times", n)
	}
}

func TestVendorIsDown(t *testing.T) {
	t.Parallel()
	b := open(t)
	_, r, shown := b.asked()
	waiting := &sdk.StepRequest{Credentials: b.anna.Credentials, State: r.State, StateVersion: r.StateVersion,
		Context: sdk.StepContext{InstanceID: sdktest.InstanceID, MethodID: "approve", FlowID: "f", Subject: &b.anna.Subject, Identified: true}}
	for name, fault := range map[string]int{"500": 500, "404": 404, "a redirect": 302, "no answer": tokenvendor.Hang} {
		b.vendor.Break(func(*http.Request) int { return fault })
		if _, err := b.Client.Continue(t.Context(), waiting); status.Code(err) != codes.Unavailable && status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("%s: %v", name, err)
		}
		if res, err := b.calls(`{"event":"device.removed","device":"`+device+`"}`, tokenvendor.Sign(callbackKey, []byte(`{"event":"device.removed","device":"`+device+`"}`), b.Now)); err == nil {
			t.Errorf("%s: a callback that could not be checked was answered with %d", name, res.Status)
		}
	}
	b.vendor.Break(nil)
	if err := b.vendor.Answer(shown.ID, "approved"); err != nil {
		t.Fatal(err)
	}
	// Another approval than the flow's own does not open the door, whoever's it is.
	b.vendor.Enrol("mario-phone")
	waiting.Credentials = []sdk.Credential{{ID: "c2", Handle: "mario-phone", Data: []byte("mario-phone"), Revision: 1, Version: 1}}
	if res, err := b.Client.Continue(t.Context(), waiting); err == nil {
		t.Errorf("approved on another phone: %+v", res)
	}
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	b := open(t)
	_, r, shown := b.asked()
	pending := b.waiting(r)
	body := `{"event":"approval.answered","approval":"` + shown.ID + `","device":"` + device + `"}`
	for name, c := range map[string]struct {
		body, signature string
		status, signals int
	}{
		"as agreed":        {body, tokenvendor.Sign(callbackKey, []byte(body), b.Now), 204, 1},
		"late, not stale":  {body, tokenvendor.Sign(callbackKey, []byte(body), b.Now.Add(-4*time.Minute)), 204, 1},
		"stale":            {body, tokenvendor.Sign(callbackKey, []byte(body), b.Now.Add(-6*time.Minute)), 401, 0},
		"from the future":  {body, tokenvendor.Sign(callbackKey, []byte(body), b.Now.Add(6*time.Minute)), 401, 0},
		"another key":      {body, tokenvendor.Sign(apiKey, []byte(body), b.Now), 401, 0},
		"another body":     {body, tokenvendor.Sign(callbackKey, []byte(body+" "), b.Now), 401, 0},
		"no signature":     {body, "", 401, 0},
		"half a signature": {body, "t=1,v1=", 401, 0},
		"no JSON":          {"{", tokenvendor.Sign(callbackKey, []byte("{"), b.Now), 400, 0},
		"an old approval":  {strings.Replace(body, shown.ID, "ap_other", 1), tokenvendor.Sign(callbackKey, []byte(strings.Replace(body, shown.ID, "ap_other", 1)), b.Now), 204, 0},
		"another phone":    {strings.Replace(body, device, "mario-phone", 1), tokenvendor.Sign(callbackKey, []byte(strings.Replace(body, device, "mario-phone", 1)), b.Now), 204, 0},
	} {
		res, err := b.calls(c.body, c.signature, pending)
		if err != nil || res.Status != c.status || len(res.Signals) != c.signals || len(res.CredentialChanges) > 0 {
			t.Errorf("%s: %+v %v", name, res, err)
		}
	}
}

// A callback alone proves nothing: the vendor is asked.
func TestCallbacksAreNotBelieved(t *testing.T) {
	t.Parallel()
	b := open(t)
	flow, r, shown := b.asked()
	said := func(event map[string]string) *sdk.CallbackResponse {
		body, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		res, err := b.calls(string(body), tokenvendor.Sign(callbackKey, body, b.Now), b.waiting(r))
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	said(map[string]string{"event": "approval.answered", "approval": shown.ID, "device": device, "status": "approved"})
	if r := flow.Continue(nil); r.Pending == nil {
		t.Fatalf("nobody answered: %+v", r)
	}
	removed := map[string]string{"event": "device.removed", "device": device}
	if res := said(removed); len(res.CredentialChanges) > 0 {
		t.Fatalf("nobody removed the phone: %+v", res)
	}
	if err := b.vendor.Remove(device); err != nil {
		t.Fatal(err)
	}
	if res := said(removed); len(res.CredentialChanges) != 1 || res.CredentialChanges[0].Kind != sdk.ChangeRevoke {
		t.Fatalf("removed: %+v", res)
	}
}

func TestRemovedAtTheVendor(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"before", "meanwhile"} {
		b := open(t)
		flow := b.anna.Login("approve")
		if when == "meanwhile" {
			flow, _, _ = b.asked()
		}
		if err := b.vendor.Remove(device); err != nil {
			t.Fatal(err)
		}
		var r *sdk.StepResponse
		if when == "meanwhile" {
			r = flow.Continue(nil)
		} else {
			r = flow.Begin()
		}
		if r.Failure == nil || r.Failure.View == nil || r.Failure.Counts || len(b.anna.Credentials) != 0 {
			t.Errorf("%s: %+v, left with %v", when, r, b.anna.Credentials)
		}
		if r := flow.Continue(nil); r.NotApplicable == nil {
			t.Errorf("%s, gone on: %+v", when, r)
		}
	}
}

// What was sealed counts, in a form that this release reads.
func TestWhatCannotBeBelieved(t *testing.T) {
	t.Parallel()
	b := open(t)
	flow, r, shown := b.asked()
	if err := b.vendor.Answer(shown.ID, "approved"); err != nil {
		t.Fatal(err)
	}
	again := func(spoil func(*sdk.StepRequest)) *sdk.StepResponse {
		t.Helper()
		in := &sdk.StepRequest{Context: flow.Context, Credentials: []sdk.Credential{b.anna.Credentials[0]}, State: r.State, StateVersion: r.StateVersion}
		in.Context.Subject = &b.anna.Subject
		spoil(in)
		res, err := b.Client.Continue(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	if res := again(func(*sdk.StepRequest) {}); res.Success == nil {
		t.Fatalf("as it was: %+v", res)
	}
	for name, spoil := range map[string]func(*sdk.StepRequest){
		"another handle":      func(in *sdk.StepRequest) { in.Credentials[0].Handle = "thief-phone" },
		"other data":          func(in *sdk.StepRequest) { in.Credentials[0].Data = []byte("{}") },
		"a newer credential":  func(in *sdk.StepRequest) { in.Credentials[0].Version = 2 },
		"a newer state":       func(in *sdk.StepRequest) { in.StateVersion = 2 },
		"no state":            func(in *sdk.StepRequest) { in.State = nil },
		"a state of no sense": func(in *sdk.StepRequest) { in.State = []byte("{") },
	} {
		if res := again(spoil); res.NotApplicable == nil {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	b := open(t)
	for range 2 { // the second time the vendor knows it no more
		if err := b.Revoke(t.Context(), sdktest.InstanceID, b.anna.Credentials[0]); err != nil {
			t.Fatal(err)
		}
	}
	if b.vendor.HasDevice(device) {
		t.Error("the vendor was not told")
	}
	b.vendor.Break(func(*http.Request) int { return 500 })
	if err := b.Revoke(t.Context(), sdktest.InstanceID, b.anna.Credentials[0]); status.Code(err) != codes.Unavailable {
		t.Errorf("not told: %v", err)
	}
}

func TestCancelTakesTheRequestOffThePhone(t *testing.T) {
	t.Parallel()
	b := open(t)
	_, r, shown := b.asked()
	if err := b.Client.Cancel(t.Context(), &sdk.StepRequest{State: r.State, Context: sdk.StepContext{InstanceID: sdktest.InstanceID, MethodID: "approve"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.vendor.Answer(shown.ID, "approved"); err == nil {
		t.Error("it can still be approved")
	}
}

func TestImportAndConfigRefuse(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, input := range []string{``, `{}`, `{"device": "short"}`, `{"device": "../../v1/devices/x"}`, `{"device": "with space"}`} {
		results, err := b.ImportCredentials(t.Context(), sdktest.InstanceID, []sdk.ImportInput{{JSON: []byte(input)}})
		if err != nil || results[0].Error == "" {
			t.Errorf("%q: %v %v", input, results, err)
		}
	}
	good := configFor("https://token.example")
	for _, c := range []struct{ old, new, pointer string }{
		{"https:", "http:", "/url"}, {apiKey, "short", "/api_key"}, {callbackKey, "short", "/callback_key"}, {`seconds": 1`, `seconds": 0`, "/poll_seconds"}, {"poll_", "pol_", "/pol_seconds"},
	} {
		problems, err := b.ValidateConfig(t.Context(), sdk.Configuration{JSON: []byte(strings.Replace(good, c.old, c.new, 1))})
		if err != nil || len(problems) != 1 || problems[0].Pointer != c.pointer {
			t.Errorf("%s: %v %v", c.new, problems, err)
		}
	}
}

// TestBuilt holds the built program against the whole contract, as Varco would start it.
func TestBuilt(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "banktoken")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	script, err := conformance.LoadScript("conformance.yaml")
	if err != nil {
		t.Fatal(err)
	}
	report, err := conformance.Run(t.Context(), conformance.Options{Command: []string{program}, Script: script, Flows: 12, Rounds: 15})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Status == conformance.Failed {
			t.Errorf("%s: %v", r.Rule, r.Seen)
		}
	}
}
