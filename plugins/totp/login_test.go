package totp

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config string
		shown  time.Duration // when the app shows the code, relative to noon, which is when it is given
		want   bool
	}{
		{`{}`, 0, true}, {`{}`, -30 * time.Second, true}, {`{}`, 30 * time.Second, true},
		{`{}`, 59 * time.Second, true}, {`{}`, -31 * time.Second, false}, {`{}`, 60 * time.Second, false},
		{`{"skew":0}`, 29 * time.Second, true}, {`{"skew":0}`, -1 * time.Second, false}, {`{"skew":0}`, 30 * time.Second, false},
		{`{"skew":2}`, -60 * time.Second, true}, {`{"skew":2}`, 89 * time.Second, true}, {`{"skew":2}`, -61 * time.Second, false},
		{`{"period":60}`, -60 * time.Second, true}, {`{"period":60}`, 119 * time.Second, true}, {`{"period":60}`, -61 * time.Second, false},
		{`{"algorithm":"SHA256","digits":8}`, 0, true}, {`{"algorithm":"SHA512"}`, -30 * time.Second, true},
	} {
		b := newBench(t, c.config)
		cred, s := b.stored("c1")
		answer := b.login(noon, []sdk.Credential{cred}, codeAt(t, s, noon.Add(c.shown)))
		if got := answer.Success != nil; got != c.want {
			t.Errorf("%s, shown %s from now: %t", c.config, c.shown, got)
		}
		if c.want && (answer.Success.Subject != "sub-1" || answer.Success.CredentialID != "c1" || len(answer.Success.AMR) != 1 || answer.Success.AMR[0] != "otp") {
			t.Errorf("%+v", answer.Success)
		}
	}
}

// RFC 6238 section 5.2: the verifier must not accept the second attempt of a code.
func TestReplay(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cred, s := b.stored("c1")
	code := codeAt(t, s, noon)
	cred = apply(t, cred, b.login(noon, []sdk.Credential{cred}, code))

	for name, c := range map[string]string{"the same code": code, "the code before it": codeAt(t, s, noon.Add(-30*time.Second))} {
		for _, later := range []time.Duration{0, time.Second, 29 * time.Second} {
			answer := b.login(noon.Add(later), []sdk.Credential{cred}, c)
			if f := answer.Failure; f == nil || f.Reason != sdk.ReasonReplayed || !f.Counts || !f.Retryable || len(answer.CredentialChanges) > 0 {
				t.Fatalf("%s, %s later: %+v", name, later, answer)
			}
		}
	}
	// The code of a clock that runs ahead closes the steps before it, too.
	cred = apply(t, cred, b.login(noon, []sdk.Credential{cred}, codeAt(t, s, noon.Add(30*time.Second))))
	if answer := b.login(noon.Add(30*time.Second), []sdk.Credential{cred}, codeAt(t, s, noon.Add(30*time.Second))); answer.Failure == nil || answer.Failure.Reason != sdk.ReasonReplayed {
		t.Errorf("%+v", answer)
	}
	cred = apply(t, cred, b.login(noon.Add(60*time.Second), []sdk.Credential{cred}, codeAt(t, s, noon.Add(60*time.Second))))
	if cred.Revision != 10 {
		t.Errorf("revision %d after three logins from 7", cred.Revision)
	}
}

// Two replicas get the same code at once: both say success on the same revision, so one commit loses, and its rerun
// on the new data is a replay.
func TestTwoReplicasOneCode(t *testing.T) {
	t.Parallel()
	b, other := newBench(t, `{}`), newBench(t, `{}`)
	cred, s := b.stored("c1")
	code := codeAt(t, s, noon)
	one, two := b.login(noon, []sdk.Credential{cred}, code), other.login(noon, []sdk.Credential{cred}, code)
	if one.CredentialChanges[0].ExpectedRevision != 7 || two.CredentialChanges[0].ExpectedRevision != 7 {
		t.Fatalf("both must expect revision 7: %d, %d", one.CredentialChanges[0].ExpectedRevision, two.CredentialChanges[0].ExpectedRevision)
	}
	rerun := other.login(noon, []sdk.Credential{apply(t, cred, one)}, code)
	if rerun.Failure == nil || rerun.Failure.Reason != sdk.ReasonReplayed {
		t.Errorf("%+v", rerun)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cred, s := b.stored("c1")
	right := codeAt(t, s, noon)
	wrong := "000000"
	for wrong == right || wrong == codeAt(t, s, noon.Add(30*time.Second)) || wrong == codeAt(t, s, noon.Add(-30*time.Second)) {
		wrong = wrong[1:] + "1"
	}
	for code, want := range map[string]sdk.Reason{
		wrong: sdk.ReasonBadCredential, "12345678": sdk.ReasonBadCredential,
		"": sdk.ReasonInvalidInput, "12345": sdk.ReasonInvalidInput, "abcdef": sdk.ReasonInvalidInput, "１２３４５６": sdk.ReasonInvalidInput,
	} {
		answer := b.login(noon, []sdk.Credential{cred}, code)
		f := answer.Failure
		if f == nil || f.Reason != want || f.Counts != (want == sdk.ReasonBadCredential) || !f.Retryable || f.View == nil {
			t.Errorf("%q: %+v", code, answer)
		}
	}
	if answer := b.login(noon, []sdk.Credential{cred}, " "+right[:3]+" "+right[3:]+" "); answer.Success == nil {
		t.Errorf("a code with spaces: %+v", answer.Failure)
	}
}

// Somebody without an app is answered like somebody who typed a wrong code.
func TestNobodyLooksTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cred, _ := b.stored("c1")
	unknown := request(noon, nil, map[string]string{inputCode: "12345678"})
	unknown.Context.Subject = nil
	var first []byte
	for name, r := range map[string]*sdk.StepRequest{
		"wrong code":   request(noon, []sdk.Credential{cred}, map[string]string{inputCode: "12345678"}),
		"no app":       request(noon, nil, map[string]string{inputCode: "12345678"}),
		"unknown name": unknown,
	} {
		raw, err := json.Marshal(b.step(b.Continue, r))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
		}
		if string(first) != string(raw) {
			t.Errorf("%s: %s, unlike %s", name, raw, first)
		}
	}
}

