// Package plugintest holds bundled plugins to what every one of them promises of its texts and its configuration. For tests only.
package plugintest

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

// Describe is a plugin's description, checked.
func Describe(t testing.TB, p sdk.Plugin) *sdk.Description {
	t.Helper()
	d, err := p.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	literal = regexp.MustCompile(`"([a-z]+\.[a-z_.]*)"`)
	hole    = regexp.MustCompile(`\{[a-z]+\}`)
)

// Texts checks that English and Italian have the same texts with the same parameters, that each key which the Go files of the folders
// name has a text, and that each text's key is named there: whole, or by its beginning up to a dot, to which the program adds a word.
func Texts(t testing.TB, d *sdk.Description, folders ...string) {
	t.Helper()
	named, beginnings := map[string]bool{}, map[string]bool{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range literal.FindAllStringSubmatch(string(raw), -1) {
				if strings.HasSuffix(m[1], ".") {
					beginnings[m[1]] = true
				} else {
					named[m[1]] = true
				}
			}
		}
	}
	families := map[string]bool{}
	for key := range d.Texts[sdk.English] {
		family, _, _ := strings.Cut(key, ".")
		families[family] = true
		used := named[key]
		for b := range beginnings {
			used = used || strings.HasPrefix(key, b)
		}
		if !used {
			t.Errorf("nobody uses the text %q", key)
		}
	}
	for _, locale := range []string{"en", "it"} {
		for key := range named {
			if family, _, _ := strings.Cut(key, "."); families[family] && d.Texts[locale][key] == "" {
				t.Errorf("%s: no text for %q", locale, key)
			}
		}
	}
	for key, en := range d.Texts["en"] {
		if it := d.Texts["it"][key]; strings.Join(unique(en), " ") != strings.Join(unique(it), " ") {
			t.Errorf("%q has the parameters %v in English and %v in Italian", key, unique(en), unique(it))
		}
	}
	if len(d.Texts["en"]) != len(d.Texts["it"]) {
		t.Errorf("%d English texts, %d Italian", len(d.Texts["en"]), len(d.Texts["it"]))
	}
}

func unique(text string) []string {
	seen := map[string]bool{}
	var out []string
	for _, h := range hole.FindAllString(text, -1) {
		if !seen[h] {
			seen[h], out = true, append(out, h)
		}
	}
	return out
}

// Good is the pointer of a configuration without problems.
const Good = "-"

// Config checks that schema and program agree: of each configuration, on whether it has a problem; pointer is where the program finds it.
func Config(t testing.TB, fresh func() sdk.Plugin, table map[string]string) {
	t.Helper()
	schema := compile(t, Describe(t, fresh()).ConfigSchema)
	for config, pointer := range table {
		p := fresh()
		problems, err := p.ValidateConfig(context.Background(), sdk.Configuration{JSON: []byte(config)})
		if err != nil {
			t.Fatal(err)
		}
		inForce := p.Configure(context.Background(), sdk.Configuration{InstanceID: "i", JSON: []byte(config)}) == nil
		v, notJSON := jsonschema.UnmarshalJSON(strings.NewReader(config))
		takes := notJSON == nil && schema.Validate(v) == nil
		if pointer == Good {
			if len(problems) > 0 || !inForce || !takes && strings.TrimSpace(config) != "" {
				t.Errorf("%s: problems %+v, in force %t, the schema takes it: %t", config, problems, inForce, takes)
			}
			continue
		}
		if len(problems) != 1 || problems[0].Pointer != strings.TrimPrefix(pointer, "program:") || problems[0].Message == "" || inForce {
			t.Errorf("%s: %+v, in force %t; want one problem at %q", config, problems, inForce, pointer)
		}
		if takes != strings.HasPrefix(pointer, "program:") { // what no schema can say
			t.Errorf("%s: the schema takes it: %t", config, takes)
		}
	}
}

// Defaults checks that the defaults a schema shows are those of the program, given as its configuration of nothing.
func Defaults(t testing.TB, rawSchema []byte, config any) {
	t.Helper()
	var schema struct {
		Properties map[string]struct{ Default any }
	}
	if err := json.Unmarshal(rawSchema, &schema); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &have); err != nil {
		t.Fatal(err)
	}
	for name, p := range schema.Properties {
		want, err := json.Marshal(p.Default)
		if err != nil {
			t.Fatal(err)
		}
		if p.Default != nil && !bytes.Equal(want, have[name]) {
			t.Errorf("%s: the schema says %s, the program %s", name, want, have[name])
		}
	}
}

func compile(t testing.TB, raw []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
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
