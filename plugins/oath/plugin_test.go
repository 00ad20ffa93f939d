package oath

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/internal/oathcode"
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
	plugintest.Texts(t, plugintest.Describe(t, New()), ".")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	plugintest.Config(t, func() sdk.Plugin { return New() }, map[string]string{
		``: plugintest.Good, `{}`: plugintest.Good, `{"skew":0,"look_ahead":50,"resync_periods":5,"resync_presses":1000}`: plugintest.Good,
		`{"skew":3}`: "/skew", `{"look_ahead":0}`: "/look_ahead", `{"resync_periods":121}`: "/resync_periods", `{"resync_presses":49}`: "/resync_presses",
		`{"skew":"1"}`: "/skew", `{"skews":1}`: "/skews", `[]`: "",
	})
	c, _ := parseConfig(nil)
	plugintest.Defaults(t, configSchema, c)
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// bank is a plugin under test, with one person's tokens.
type bank struct {
	*Plugin
	t     testing.TB
	desc  *sdk.Description
	now   time.Time
	creds []sdk.Credential
	flow  string
	state []byte
}

func newBank(t testing.TB, forms ...string) *bank {
	t.Helper()
	b := &bank{Plugin: New(), t: t, now: noon, desc: plugintest.Describe(t, New()), flow: "flow-1"}
	if err := b.Configure(context.Background(), sdk.Configuration{InstanceID: "i"}); err != nil {
		t.Fatal(err)
	}
	for _, f := range forms {
		r := b.importForm(f)
		if r.Error != "" {
			t.Fatal(r.Error)
		}
		b.creds = append(b.creds, sdk.Credential{ID: "c" + r.Change.Handle, Handle: r.Change.Handle, Label: r.Change.Label, Data: r.Change.Data, Revision: 7, Version: r.Change.Version})
	}
	return b
}

func (b *bank) importForm(form string) sdk.ImportResult {
	b.t.Helper()
	results, err := b.ImportCredentials(context.Background(), "i", []sdk.ImportInput{{JSON: []byte(form)}})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := results[0].Validate(); err != nil {
		b.t.Fatal(err)
	}
	return results[0]
}

func (b *bank) request(inputs map[string]string) *sdk.StepRequest {
	return &sdk.StepRequest{Credentials: b.creds, State: b.state, StateVersion: 1, Inputs: inputs, Context: sdk.StepContext{
		InstanceID: "i", MethodID: MethodID, FlowID: b.flow, Intent: sdk.IntentLogin, MaxStateVersion: 1, Now: b.now, Identified: true, Subject: &sdk.Subject{ID: "sub-1"}}}
}

// give types a code, and commits what comes of it.
func (b *bank) give(field, code string) *sdk.StepResponse {
	b.t.Helper()
	r := b.request(map[string]string{field: code})
	answer, err := b.Continue(context.Background(), r)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := answer.Validate(b.desc, r); err != nil {
		b.t.Fatal(err)
	}
	b.state = answer.State
	for _, c := range answer.CredentialChanges {
		for i := range b.creds {
			if b.creds[i].ID == c.CredentialID {
				b.creds[i].Data = c.Data
				b.creds[i].Revision++
			}
		}
	}
	return answer
}

const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // 12345678901234567890

var seed = oathcode.Seed{Secret: secret, Algorithm: "SHA1", Digits: 6}

func code(t testing.TB, factor int64) string {
	t.Helper()
	c, err := seed.Code(factor)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// outcome says in a word what came of a step.
func outcome(a *sdk.StepResponse) string {
	switch {
	case a.Success != nil:
		return "success"
	case a.Challenge != nil:
		return "another"
	case a.Failure != nil:
		return string(a.Failure.Reason)
	}
	return "?"
}

func TestButtonToken(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"hotp","secret":"`+secret+`"}`)
	step := func(field string, n int64, want string) {
		t.Helper()
		if got := outcome(b.give(field, code(t, n))); got != want {
			t.Errorf("count %d: %s, want %s", n, got, want)
		}
	}
	// It was played with on its way: the first use takes two in a row.
	step(inputCode, 7, "another")
	step(inputSecond, 7, "invalid_input") // the same again
	step(inputSecond, 9, "bad_credential")
	step(inputCode, 7, "another")
	step(inputSecond, 8, "success")
	step(inputCode, 8, "replayed")
	step(inputCode, 9, "success")
	step(inputCode, 20, "success") // ten presses in the drawer
	step(inputCode, 60, "another") // many more
	step(inputSecond, 61, "success")
	step(inputCode, 40, "bad_credential") // from before
	step(inputCode, 300, "bad_credential")
}

func TestTimeToken(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"totp","secret":"`+secret+`"}`)
	here := noon.Unix() / 30
	step := func(field string, off int64, want string) {
		t.Helper()
		if got := outcome(b.give(field, code(t, here+off))); got != want {
			t.Errorf("off by %d: %s, want %s", off, got, want)
		}
	}
	step(inputCode, 0, "another")
	b.now, here = b.now.Add(30*time.Second), here+1
	step(inputSecond, 0, "success")
	step(inputCode, 0, "replayed")
	b.now, here = b.now.Add(30*time.Second), here+1
	step(inputCode, 0, "success")
	// Its battery slows it down, or the clock was wrong from the start: found again, and followed from there.
	b.now, here = b.now.AddDate(1, 0, 0), b.now.AddDate(1, 0, 0).Unix()/30
	step(inputCode, -15, "another")
	b.now, here = b.now.Add(30*time.Second), here+1
	step(inputSecond, -15, "success")
	b.now, here = b.now.Add(time.Hour), here+120
	step(inputCode, -15, "success")
	b.now, here = b.now.Add(time.Hour), here+120
	step(inputCode, -16, "success")
	b.now, here = b.now.Add(time.Hour), here+120
	step(inputCode, -60, "bad_credential")
}

