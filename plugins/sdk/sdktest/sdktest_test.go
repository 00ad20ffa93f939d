package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// counter is a plugin that binds a credential and counts its logins in it.
type counter struct {
	sdk.Stateless
	answer func(*sdk.StepRequest) (*sdk.StepResponse, error) // instead of a login
}

func (counter) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{Name: "counter", Version: "1.0.0", CredentialType: "count", StateVersion: 1,
		InstanceKeys: []sdk.InstanceKey{{Name: "sign", Kind: "ES256"}, {Name: "mac", Kind: "hmac-sha256"}},
		Methods:      []sdk.Method{{ID: "count", Title: "t", Factors: []sdk.Factor{sdk.FactorKnowledge}, AMR: []string{"pwd"}, CanEnrol: true}},
		Texts:        map[string]map[string]string{"en": {"t": "Count"}}}, nil
}

func (counter) ValidateConfig(_ context.Context, cfg sdk.Configuration) ([]sdk.Problem, error) {
	if string(cfg.JSON) != "{}" || len(cfg.Keys["mac"]) != 32 || len(cfg.Keys["sign"]) == 0 {
		return []sdk.Problem{{Message: "not as expected"}}, nil
	}
	return nil, nil
}

func question(state string) *sdk.StepResponse {
	r := sdk.Ask(sdk.Screen(sdk.T("t"), sdk.Field(sdk.TextField{Name: "n", Kind: sdk.FieldText, Label: sdk.T("t")})))
	r.State, r.StateVersion = []byte(state), 1
	return r
}

func (c counter) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if c.answer != nil {
		return c.answer(r)
	}
	return question("asked by " + r.Context.IdempotencyKey), nil
}

func (counter) Continue(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if len(r.Credentials) == 0 || string(r.State) != "asked by "+r.Context.FlowID+"/0" {
		return &sdk.StepResponse{Failure: &sdk.Failure{Reason: sdk.ReasonBadCredential}}, nil
	}
	c := r.Credentials[0]
	return &sdk.StepResponse{Success: &sdk.Success{CredentialID: c.ID},
		CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeUpdate, CredentialID: c.ID, Data: append(c.Data, '+'), ExpectedRevision: c.Revision}},
		Effects:           []sdk.Effect{{IdempotencyKey: r.Context.IdempotencyKey, Channel: "email", Template: "t"}}}, nil
}

func (counter) Cancel(context.Context, *sdk.StepRequest) error { return nil }

func (counter) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return question(""), nil
}

func (counter) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	if r.Inputs["n"] == "remove" {
		c := r.Credentials[0]
		return &sdk.StepResponse{Success: &sdk.Success{},
			CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeRevoke, CredentialID: c.ID, ExpectedRevision: c.Revision}}}, nil
	}
	return &sdk.StepResponse{Success: &sdk.Success{},
		CredentialChanges: []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Handle: "h", Label: r.Inputs["n"]}}}, nil
}

func (counter) Revoke(context.Context, string, sdk.Credential) error { return nil }

func (counter) ImportCredentials(context.Context, string, []sdk.ImportInput) ([]sdk.ImportResult, error) {
	return nil, nil
}

// What a step changes is there at the next one, as after the host's commit.
func TestCommit(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, counter{}, "")
	sdktest.Run(t, p)
	alice := p.Person("alice")
	enrol := alice.Enrol("count")
	enrol.Begin()
	enrol.Continue(map[string]string{"n": "mine"})
	for range 2 {
		flow := alice.Login("count")
		flow.Begin()
		if r := flow.Continue(nil); r.Success == nil {
			t.Fatalf("%+v", r)
		}
		if r := flow.Repeat(); r.Success == nil {
			t.Fatalf("repeated: %+v", r)
		}
	}
	if got, want := fmt.Sprintf("%+v", alice.Credentials), "[{ID:alice-1 Type:count Handle:h Label:mine Data:[43 43] Revision:3 Version:0}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(p.Effects) != 2 {
		t.Errorf("effects %+v", p.Effects)
	}
	enrol = alice.Enrol("count")
	enrol.Begin()
	enrol.Continue(map[string]string{"n": "remove"})
	if len(alice.Credentials) != 0 {
		t.Errorf("left %+v", alice.Credentials)
	}
}

// recordingTB notes the failure that it would report.
type recordingTB struct {
	testing.TB
	failure string
}

func (r *recordingTB) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure runs f and returns how it failed.
func failure(t *testing.T, f func(testing.TB)) string {
	t.Helper()
	r := &recordingTB{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.failure
}

func TestBrokenRulesFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(*sdk.StepRequest) (*sdk.StepResponse, error)
		want   string
	}{
		"lie": {func(*sdk.StepRequest) (*sdk.StepResponse, error) {
			return &sdk.StepResponse{Success: &sdk.Success{Subject: "mallory"}}, nil
		}, "rule subject"},
		"strength": {func(*sdk.StepRequest) (*sdk.StepResponse, error) {
			return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"hwk"}}}, nil
		}, "rule amr"},
		"error": {func(*sdk.StepRequest) (*sdk.StepResponse, error) { return nil, errors.New("on purpose") }, "on purpose"},
		"panic": {func(*sdk.StepRequest) (*sdk.StepResponse, error) { panic("on purpose") }, "panicked"},
	} {
		got := failure(t, func(tb testing.TB) {
			sdktest.Start(tb, counter{answer: c.answer}, "").Person("alice").Login("count").Begin()
		})
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: failed with %q", name, got)
		}
	}
	if got := failure(t, func(tb testing.TB) { sdktest.Start(tb, counter{}, `{"a":1}`) }); !strings.Contains(got, "not as expected") {
		t.Errorf("configuration: failed with %q", got)
	}
	if got := failure(t, func(tb testing.TB) { sdktest.StartCommand(tb, "", "/bin/true") }); !strings.Contains(got, "launch") {
		t.Errorf("not a plugin: failed with %q", got)
	}
}
