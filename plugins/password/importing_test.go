package password

import (
	"context"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
)

// referenceHash is the example of the reference implementation of argon2 in form, of "password" at a low cost.
const referenceHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestImport(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	inputs := []struct {
		name, json, problem string
		password            string // that must open afterwards
	}{
		{"password", `{"password":"` + good + `"}`, "", good},
		{"hash", `{"phc":"` + referenceHash + `"}`, "", "password"},
		{"weak password", `{"password":"passwordpasswordpassword"}`, "easy to guess", ""},
		{"short password", `{"password":"abc"}`, "at least 15 characters; this has 3", ""},
		{"own name", `{"password":"mario.rossi.1980"}`, "your name", ""},
		{"both", `{"password":"` + good + `","phc":"` + referenceHash + `"}`, "nothing else", ""},
		{"neither", `{}`, "nothing else", ""},
		{"unknown member", `{"password":"` + good + `","hint":"horse"}`, "nothing else", ""},
		{"not JSON", `password`, "nothing else", ""},
		{"two values", `{"password":"` + good + `"} {}`, "nothing else", ""},
		{"bcrypt", `{"phc":"$2b$12$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvabcdefgh"}`, "argon2id", ""},
		{"4 GiB", `{"phc":"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"}`, "out of bounds", ""},
	}
	var given []sdk.ImportInput
	for _, in := range inputs {
		given = append(given, sdk.ImportInput{Subject: sdk.Subject{ID: "sub-1", Name: "mario.rossi"}, JSON: []byte(in.json)})
	}
	results, err := b.ImportCredentials(context.Background(), "i", given)
	if err != nil || len(results) != len(given) {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for i, in := range inputs {
		r := results[i]
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", in.name, err)
		}
		if in.problem != "" {
			if !strings.Contains(r.Error, in.problem) || r.Change.Data != nil {
				t.Errorf("%s: %q, want one with %q", in.name, r.Error, in.problem)
			}
			continue
		}
		if r.Error != "" {
			t.Errorf("%s: %s", in.name, r.Error)
			continue
		}
		cs := []sdk.Credential{{ID: "c1", Data: r.Change.Data, Revision: 1, Version: r.Change.Version}}
		if answer := b.step(b.Continue, request(sdk.IntentLogin, cs, map[string]string{inputPassword: in.password})); answer.Success == nil {
			t.Errorf("%s: does not open", in.name)
		}
	}
}
