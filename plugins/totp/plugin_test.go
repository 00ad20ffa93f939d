package totp

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/varco-id/varco/plugins/sdk"
)

func TestDescription(t *testing.T) {
	t.Parallel()
	b := newBench(t, `{}`)
	if err := b.desc.Validate(); err != nil {
		t.Fatal(err)
	}
	again, err := New().Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := json.Marshal(b.desc)
	two, err2 := json.Marshal(again)
	if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
		t.Error("the description differs from call to call")
	}
}

// Every key that the program names has a text in every language, and every text is named.
func TestTexts(t *testing.T) {
	t.Parallel()
	texts := sdk.Texts(textFiles)
	used := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`"((?:method|login|enrol|field|label|error)\.[a-z_.]+)"`)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(raw), -1) {
			used[m[1]] = true
		}
	}
	for _, locale := range []string{"en", "it"} {
		for k := range used {
			if texts[locale][k] == "" {
				t.Errorf("%s: no text for %q", locale, k)
			}
		}
		for k := range texts[locale] {
			if !used[k] {
				t.Errorf("%s: nobody uses %q", locale, k)
			}
		}
	}
	holes := regexp.MustCompile(`\{[a-z]+\}`)
	for k, en := range texts["en"] {
		if a, b := len(holes.FindAllString(en, -1)), len(holes.FindAllString(texts["it"][k], -1)); a != b {
			t.Errorf("%q has %d parameters in English and %d in Italian", k, a, b)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	schema := compile(t)
	for _, c := range []struct{ json, pointer string }{
		{``, "-"}, {`{}`, "-"},
		{`{"issuer":"Banca Demo","algorithm":"SHA512","digits":8,"period":60,"skew":1,"remember_drift":true}`, "-"},
		{`{"skew":2}`, "-"}, {`{"skew":0,"period":60}`, "-"},
		{`{"issuer":"Banca: Demo"}`, "/issuer"}, {`{"issuer":"Banca con un nome di oltre trentadue lettere"}`, "/issuer"},
		{`{"algorithm":"MD5"}`, "/algorithm"}, {`{"algorithm":"sha1"}`, "/algorithm"},
		{`{"digits":7}`, "/digits"}, {`{"digits":"6"}`, "/digits"},
		{`{"period":1}`, "/period"}, {`{"period":0}`, "/period"},
		{`{"skew":3}`, "/skew"}, {`{"skew":-1}`, "/skew"},
		{`{"isuer":"x"}`, "/isuer"},
		{`[]`, ""}, {`{} {}`, ""}, {`{`, ""},
	} {
		problems, err := New().ValidateConfig(context.Background(), sdk.Configuration{JSON: []byte(c.json)})
		if err != nil {
			t.Fatal(err)
		}
		if c.pointer == "-" {
			if len(problems) > 0 {
				t.Errorf("%s: %+v", c.json, problems)
			}
			if c.json != "" && schema.Validate(decoded(t, c.json)) != nil {
				t.Errorf("%s: the schema refuses what the plugin takes", c.json)
			}
			continue
		}
		if len(problems) != 1 || problems[0].Pointer != c.pointer || problems[0].Message == "" {
			t.Errorf("%s: %+v, want one problem at %q", c.json, problems, c.pointer)
		}
		if json.Valid([]byte(c.json)) && schema.Validate(decoded(t, c.json)) == nil {
			t.Errorf("%s: the schema takes what the plugin refuses", c.json)
		}
		if New().Configure(context.Background(), sdk.Configuration{InstanceID: "i", JSON: []byte(c.json)}) == nil {
			t.Errorf("%s: was put in force", c.json)
		}
	}
}

// What no schema can say.
func TestConfigBeyondTheSchema(t *testing.T) {
	t.Parallel()
	for config, pointer := range map[string]string{
		`{"skew":2,"period":60}`: "/skew",
	} {
		problems, err := New().ValidateConfig(context.Background(), sdk.Configuration{JSON: []byte(config)})
		if err != nil || len(problems) != 1 || problems[0].Pointer != pointer {
			t.Errorf("%s: %+v, %v", config, problems, err)
		}
	}
}

// The defaults that the schema shows are those that the program takes.
func TestSchemaDefaults(t *testing.T) {
	t.Parallel()
	var schema struct {
		Properties map[string]struct{ Default any }
	}
	if err := json.Unmarshal(configSchema, &schema); err != nil {
		t.Fatal(err)
	}
	config, problems := parseConfig(nil)
	raw, err := json.Marshal(config)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	have := decoded(t, string(raw)).(map[string]any)
	for name, p := range schema.Properties {
		if p.Default != nil && !equalJSON(t, p.Default, have[name]) {
			t.Errorf("%s: the schema says %v, the program %v", name, p.Default, have[name])
		}
	}
}

func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err1 := json.Marshal(a)
	two, err2 := json.Marshal(b)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return bytes.Equal(one, two)
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(configSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decoded(t *testing.T, s string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
