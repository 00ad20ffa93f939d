package login

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/varco-id/varco/provider/internal/policy"
)

func bankPolicy() *policy.Policy {
	return &policy.Policy{
		Levels: []policy.Level{
			{ACR: "urn:varco:1fa", AnyOf: [][]string{{"password"}}},
			{ACR: "urn:varco:sca", AnyOf: [][]string{{"password", "totp"}}, Factors: 2},
		},
		Default: "urn:varco:1fa", BindAtLogin: []string{"totp"},
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	both := []string{"password", "totp"}
	for name, c := range map[string]struct {
		facts Facts
		want  Decision
	}{
		"nobody yet: the first method": {
			Facts{Offered: both}, Decision{Kind: KindAsk, Method: "password", Options: []string{"password"}}},
		"password proven is enough at its level": {
			Facts{Offered: both, Identified: true, Proven: []string{"password"}, Enrolled: both}, Decision{Kind: KindDone}},
		"SCA asks for the second factor": {
			Facts{Level: 1, Offered: both, Identified: true, Proven: []string{"password"}, Enrolled: both},
			Decision{Kind: KindAsk, Method: "totp", Options: []string{"totp"}}},
		"SCA without a second authenticator binds one, where policy allows it": {
			Facts{Level: 1, Offered: both, Identified: true, Proven: []string{"password"}, Enrolled: []string{"password"}},
			Decision{Kind: KindAsk, Method: "totp", Binding: true, Options: []string{"totp"}}},
		"who has another authenticator cannot bind one with a password alone": {
			Facts{Level: 1, Offered: both, Identified: true, Proven: []string{"password"}, Enrolled: []string{"password", "card"}},
			Decision{Kind: KindRefuse}},
		"a plugin that is down is not a refusal": {
			Facts{Level: 1, Offered: []string{"password"}, Identified: true, Proven: []string{"password"}, Enrolled: both},
			Decision{Kind: KindDown}},
		"consent comes after authentication": {
			Facts{Offered: both, Identified: true, Proven: []string{"password"}, Enrolled: both, ConsentMissing: true},
			Decision{Kind: KindConsent}},
		"binding comes after authentication": {
			Facts{Offered: both, Identified: true, Proven: []string{"password"}, Enrolled: []string{"password"}, Bind: "totp"},
			Decision{Kind: KindAsk, Method: "totp", Binding: true, Options: []string{"totp"}}},
		"bound: done": {
			Facts{Offered: both, Identified: true, Proven: both, Enrolled: both, Bind: "totp", Bound: true}, Decision{Kind: KindDone}},
		"proofs of nobody count for nothing": {
			Facts{Offered: both, Proven: both}, Decision{Kind: KindRefuse}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.facts.Policy = bankPolicy()
			got := Next(c.facts)
			if got.Kind != c.want.Kind || got.Method != c.want.Method || got.Binding != c.want.Binding || !slices.Equal(got.Options, c.want.Options) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// No facts whatever lead to done below the required level, or without a person.
func TestNextNeverOpensTheDoorTooEarly(t *testing.T) {
	t.Parallel()
	methods := []string{"password", "totp", "card", "unknown"}
	some := rapid.SliceOfDistinct(rapid.SampledFrom(methods), rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		p := bankPolicy()
		f := Facts{
			Policy: p, Level: rapid.IntRange(0, 1).Draw(t, "level"), Identified: rapid.Bool().Draw(t, "identified"),
			Proven: some.Draw(t, "proven"), Enrolled: some.Draw(t, "enrolled"), Offered: some.Draw(t, "offered"),
			Chosen: rapid.SampledFrom(methods).Draw(t, "chosen"), ConsentMissing: rapid.Bool().Draw(t, "consent"),
			Bind: rapid.SampledFrom([]string{"", "totp"}).Draw(t, "bind"), Bound: rapid.Bool().Draw(t, "bound"),
		}
		d := Next(f)
		reached, _ := p.Reached(f.Proven)
		enough := f.Identified && reached >= f.Level
		switch {
		case d.Kind == KindDone && (!enough || f.ConsentMissing || (f.Bind != "" && !f.Bound)):
			t.Fatalf("%+v is done", f)
		case d.Kind == KindConsent && !enough:
			t.Fatalf("%+v asks for consent before authentication", f)
		case d.Kind == KindAsk && !slices.Contains(d.Options, d.Method):
			t.Fatalf("%+v asks for %s, which is not among %v", f, d.Method, d.Options)
		case d.Binding && len(f.Proven) == 0:
			t.Fatalf("%+v binds for somebody who proved nothing", f)
		case d.Kind == KindAsk && !d.Binding && f.Identified && !slices.Contains(f.Enrolled, d.Method):
			t.Fatalf("%+v asks for %s, which the person does not have", f, d.Method)
		}
	})
}
