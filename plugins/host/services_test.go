package host_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

func callback(do string) *sdk.CallbackRequest {
	return &sdk.CallbackRequest{InstanceID: "a", Route: "answer", Method: "POST", Body: []byte(do),
		Credential: &sdk.Credential{ID: "phone", Revision: 7},
		Pending:    []sdk.PendingFlow{{Context: request("a", "").Context, State: []byte("state"), StateVersion: 1}}}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe", Attributes: []string{"phone"}}}})
	r, err := h.Callback(t.Context(), callback("everything"))
	if err != nil || len(r.CredentialChanges) != 1 || string(r.Signals["flow"]) != "approved" || len(r.Effects) != 1 || len(r.Receipts) != 1 {
		t.Errorf("got %+v %v", r, err)
	}
	in := callback("seen")
	if r, err = h.Callback(t.Context(), in); err != nil || string(r.Body) != `"phone"` {
		t.Errorf("the plugin sees %+v %v", r, err)
	}
	if len(in.Pending[0].Context.Subject.Attributes) != 2 || in.Pending[0].Context.MaxStateVersion != 0 {
		t.Error("the caller's request was changed")
	}
	stranger := callback("everything")
	stranger.InstanceID = "nobody"
	if _, err := h.Callback(t.Context(), stranger); kindOf(err) != host.NotConfigured {
		t.Errorf("an unknown instance: %v", err)
	}
}

// Everything that a plugin could say in answer to a request from outside, and must not.
func TestCallbackNeverBelieved(t *testing.T) {
	t.Parallel()
	for do, rule := range map[string]sdk.Rule{
		"cookie": sdk.RuleCallback, "security header": sdk.RuleCallback, "hop by hop": sdk.RuleCallback, "split": sdk.RuleCallback,
		"location": sdk.RuleCallback, "redirect": sdk.RuleCallback, "upgrade": sdk.RuleCallback, "no status": sdk.RuleCallback,
		"markup": sdk.RuleCallback, "image": sdk.RuleCallback, "no type": sdk.RuleCallback, "huge": sdk.RuleCallback,
		"another's credential": sdk.RuleCredential, "lost update": sdk.RuleCredential, "new credential": sdk.RuleCredential,
		"newer version": sdk.RuleState, "another's flow": sdk.RuleSignal, "huge signal": sdk.RuleSignal,
		"effect without key": sdk.RuleEffect, "effect with markup": sdk.RuleText, "many effects": sdk.RuleSize, "empty receipt": sdk.RuleReceipt,
	} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			report := &recorder{}
			h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
			r, err := h.Callback(t.Context(), callback(do))
			refused(t, report, r != nil, err, rule)
		})
	}
}

// refused says that an answer was not believed, and that this was reported.
func refused(t *testing.T, report *recorder, answered bool, err error, rule sdk.Rule) {
	t.Helper()
	var v *sdk.Violation
	if answered || kindOf(err) != host.Bug || !errors.As(err, &v) || v.Rule != rule {
		t.Errorf("answered %t: %v, want the rule %s", answered, err, rule)
	}
	if report.lastLie() != string(rule) {
		t.Errorf("reported %q", report.lastLie())
	}
}

// A stranger's request, of which nothing is known, makes the host send nothing.
func TestStrangersCallbackSendsNothing(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	in := callback("many effects")
	in.Credential, in.Pending = nil, nil
	r, err := h.Callback(t.Context(), in)
	refused(t, report, r != nil, err, sdk.RuleEffect)
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	in := &sdk.DeliveryReport{InstanceID: "a", IdempotencyKey: "k", Status: sdk.DeliveryGone, Credential: &sdk.Credential{ID: "phone", Revision: 7}}
	if r, err := h.Delivery(t.Context(), in); err != nil || len(r.CredentialChanges) != 1 {
		t.Errorf("got %+v %v", r, err)
	}
	for lie, rule := range map[string]sdk.Rule{"signal": sdk.RuleSignal, "receipt": sdk.RuleReceipt, "another's credential": sdk.RuleCredential} {
		in.Reason = lie
		r, err := h.Delivery(t.Context(), in)
		refused(t, report, r != nil, err, rule)
	}
}

