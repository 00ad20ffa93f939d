package recoverycodes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/internal/plugintest"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

// The rules that hold for every plugin, over the real wire.
func TestConformance(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, sdktest.Start(t, New(), `{}`))
}

func TestTexts(t *testing.T) {
	t.Parallel()
	d := plugintest.Describe(t, New())
	for _, catalogue := range d.Texts {
		delete(catalogue, "message.used.subject") // the host's own use
	}
	plugintest.Texts(t, d, ".")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	plugintest.Config(t, func() sdk.Plugin { return New() }, map[string]string{
		``: plugintest.Good, `{}`: plugintest.Good, `{"count":20,"brand":"Banca Demo"}`: plugintest.Good,
		`{"count":4}`: "/count", `{"count":21}`: "/count", `{"count":"10"}`: "/count", `{"brand":"` + strings.Repeat("x", 81) + `"}`: "/brand", `{"codes":10}`: "/codes", `[]`: "",
	})
	plugintest.Defaults(t, configSchema, Config{Count: 10})
}

// shown are the codes of a page that binds a list.
func shown(t *testing.T, v *sdk.View) (list []string) {
	t.Helper()
	for _, n := range v.Nodes {
		if n.Paragraph != nil && n.Paragraph.Text.Key == "enrol.code" {
			list = append(list, n.Paragraph.Text.Params["code"])
		}
	}
	return list
}

func bind(t *testing.T, person *sdktest.Person) []string {
	t.Helper()
	f := person.Enrol(MethodID)
	v := f.Begin().Challenge.View
	list := shown(t, &v)
	if answer := f.Continue(map[string]string{"code": list[2]}); answer.Success == nil {
		t.Fatalf("%+v", answer.Failure)
	}
	return list
}

func TestLifeOfAList(t *testing.T) {
	t.Parallel()
	p := sdktest.Start(t, New(), `{"brand":"Banca Demo"}`)
	maria := p.Person("maria")

	f := maria.Enrol(MethodID)
	v := f.Begin().Challenge.View
	list := shown(t, &v)
	if len(list) != 10 || len(list[0]) != 19 {
		t.Fatalf("%v", list)
	}
	for _, wrong := range []string{"", "7K2M", "7K2M-9XQD-4TBN-HW3C"} {
		answer := f.Continue(map[string]string{"code": wrong})
		if answer.Failure == nil || answer.Failure.Counts || strings.Join(shown(t, answer.Failure.View), "") != strings.Join(list, "") {
			t.Errorf("%q: %+v", wrong, answer)
		}
	}
	if len(maria.Credentials) > 0 {
		t.Fatal("bound before one was typed")
	}
	if answer := f.Continue(map[string]string{"code": list[9]}); answer.Success == nil || len(maria.Credentials) != 1 {
		t.Fatalf("%+v", answer)
	}
	for i, c := range list {
		if strings.Contains(string(maria.Credentials[0].Data), strings.ReplaceAll(c, "-", "")) {
			t.Errorf("code %d is kept", i)
		}
	}

	// Each signs in once, as people type it; with three left the person is told first.
	for i, c := range list {
		login := maria.Login(MethodID)
		login.Begin()
		answer := login.Continue(map[string]string{"code": strings.ToLower(strings.ReplaceAll(c, "-", " "))})
		left := len(list) - i - 1
		told := left <= few
		if told != (answer.Challenge != nil) || len(p.Effects) != i+1 || p.Effects[i].Params["left"] != fmt.Sprint(left) || p.Effects[i].Channel != "email" || p.Effects[i].To != "" {
			t.Errorf("code %d: %+v, %d messages", i, answer, len(p.Effects))
		}
		if told {
			answer = login.Continue(map[string]string{"action": "continue"})
		}
		if answer.Success == nil || answer.Success.AMR[0] != "otp" {
			t.Errorf("code %d: %+v", i, answer)
		}
		again := maria.Login(MethodID)
		again.Begin()
		if answer := again.Continue(map[string]string{"code": c}); answer.Failure == nil || answer.Failure.Reason != sdk.ReasonReplayed || !answer.Failure.Counts {
			t.Errorf("code %d again: %+v", i, answer)
		}
	}

	// A new list ends the one before, in one commit.
	fresh := bind(t, maria)
	if len(maria.Credentials) != 1 {
		t.Fatalf("%d lists", len(maria.Credentials))
	}
	login := maria.Login(MethodID)
	login.Begin()
	if answer := login.Continue(map[string]string{"code": list[0]}); answer.Failure == nil || answer.Failure.Reason != sdk.ReasonBadCredential {
		t.Errorf("a code of the old list: %+v", answer)
	}
	if answer := login.Continue(map[string]string{"code": fresh[0]}); answer.Success == nil {
		t.Errorf("%+v", answer.Failure)
	}
}

