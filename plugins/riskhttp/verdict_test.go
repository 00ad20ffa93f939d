package riskhttp

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

func parsed(t testing.TB, members string) Config {
	t.Helper()
	c, problems := parseConfig([]byte(`{"url": "https://a.example/"` + members + `}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	words := parsed(t, `, "verdict": {"pointer": "/result/0/decision", "allow": ["ACCEPT", "0"], "step_up": ["REVIEW", "true"], "deny": ["REJECT"]}, "reasons_pointer": "/result/0/rules"`)
	scores := parsed(t, `, "score": {"pointer": "/risk~1score", "step_up_from": 50, "deny_from": 80.5}`)
	both := parsed(t, `, "verdict": {"pointer": "/v", "allow": ["ok"], "step_up": ["more"], "deny": ["no"]}, "score": {"pointer": "/s", "step_up_from": 50, "deny_from": 80}`)
	swap := parsed(t, `, "kind": "camara-sim-swap"`)
	for _, c := range []struct {
		config Config
		answer string
		want   string // verdict, then reasons; "" for a fault
	}{
		{parsed(t, ""), `{"verdict": "allow"}`, "allow"},
		{parsed(t, ""), `{"verdict": "step_up", "reasons": ["new device", "far away"]}`, "step_up|new device|far away"},
		{parsed(t, ""), `{"verdict": "deny", "reasons": "stolen card"}`, "deny|stolen card"},
		{parsed(t, ""), `{"verdict": "ALLOW"}`, ""},
		{parsed(t, ""), `{"Verdict": "allow"}`, ""},
		{parsed(t, ""), `{"verdict": null}`, ""},
		{parsed(t, ""), `{"verdict": ["allow"]}`, ""},
		{parsed(t, ""), `{}`, ""},
		{parsed(t, ""), `"allow"`, ""},
		{parsed(t, ""), `{"verdict": "allow"} {"verdict": "deny"}`, ""},
		{parsed(t, ""), `<html>allow</html>`, ""},
		{parsed(t, ""), ``, ""},
		{words, `{"result": [{"decision": "ACCEPT"}]}`, "allow"},
		{words, `{"result": [{"decision": "REJECT", "rules": ["R1", 2, {"a": 1}, " ", "R\n3"]}]}`, "deny|R1|R 3"},
		{words, `{"result": [{"decision": true}]}`, "step_up"},
		{words, `{"result": [{"decision": 0}]}`, "allow"},
		{words, `{"result": []}`, ""},
		{words, `{"result": {"0": {"decision": "ACCEPT"}}}`, "allow"},
		{scores, `{"risk/score": 49.9}`, "allow|score 49.9"},
		{scores, `{"risk/score": 50}`, "step_up|score 50"},
		{scores, `{"risk/score": 80.5, "reasons": ["x"]}`, "deny|x|score 80.5"},
		{scores, `{"risk/score": "81"}`, ""},
		{scores, `{"risk/score": 1e999}`, ""},
		{scores, `{"risk/score": -1e3}`, "allow|score -1000"},
		{both, `{"v": "ok", "s": 90}`, "deny|score 90"},
		{both, `{"v": "ok", "s": 60}`, "step_up|score 60"},
		{both, `{"v": "more", "s": 1}`, "step_up|score 1"},
		{both, `{"v": "no", "s": 1}`, "deny|score 1"},
		{both, `{"v": "no"}`, ""},
		{both, `{"s": 1}`, ""},
		{swap, `{"swapped": false}`, "allow"},
		{swap, `{"swapped": true}`, "deny|the SIM card changed within 240 hours"},
		{swap, `{"swapped": "false"}`, ""},
		{swap, `{}`, ""},
	} {
		got := ""
		if a, err := c.config.read([]byte(c.answer)); err == nil {
			got = strings.Join(slices.Concat([]string{string(a.Verdict)}, a.Reasons), "|")
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.answer, got, c.want)
		}
	}
}

// Whatever a service answers, what comes of it is a fault or within the contract; and nothing allows without a word or a score for it.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"verdict":"allow"}`, `{"verdict":"deny","reasons":["a","b"]}`, `{"s":12,"verdict":"step_up"}`, `{"swapped":true}`, `[`, "\xff", `{"verdict":"allow","reasons":"` + strings.Repeat("è", 400) + `"}`} {
		f.Add([]byte(s))
	}
	configs := []Config{parsed(f, ""), parsed(f, `, "score": {"pointer": "/s", "deny_from": 10}`), parsed(f, `, "kind": "camara-sim-swap"`),
		parsed(f, `, "verdict": {"pointer": "/a/0/~01", "allow": ["x"]}, "reasons_pointer": "/a"`)}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, c := range configs {
			a, err := c.read(body)
			if err != nil {
				continue
			}
			if err := a.Validate(); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			for _, r := range a.Reasons {
				if !utf8.ValidString(r) {
					t.Fatalf("%q: a reason is no text: %q", body, r)
				}
			}
			if c.Score == nil && a.Verdict == sdk.RiskAllow && !strings.ContainsAny(string(body), "axfu") {
				t.Fatalf("%q allows", body) // neither allow, x nor false stands in it
			}
		}
	})
}