func TestSeveralApps(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	one, s1 := b.stored("c1")
	b.configure(`{"digits":8,"algorithm":"SHA256","period":60}`) // the old app keeps its own parameters
	two, s2 := b.stored("c2")
	cs := []sdk.Credential{one, two}
	if answer := b.login(noon, cs, codeAt(t, s1, noon)); answer.Success == nil || answer.Success.CredentialID != "c1" {
		t.Errorf("%+v", answer)
	}
	answer := b.login(noon, cs, codeAt(t, s2, noon))
	if answer.Success == nil || answer.Success.CredentialID != "c2" {
		t.Fatalf("%+v", answer)
	}
	// A code of one app says nothing of the other's.
	cs[1] = apply(t, two, answer)
	if answer := b.login(noon, cs, codeAt(t, s1, noon)); answer.Success == nil {
		t.Errorf("%+v", answer.Failure)
	}
	if answer := b.login(noon, cs, codeAt(t, s2, noon)); answer.Failure == nil || answer.Failure.Reason != sdk.ReasonReplayed {
		t.Errorf("%+v", answer)
	}
}

// A token's clock runs ahead by one step a month; with remember_drift it is followed, without it is lost.
func TestDrift(t *testing.T) {
	t.Parallel()
	for config, follows := range map[string]bool{`{"remember_drift":true}`: true, `{}`: false} {
		b := newBench(t, config)
		cred, s := b.stored("c1")
		now, lost := noon, 0
		for month := range 14 {
			shown := now.Add(time.Duration(month) * 30 * time.Second)
			answer := b.login(now, []sdk.Credential{cred}, codeAt(t, s, shown))
			if answer.Success == nil {
				lost = month
				break
			}
			cred = apply(t, cred, answer)
			now = now.AddDate(0, 1, 0)
		}
		want := 2
		if follows {
			want = maxDrift + 2 // the memory is bounded
		}
		if lost != want {
			t.Errorf("%s: lost in month %d, want %d", config, lost, want)
		}
	}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cred, _ := b.stored("c1")
	answer := b.step(b.Begin, request(noon, []sdk.Credential{cred}, nil))
	if answer.Challenge == nil {
		t.Fatalf("%+v", answer)
	}
	field := fieldOf(answer.Challenge.View, inputCode)
	if field.Kind != sdk.FieldOneTimeCode || field.MaxLength != 10 {
		t.Errorf("%+v", field)
	}
	if answer := b.step(b.Begin, request(noon, nil, nil)); answer.NotApplicable == nil || answer.NotApplicable.Reason != sdk.ReasonNotEnrolled {
		t.Errorf("%+v", answer)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	good, _ := b.stored("c1")
	for name, change := range map[string]func(*sdk.Credential){
		"not JSON": func(c *sdk.Credential) { c.Data = []byte("{") },
		"empty":    func(c *sdk.Credential) { c.Data = []byte("{}") },
		"short secret": func(c *sdk.Credential) {
			c.Data = []byte(`{"secret":"JBSWY3DP","algorithm":"SHA1","digits":6,"period":30}`)
		},
		"newer release": func(c *sdk.Credential) { c.Version = 2 },
	} {
		c := good
		change(&c)
		if answer, err := b.Continue(context.Background(), request(noon, []sdk.Credential{c}, map[string]string{inputCode: "123456"})); err == nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	if err := b.Remove(context.Background(), "i"); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error){
		"Begin": b.Begin, "Continue": b.Continue, "BeginEnroll": b.BeginEnroll, "ContinueEnroll": b.ContinueEnroll,
	} {
		if _, err := do(context.Background(), request(noon, nil, nil)); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	p := newBench(b, `{}`)
	cred, s := p.stored("c1")
	r := request(noon, []sdk.Credential{cred}, map[string]string{inputCode: codeAt(b, s, noon)})
	for b.Loop() {
		if answer, err := p.Continue(context.Background(), r); err != nil || answer.Success == nil {
			b.Fatal(err)
		}
	}
}