func TestInUse(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"hotp","secret":"`+secret+`","counter":30,"in_use":true}`)
	if got := outcome(b.give(inputCode, code(t, 31))); got != "success" {
		t.Error(got)
	}
}

// Two replicas get one code at once: both answer on the same revision, so one commit loses, and its rerun is a replay.
func TestACodeCountsOnce(t *testing.T) {
	t.Parallel()
	for _, form := range []string{`{"serial":"1","type":"hotp","secret":"` + secret + `","in_use":true}`, `{"serial":"1","type":"totp","secret":"` + secret + `","in_use":true}`} {
		b := newBank(t, form)
		right := code(t, 0)
		if strings.Contains(form, "totp") {
			right = code(t, noon.Unix()/30)
		}
		r := b.request(map[string]string{inputCode: right})
		one, err1 := b.Continue(t.Context(), r)
		two, err2 := b.Continue(t.Context(), r)
		if err1 != nil || err2 != nil || one.Success == nil || two.Success == nil || one.CredentialChanges[0].ExpectedRevision != two.CredentialChanges[0].ExpectedRevision {
			t.Fatalf("%+v %v, %+v %v", one, err1, two, err2)
		}
		b.creds[0].Data = one.CredentialChanges[0].Data
		if got := outcome(b.give(inputCode, right)); got != "replayed" {
			t.Errorf("%s: %s", form, got)
		}
	}
}

// The first of two codes counts in its own flow.
func TestAFirstCodeIsBound(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"hotp","secret":"`+secret+`"}`)
	b.give(inputCode, code(t, 50))
	b.flow = "flow-2"
	if got := outcome(b.give(inputSecond, code(t, 51))); got != "invalid_input" { // its page has another field
		t.Error(got)
	}
}

func TestSeveralTokens(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"hotp","secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP","in_use":true}`, `{"serial":"2","type":"hotp","secret":"`+secret+`","in_use":true}`)
	if answer := b.give(inputCode, code(t, 3)); answer.Success == nil || answer.Success.CredentialID != "c2" {
		t.Errorf("%+v", answer)
	}
}

func TestEndOfLife(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"hotp","secret":"`+secret+`","in_use":true}`)
	var tok token
	if err := json.Unmarshal(b.creds[0].Data, &tok); err != nil {
		t.Fatal(err)
	}
	tok.Expires = noon.Unix()
	b.creds[0].Data = encode(tok)
	b.now = noon.Add(-time.Second)
	if got := outcome(b.give(inputCode, code(t, 0))); got != "success" {
		t.Error(got)
	}
	b.now = noon
	if got := outcome(b.give(inputCode, code(t, 1))); got != "expired" {
		t.Error(got)
	}
	if got := outcome(b.give(inputCode, code(t, 400))); got != "bad_credential" {
		t.Error(got)
	}
}

