package host_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{
		{ID: "one", Plugin: "probe", Attributes: []string{"phone"}},
		{ID: "two", Plugin: "many", AMR: []string{"pin"}},
	}})
	ctx := t.Context()
	var refs []string
	for _, m := range h.Methods() {
		refs = append(refs, m.Ref)
		if !m.Available {
			t.Errorf("%s is not available", m.Ref)
		}
		if m.Instance == "two" && !reflect.DeepEqual(m.Method.AMR, []string{"pin"}) {
			t.Errorf("%s: amr %v is above the operator's ceiling", m.Ref, m.Method.AMR)
		}
	}
	if want := []string{"one", "two/probe", "two/other"}; !reflect.DeepEqual(refs, want) {
		t.Errorf("methods %v, want %v", refs, want)
	}
	for _, op := range []host.Op{host.Begin, host.Continue, host.BeginEnroll, host.ContinueEnroll, host.Cancel} {
		r, err := h.Step(ctx, op, request("one", ""))
		if err != nil || (r == nil) != (op == host.Cancel) {
			t.Errorf("%s: %+v %v", op, r, err)
		}
	}
	r, err := h.Step(ctx, host.Continue, request("one", "attributes"))
	if err != nil || !reflect.DeepEqual(r.Success.Attributes, map[string]string{"phone": "+39"}) {
		t.Errorf("the plugin sees %+v, %v", r, err)
	}
	if in := request("one", ""); in.Context.Subject.Attributes["tax"] == "" {
		t.Error("the caller's subject was changed")
	}
	results, err := h.Import(ctx, "one", make([]sdk.ImportInput, 2))
	if err != nil || len(results) != 2 {
		t.Errorf("import: %v %v", results, err)
	}
	if err := h.Revoke(ctx, "one", sdk.Credential{}); err != nil {
		t.Error(err)
	}
	if sent, err := h.Send(ctx, sdk.Message{InstanceID: "one", IdempotencyKey: "k"}); err != nil || sent.ProviderID != "k" {
		t.Errorf("send: %v %v", sent, err)
	}
	for _, key := range []string{"kek", "away once"} {
		if out, err := h.Wrap(ctx, "one", key, []byte("secret"), []byte("place")); err != nil || string(out) != "one "+key+" secret place" {
			t.Errorf("wrap under %q: %s %v", key, out, err)
		}
	}
	if _, err := h.Wrap(ctx, "one", "away", nil, nil); kindOf(err) != host.Unavailable {
		t.Errorf("wrap without the KMS: %v", err)
	}
	if out, err := h.Unwrap(ctx, "one", "kek", []byte("sealed"), nil); err != nil || string(out) != "SEALED" {
		t.Errorf("unwrap: %s %v", out, err)
	}
	if health, err := h.Check(ctx, "one"); err != nil || !health.OK {
		t.Errorf("check: %v %v", health, err)
	}
	if _, err := h.Step(ctx, host.Begin, request("three", "")); kindOf(err) != host.NotConfigured {
		t.Errorf("unknown instance: %v", err)
	}
	if d, ok := h.Describe("one"); !ok || d.Version != "1.2.3" {
		t.Errorf("describe: %+v", d)
	}
	if _, ok := h.Describe("three"); ok {
		t.Error("describes an unknown instance")
	}
}

// An operator's ceiling below what the plugin claims makes the claim a lie.
func TestCeiling(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe", AMR: []string{"pin"}}}})
	if _, err := h.Step(t.Context(), host.Continue, request("a", "")); kindOf(err) != host.Bug || report.lastLie() != string(sdk.RuleAMR) {
		t.Errorf("%v, lie %q", err, report.lastLie())
	}
}

func TestNeverBelieved(t *testing.T) {
	t.Parallel()
	for lie, rule := range map[string]sdk.Rule{
		"subject": sdk.RuleSubject, "amr": sdk.RuleAMR, "state": sdk.RuleState, "credential": sdk.RuleCredential,
		"size": sdk.RuleSize, "view": sdk.RuleView, "text": sdk.RuleText,
	} {
		t.Run(lie, func(t *testing.T) {
			t.Parallel()
			report := &recorder{}
			h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
			r, err := h.Step(t.Context(), host.Continue, request("a", lie))
			if r != nil || kindOf(err) != host.Bug {
				t.Fatalf("believed: %+v %v", r, err)
			}
			if got := report.lastLie(); got != string(rule) {
				t.Errorf("reported as %q, want %q", got, rule)
			}
			var v *sdk.Violation
			if !errors.As(err, &v) || v.Rule != rule {
				t.Errorf("error %v", err)
			}
			pid(t, h, "a") // one lie does not take the method away
		})
	}
}

func TestTechnicalFaults(t *testing.T) {
	t.Parallel()
	h := start(t, host.Options{Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	for do, want := range map[string]host.Kind{
		"unavailable": host.Unavailable, "late": host.Deadline, "exhausted": host.Exhausted, "not configured": host.NotConfigured,
		"aborted": host.Aborted, "bug": host.Bug, "panic": host.Bug, "two outcomes": host.Bug,
		"unavailable once": "",
	} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			_, err := h.Step(t.Context(), host.Continue, request("a", do))
			if kindOf(err) != want {
				t.Fatalf("%v, want %q", err, want)
			}
			var e *host.Error
			if do == "exhausted" && (!errors.As(err, &e) || e.RetryAfter != 90*time.Second) {
				t.Errorf("retry after: %+v", e)
			}
			didNothing := do == "unavailable" || do == "exhausted" || do == "not configured"
			if errors.As(err, &e) && e.NotSent() != didNothing {
				t.Errorf("NotSent is %v", e.NotSent())
			}
		})
	}
}

// What a browser sends must not be able to break a step, nor count as the plugin's fault.
func TestHostileInputs(t *testing.T) {
	t.Parallel()
	report := &recorder{}
	h := start(t, host.Options{Report: report, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	for name, value := range map[string]string{"not UTF-8": "\xff\xfe", "huge": strings.Repeat("x", 1<<20)} {
		in := request("a", value)
		in.State, in.StateVersion = []byte("state"), 1
		r, err := h.Step(t.Context(), host.Continue, in)
		if err != nil || r.Failure == nil || r.Failure.Reason != sdk.ReasonInvalidInput || r.Failure.Counts || string(r.State) != "state" {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
	in := request("a", "")
	in.Context.Browser.UserAgent, in.Context.Locale = "\xff", "\xff"
	if r, err := h.Step(t.Context(), host.Continue, in); err != nil || r.Success == nil {
		t.Errorf("browser: %+v %v", r, err)
	}
	if report.lastLie() != "" {
		t.Errorf("reported %q", report.lastLie())
	}
}