func request(cs []sdk.Credential, code string) *sdk.StepRequest {
	return &sdk.StepRequest{Credentials: cs, Inputs: map[string]string{"code": code}, Context: sdk.StepContext{
		InstanceID: "i", MethodID: MethodID, FlowID: "flow", Intent: sdk.IntentLogin, MaxStateVersion: 1, Subject: &sdk.Subject{ID: "sub-1"}, IdempotencyKey: "k", RPID: "bank.test"}}
}

func configured(t *testing.T) *Plugin {
	t.Helper()
	p := New()
	if err := p.Configure(context.Background(), sdk.Configuration{InstanceID: "i"}); err != nil {
		t.Fatal(err)
	}
	return p
}

// Two replicas get one code at once: both answer on the same revision, so one commit loses, and its rerun is a replay.
func TestACodeCountsOnce(t *testing.T) {
	t.Parallel()
	p := configured(t)
	list := newCodes(10)
	cred := sdk.Credential{ID: "c1", Data: encode(newData(list)), Revision: 7, Version: 1}
	one, err1 := p.Continue(t.Context(), request([]sdk.Credential{cred}, list[4]))
	two, err2 := p.Continue(t.Context(), request([]sdk.Credential{cred}, list[4]))
	if err1 != nil || err2 != nil || one.Success == nil || two.Success == nil || one.CredentialChanges[0].ExpectedRevision != 7 || two.CredentialChanges[0].ExpectedRevision != 7 {
		t.Fatalf("%+v %v, %+v %v", one, err1, two, err2)
	}
	cred.Data, cred.Revision = one.CredentialChanges[0].Data, 8
	if rerun, err := p.Continue(t.Context(), request([]sdk.Credential{cred}, list[4])); err != nil || rerun.Failure == nil || rerun.Failure.Reason != sdk.ReasonReplayed {
		t.Errorf("%+v, %v", rerun, err)
	}
}