func TestAssess(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe", Attributes: []string{"phone"}}}})
	in := &sdk.RiskRequest{Context: request("somebody else", "").Context, Operation: sdk.OperationSend}
	r, err := h.Assess(t.Context(), "a", in)
	if err != nil || r.Verdict != sdk.RiskStepUp || len(r.Reasons) != 1 || r.Reasons[0] != "phone" {
		t.Errorf("got %+v %v", r, err)
	}
	for lie, rule := range map[string]sdk.Rule{"long reason": sdk.RuleRisk, "forged line": sdk.RuleRisk, "many reasons": sdk.RuleSize} {
		in.To = lie
		r, err := h.Assess(t.Context(), "a", in)
		refused(t, report, r != nil, err, rule)
	}
	in.To = "silence"
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Assess(short, "a", in); kindOf(err) != host.Deadline {
		t.Errorf("silence: %v", err)
	}
}

func TestLegacySource(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	ask := func(name string) sdk.LegacyRequest {
		return sdk.LegacyRequest{InstanceID: "a", Name: name, IdempotencyKey: name}
	}
	for op, call := range map[string]func(context.Context, sdk.LegacyRequest) (*sdk.LegacyResponse, error){
		"lookup": h.Lookup, "verify": h.Verify, "mark migrated": h.MarkMigrated, "restore": h.Restore,
	} {
		if r, err := call(t.Context(), ask("anna")); err != nil || r.Attributes["name"] != "anna" {
			t.Errorf("%s: %+v %v", op, r, err)
		}
	}
	for _, name := range []string{"challenge", "away once"} {
		if _, err := h.Verify(t.Context(), ask(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for lie, rule := range map[string]sdk.Rule{"mute challenge": sdk.RuleText, "talkative": sdk.RuleLegacy, "state": sdk.RuleLegacy} {
		r, err := h.Verify(t.Context(), ask(lie))
		refused(t, report, r != nil, err, rule)
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	if out, err := h.Sign(t.Context(), "a", "key", []byte("digest")); err != nil || !bytes.Equal(out, []byte("digest")) {
		t.Errorf("got %q %v", out, err)
	}
	out, err := h.Sign(t.Context(), "a", "key", nil) // answered with an empty signature
	refused(t, report, out != nil, err, sdk.RuleKey)
}

// What a plugin does not offer it is not asked, and does not count against it.
func TestServiceNotOffered(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "bare"}}})
	for op, call := range map[string]func() error{
		"callback": func() error { _, err := h.Callback(t.Context(), callback("")); return err },
		"delivery": func() error {
			_, err := h.Delivery(t.Context(), &sdk.DeliveryReport{InstanceID: "a", Status: sdk.DeliveryGone})
			return err
		},
		"assess": func() error {
			_, err := h.Assess(t.Context(), "a", &sdk.RiskRequest{Operation: sdk.OperationBind})
			return err
		},
		"verify": func() error { _, err := h.Verify(t.Context(), sdk.LegacyRequest{InstanceID: "a"}); return err },
		"sign":   func() error { _, err := h.Sign(t.Context(), "a", "key", []byte("digest")); return err },
	} {
		if err := call(); kindOf(err) != host.NotConfigured || report.lastLie() != "" {
			t.Errorf("%s: %v, lie %q", op, err, report.lastLie())
		}
	}
}

// Instance keys lie between Describe and Configure, and a plugin that lacks one does not start.
func TestInstanceKeys(t *testing.T) {
	t.Parallel()
	keys := func(keys map[string][]byte, err error) host.Options {
		return host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "signing"}},
			Keys: func(_ context.Context, instance string, want []sdk.InstanceKey) (map[string][]byte, error) {
				if instance != "a" || len(want) != 1 || want[0].Name != "push" {
					t.Errorf("asked for %+v of %s", want, instance)
				}
				return keys, err
			}}
	}
	h := start(t, keys(map[string][]byte{"push": []byte("key"), "other": []byte("not asked for")}, nil))
	if r, err := h.Step(t.Context(), host.Continue, request("a", "keys")); err != nil || string(r.Success.Evidence) != "1 key" {
		t.Errorf("got %+v %v", r, err)
	}
	for name, o := range map[string]host.Options{
		"absent": keys(nil, nil), "empty": keys(map[string][]byte{"push": {}}, nil), "failed": keys(nil, errors.New("the store is away")),
		"nobody to ask": {Instances: []host.InstanceConfig{{ID: "a", Plugin: "signing"}}},
	} {
		if s := start(t, o).Status()[0]; s.State == host.StateUp || s.LastError == "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