func TestNobodyLooksTheSame(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"hotp","secret":"`+secret+`"}`)
	wrong := b.request(map[string]string{inputCode: "12345678"})
	without := b.request(map[string]string{inputCode: "12345678"})
	without.Credentials = nil
	unknown := b.request(map[string]string{inputCode: "12345678"})
	unknown.Credentials, unknown.Context.Subject = nil, nil
	var first []byte
	for name, r := range map[string]*sdk.StepRequest{"wrong code": wrong, "no token": without, "unknown name": unknown} {
		answer, err := b.Continue(t.Context(), r)
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
	without.Context.Identified = true
	if answer, err := b.Begin(t.Context(), without); err != nil || answer.NotApplicable == nil {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	file := func(name string) string {
		raw, err := os.ReadFile(filepath.Join("internal/pskc/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		quoted, err := json.Marshal(string(raw))
		if err != nil {
			t.Fatal(err)
		}
		return string(quoted)
	}
	for _, c := range []struct{ form, serial, label, problem string }{
		{`{"pskc":` + file("clear.xml") + `,"serial":"TOK-0002"}`, "TOK-0002", "TOK-0002", ""},
		{`{"pskc":` + file("preshared.xml") + `,"serial":"TOK-0001","key":"00112233445566778899AABBCCDDEEFF","label":"Token"}`, "TOK-0001", "Token", ""},
		{`{"pskc":` + file("figure7.xml") + `,"password":"qwerty"}`, "987654321", "987654321", ""},
		{`{"serial":"9","type":"totp","secret":"` + secret + `","digits":8,"period":60,"algorithm":"SHA-256"}`, "9", "9", ""},
		{`{"pskc":` + file("clear.xml") + `}`, "", "", "say which"},
		{`{"pskc":` + file("preshared.xml") + `,"serial":"TOK-0001"}`, "", "", "pre-shared key"},
		{`{"pskc":` + file("preshared.xml") + `,"serial":"TOK-0001","key":"xyz"}`, "", "", "hexadecimal"},
		{`{"pskc":` + file("clear.xml") + `,"serial":"TOK-0002","digits":6}`, "", "", "leave them out"},
		{`{"pskc":"<x/>","secret":"` + secret + `"}`, "", "", "docs/plugins/oath.md"},
		{`{"serial":"9","secret":"` + secret + `"}`, "", "", "type"},
		{`{"serial":"9","type":"hotp","secret":"` + secret + `","period":30}`, "", "", "type"},
		{`{"serial":"9","type":"hotp","secret":"` + secret + `","counter":-1}`, "", "", "counter"},
		{`{"serial":"9","type":"hotp","secret":"` + secret + `","password":"x"}`, "", "", "PSKC"},
		{`{"type":"hotp","secret":"` + secret + `"}`, "", "", "serial"},
		{`{"serial":"9\u202e","type":"hotp","secret":"` + secret + `"}`, "", "", "serial"},
		{`{"serial":"9","type":"hotp","secret":"` + secret + `","label":"` + strings.Repeat("x", 65) + `"}`, "", "", "label"},
		{`{"serial":"9","type":"hotp","secret":"JBSWY3DP"}`, "", "", "128 bits"},
		{`{"serial":"9","type":"totp","secret":"` + secret + `","period":45}`, "", "", "period"},
		{`[]`, "", "", "docs"}, {``, "", "", "docs"},
	} {
		r := b.importForm(c.form)
		if (r.Error == "") != (c.problem == "") || !strings.Contains(r.Error, c.problem) || strings.Contains(r.Error, secret) {
			t.Errorf("%.80s: %q, want one about %q", c.form, r.Error, c.problem)
			continue
		}
		if r.Change.Handle != c.serial || r.Change.Label != c.label {
			t.Errorf("%.80s: handle %q, label %q", c.form, r.Change.Handle, r.Change.Label)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"serial":"1","type":"hotp","secret":"`+secret+`"}`)
	good := b.creds[0]
	for name, change := range map[string]func(*sdk.Credential){
		"not JSON": func(c *sdk.Credential) { c.Data = []byte("{") }, "empty": func(c *sdk.Credential) { c.Data = []byte("{}") },
		"both kinds": func(c *sdk.Credential) {
			c.Data = encode(token{Clock: &oathcode.Clock{}, Counter: &oathcode.Counter{}})
		},
		"newer release": func(c *sdk.Credential) { c.Version = 2 },
	} {
		c := good
		change(&c)
		b.creds = []sdk.Credential{c}
		if answer, err := b.Continue(t.Context(), b.request(map[string]string{inputCode: "123456"})); err == nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	if err := b.Remove(t.Context(), "i"); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error){b.Begin, b.Continue} {
		if _, err := do(t.Context(), b.request(nil)); status.Code(err) != codes.FailedPrecondition {
			t.Error(err)
		}
	}
}

// FuzzImport: whatever an operator's file holds, what is taken can be used.
func FuzzImport(f *testing.F) {
	for _, s := range []string{`{"serial":"9","type":"totp","secret":"` + secret + `"}`, `{"pskc":"<KeyContainer/>","serial":"1"}`, `null`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		change, err := importOne(raw)
		if err != nil {
			return
		}
		var tok token
		if json.Unmarshal(change.Data, &tok) != nil || tok.check() != nil || change.Handle == "" || change.Label == "" || len(change.Label) > sdk.MaxLabel || len(change.Handle) > sdk.MaxHandle {
			t.Fatalf("%q: %+v", raw, change)
		}
	})
}