// What a flow remembers of a used code is worth nothing in another flow, for another person, or after the list was replaced.
func TestAProofIsBound(t *testing.T) {
	t.Parallel()
	p := configured(t)
	list := newCodes(2)
	cred := sdk.Credential{ID: "c1", Data: encode(newData(list)), Revision: 1, Version: 1}
	first, err := p.Continue(t.Context(), request([]sdk.Credential{cred}, list[0]))
	if err != nil || first.Challenge == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	cred.Data = first.CredentialChanges[0].Data
	for name, change := range map[string]func(*sdk.StepRequest){
		"another flow":   func(r *sdk.StepRequest) { r.Context.FlowID = "other" },
		"another person": func(r *sdk.StepRequest) { r.Context.Subject = &sdk.Subject{ID: "sub-2"} },
		"another list":   func(r *sdk.StepRequest) { r.Credentials[0].Data = encode(newData(newCodes(2))) },
		"no list":        func(r *sdk.StepRequest) { r.Credentials = nil },
		"nobody":         func(r *sdk.StepRequest) { r.Context.Subject = nil },
	} {
		r := request([]sdk.Credential{cred}, "")
		r.State, r.StateVersion = first.State, 1
		change(r)
		if answer, err := p.Continue(t.Context(), r); err != nil || answer.Failure == nil {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
	}
	r := request([]sdk.Credential{cred}, "")
	r.State, r.StateVersion = first.State, 1
	if answer, err := p.Continue(t.Context(), r); err != nil || answer.Success == nil || len(answer.CredentialChanges)+len(answer.Effects) > 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestNobodyLooksTheSame(t *testing.T) {
	t.Parallel()
	p := configured(t)
	cred := sdk.Credential{ID: "c1", Data: encode(newData(newCodes(10))), Revision: 7, Version: 1}
	unknown := request(nil, "7K2M-9XQD-4TBN-HW3C")
	unknown.Context.Subject = nil
	var first []byte
	for name, r := range map[string]*sdk.StepRequest{
		"wrong code": request([]sdk.Credential{cred}, "7K2M-9XQD-4TBN-HW3C"), "no list": request(nil, "7K2M-9XQD-4TBN-HW3C"), "unknown name": unknown,
	} {
		answer, err := p.Continue(t.Context(), r)
		raw, err2 := json.Marshal(answer)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if first == nil {
			first = raw
		}
		if string(raw) != string(first) {
			t.Errorf("%s: %s, unlike %s", name, raw, first)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	p := configured(t)
	forms := []string{`{"codes":["7K2M-9XQD-4TBN-HW3C","7k2m9xqd4tbnhw3d"]}`,
		`{"codes":[]}`, `{"codes":["7K2M"]}`, `{"codes":["7K2M-9XQD-4TBN-HW3C","7K2M-9XQD-4TBN-HW3C"]}`, `{"codes":"x"}`, `{"code":["7K2M-9XQD-4TBN-HW3C"]}`, `[]`, ``, `{"codes":["7K2M-9XQD-4TBN-HW3U"]}`}
	var inputs []sdk.ImportInput
	for _, f := range forms {
		inputs = append(inputs, sdk.ImportInput{JSON: []byte(f)})
	}
	results, err := p.ImportCredentials(t.Context(), "i", inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if err := r.Validate(); err != nil || (r.Error == "") != (i == 0) {
			t.Errorf("%s: %+v, %v", forms[i], r, err)
		}
	}
	cred := sdk.Credential{ID: "c1", Data: results[0].Change.Data, Revision: 1, Version: 1}
	if answer, err := p.Continue(t.Context(), request([]sdk.Credential{cred}, "7K2M9XQD4TBNHW3D")); err != nil || answer.Challenge == nil {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	p := configured(t)
	for name, c := range map[string]sdk.Credential{
		"not JSON": {ID: "c", Data: []byte("{"), Version: 1}, "empty": {ID: "c", Data: []byte("{}"), Version: 1}, "newer release": {ID: "c", Data: encode(newData(newCodes(1))), Version: 2},
	} {
		if answer, err := p.Continue(t.Context(), request([]sdk.Credential{c}, "x")); err == nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	if err := p.Remove(t.Context(), "i"); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error){p.Begin, p.Continue, p.BeginEnroll, p.ContinueEnroll} {
		if _, err := do(t.Context(), request(nil, "")); status.Code(err) != codes.FailedPrecondition {
			t.Error(err)
		}
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"7K2M-9XQD-4TBN-HW3C": "7K2M9XQD4TBNHW3C", " 7k2m 9xqd 4tbn hw3c ": "7K2M9XQD4TBNHW3C", "OoIiLl00-0000-0000": "0011110000000000", "7K2M–9XQD–4TBN–HW3C": "7K2M9XQD4TBNHW3C",
		"": "", "7K2M-9XQD-4TBN-HW3": "", "7K2M-9XQD-4TBN-HW3CC": "", "7K2M-9XQD-4TBN-HW3U": "", "７K2M-9XQD-4TBN-HW3C": "", "\x007K2M9XQD4TBNHW3C": "",
	} {
		if got, ok := typed(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %t", in, got, ok)
		}
	}
}

func FuzzTyped(f *testing.F) {
	for _, s := range []string{"", "7K2M-9XQD-4TBN-HW3C", "oil0 oil0 oil0 oil0", "ßßßßßßßß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := typed(s)
		if ok && (len(code) != symbols || strings.Trim(code, alphabet) != "") {
			t.Fatalf("%q is read as %q", s, code)
		}
		if again, still := typed(written(code)); ok && (!still || again != code) {
			t.Fatalf("%q is written as %q and read as %q", code, written(code), again)
		}
	})
}

func BenchmarkGuess(b *testing.B) {
	d := newData(newCodes(10))
	for b.Loop() {
		d.find("7K2M9XQD4TBNHW3C")
	}
}
