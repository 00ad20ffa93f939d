package password

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	accented := "perché città più là 12" // composed
	cs, accentedCs := b.enrolled(good), b.enrolled(accented)
	for _, c := range []struct {
		name     string
		cs       []sdk.Credential
		password string
		want     sdk.Reason // empty: success
	}{
		{"right", cs, good, ""},
		{"right, decomposed letters", accentedCs, "perche\u0301 citta\u0300 piu\u0300 la\u0300 12", ""},
		{"wrong", cs, good + "!", sdk.ReasonBadCredential},
		{"other case", cs, strings.ToUpper(good), sdk.ReasonBadCredential},
		{"trailing space", cs, good + " ", sdk.ReasonBadCredential},
		{"cut short", cs, good[:len(good)-1], sdk.ReasonBadCredential},
		{"not UTF-8", cs, "\xff\xfe\xfd", sdk.ReasonBadCredential},
		{"NUL", cs, good + "\x00", sdk.ReasonBadCredential},
		{"nothing", cs, "", sdk.ReasonInvalidInput},
		{"1,024 bytes", cs, strings.Repeat("x", 1024), sdk.ReasonBadCredential},
		{"a megabyte", cs, strings.Repeat("x", 1<<20), sdk.ReasonBadCredential},
		{"no credential", nil, good, sdk.ReasonBadCredential},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := b.step(b.Continue, request(sdk.IntentLogin, c.cs, map[string]string{inputPassword: c.password}))
			if c.want == "" {
				s := answer.Success
				if s == nil || s.Subject != "sub-1" || s.CredentialID != "c1" || len(s.AMR) != 1 || s.AMR[0] != "pwd" {
					t.Fatalf("%+v, %+v", s, answer.Failure)
				}
				if len(answer.CredentialChanges) > 0 {
					t.Error("the hash was changed though its parameters are the configured ones")
				}
				return
			}
			f := answer.Failure
			if f == nil || f.Reason != c.want || f.Counts != (c.want == sdk.ReasonBadCredential) || !f.Retryable {
				t.Fatalf("%+v, %+v", f, answer.Success)
			}
		})
	}
}

// An unknown name, a name without a password and a wrong password must not be told apart: the same answer at the
// price of the same number of hashes of the same parameters.
func TestNobodyCostsTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cs := b.enrolled(good)
	unknown := request(sdk.IntentLogin, nil, map[string]string{inputPassword: good})
	unknown.Context.Subject = nil
	var first string
	for name, r := range map[string]*sdk.StepRequest{
		"wrong password": request(sdk.IntentLogin, cs, map[string]string{inputPassword: "something else entirely"}),
		"no password":    request(sdk.IntentLogin, nil, map[string]string{inputPassword: good}),
		"unknown name":   unknown,
	} {
		before := b.hashes.Load()
		answer := b.step(b.Continue, r)
		if n := b.hashes.Load() - before; n != 1 {
			t.Errorf("%s: %d hashes, want 1", name, n)
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(raw)
		}
		if string(raw) != first {
			t.Errorf("%s: %s, unlike %s", name, raw, first)
		}
	}
	if in, err := b.instance("i"); err != nil || in.dummy.params != in.config.Argon2 {
		t.Errorf("the dummy costs %v, %v", in.dummy.params, err)
	}
}

func TestBeginTellsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	unknown := request(sdk.IntentLogin, nil, nil)
	unknown.Context.Subject = nil
	one, err1 := json.Marshal(b.step(b.Begin, unknown))
	two, err2 := json.Marshal(b.step(b.Begin, request(sdk.IntentLogin, b.enrolled(good), nil)))
	if err1 != nil || err2 != nil || string(one) != string(two) {
		t.Errorf("%s, %v\n%s, %v", one, err1, two, err2)
	}
}

func TestRehash(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cs := b.enrolled(good)
	b.configure(`{"argon2":{"memory_kib":9216,"iterations":4,"parallelism":2}}`)

	wrong := b.step(b.Continue, request(sdk.IntentLogin, cs, map[string]string{inputPassword: "wrong"}))
	if wrong.Failure == nil || len(wrong.CredentialChanges) > 0 {
		t.Fatalf("a wrong password changed the credential: %+v", wrong)
	}
	answer := b.step(b.Continue, request(sdk.IntentLogin, cs, map[string]string{inputPassword: good}))
	if answer.Success == nil || len(answer.CredentialChanges) != 1 {
		t.Fatalf("%+v", answer)
	}
	cs = apply(t, cs, answer.CredentialChanges[0])
	if !strings.Contains(string(cs[0].Data), "m=9216,t=4,p=2") {
		t.Errorf("new hash %s", cs[0].Data)
	}
	again := b.step(b.Continue, request(sdk.IntentLogin, cs, map[string]string{inputPassword: good}))
	if again.Success == nil || len(again.CredentialChanges) > 0 {
		t.Errorf("%+v", again)
	}
}

func TestDamagedCredentialIsAFault(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	for name, c := range map[string]sdk.Credential{
		"not JSON":       {ID: "c1", Data: []byte("{"), Version: 1},
		"no hash":        {ID: "c1", Data: []byte("{}"), Version: 1},
		"another scheme": {ID: "c1", Data: []byte(`{"phc":"$2b$12$abcdefghijklmnopqrstuv"}`), Version: 1},
		"newer release":  {ID: "c1", Data: []byte(`{"phc":""}`), Version: 2},
	} {
		answer, err := b.Continue(context.Background(), request(sdk.IntentLogin, []sdk.Credential{c}, map[string]string{inputPassword: good}))
		if err == nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

func TestUnknownInstance(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	if err := b.Remove(context.Background(), "i"); err != nil {
		t.Fatal(err)
	}
	r := request(sdk.IntentLogin, nil, map[string]string{inputPassword: good})
	for name, do := range map[string]func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error){
		"Begin": b.Begin, "Continue": b.Continue, "BeginEnroll": b.BeginEnroll, "ContinueEnroll": b.ContinueEnroll,
	} {
		if _, err := do(context.Background(), r); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCrowd(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	cs := b.enrolled(good)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			password := good
			if i%2 == 1 {
				password = "wrong"
			}
			answer, err := b.Continue(context.Background(), request(sdk.IntentLogin, cs, map[string]string{inputPassword: password}))
			if err != nil || (answer.Success != nil) != (i%2 == 0) {
				t.Errorf("%d: %+v, %v", i, answer, err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerify(b *testing.B) {
	p := newBench(b, `{}`)
	cs := p.enrolled(good)
	for _, c := range []struct {
		name string
		cs   []sdk.Credential
	}{{"known", cs}, {"unknown", nil}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Continue(context.Background(), request(sdk.IntentLogin, c.cs, map[string]string{inputPassword: good})); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, params := range []Params{defaultParams, {46 * 1024, 1, 1}, {9 * 1024, 4, 1}, {64 * 1024, 3, 4}} {
		b.Run(params.String(), func(b *testing.B) {
			for b.Loop() {
				argon2id([]byte(good), make([]byte, saltLen), params, sumLen)
			}
		})
	}
}
