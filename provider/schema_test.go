package provider

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the generated files anew")

// TestGenerated: what is made from the Go types is up to date.
func TestGenerated(t *testing.T) {
	schema := makeSchema(t)
	for path, want := range map[string][]byte{
		"config.schema.json":       schema,
		"../docs/configuration.md": makeReference(t, schema),
	} {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run `go generate ./provider`", path)
		}
	}
}

// makeSchema reflects the configuration: comments are descriptions, defaults come from Defaults.
func makeSchema(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{
		Anonymous: true, RequiredFromJSONSchemaTags: true, ExpandedStruct: true,
		Mapper: func(typ reflect.Type) *jsonschema.Schema {
			switch typ {
			case reflect.TypeFor[Duration]():
				return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`}
			case reflect.TypeFor[json.RawMessage]():
				return &jsonschema.Schema{Type: "object"}
			}
			return nil
		},
	}
	for _, dir := range []string{".", "internal/policy", "internal/relyingparty"} {
		if err := r.AddGoComments("github.com/varco-id/varco/provider", dir, jsonschema.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	for k, text := range r.CommentMap {
		text = strings.Join(strings.Fields(text), " ")
		if rest, ok := strings.CutPrefix(text, k[strings.LastIndex(k, ".")+1:]+" "); ok {
			text = "This " + rest // a Go comment begins with the Go name, which is not the key's
		}
		r.CommentMap[k] = text
	}
	s := r.Reflect(&Config{})
	s.Title = "Varco configuration"
	raw, err := json.Marshal(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	var defaults map[string]any
	if err := json.Unmarshal(raw, &defaults); err != nil {
		t.Fatal(err)
	}
	setDefaults(s, s, defaults)
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// setDefaults writes the default values where the schema describes them.
func setDefaults(root, s *jsonschema.Schema, defaults map[string]any) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		value, ok := defaults[p.Key]
		group, isGroup := value.(map[string]any)
		definition := root.Definitions[strings.TrimPrefix(p.Value.Ref, "#/$defs/")]
		switch {
		case !ok || value == "" || value == false || value == float64(0):
		case isGroup && definition != nil && p.Key != "policy":
			setDefaults(root, definition, group)
		default:
			p.Value.Default = readable(value)
		}
	}
}

// readable writes durations as people do.
func readable(v any) any {
	if s, ok := v.(string); ok {
		var d Duration
		if json.Unmarshal([]byte(fmt.Sprintf("%q", s)), &d) == nil && s != "" {
			return short(time.Duration(d))
		}
	}
	return v
}

// reference walks the schema into one table a group.
type reference struct {
	root map[string]any
	out  bytes.Buffer
}

func makeReference(t *testing.T, schema []byte) []byte {
	t.Helper()
	var r reference
	if err := json.Unmarshal(schema, &r.root); err != nil {
		t.Fatal(err)
	}
	order := keysInOrder(t, schema)
	fmt.Fprintf(&r.out, `# Configuration

<!-- Made from the Go types by "go generate ./provider": change the comments there. -->

%s

An unknown key, a value of the wrong kind and a reference to nothing stop the start with file, line, key and hint; all
mistakes are told at once. `+"`varco config check`"+` looks without starting, `+"`varco config example`"+` prints a file to begin with,
`+"`varco config schema`"+` the JSON Schema for editors.

Every key can be set by an environment variable, which wins over the file: `+"`VARCO_`"+`, then the key in capitals with two
underscores between the levels. `+"`VARCO_DATABASE__MAX_CONNS=50`"+` is `+"`database.max_conns`"+`. An empty variable counts
as absent; a list of texts is written with commas, anything longer as YAML. Secrets stand in files or variables of their own, never in the file: a password in clear
text is refused outside development.

`, r.root["description"])
	r.group("", r.root, order)
	return r.out.Bytes()
}

func (r *reference) resolve(s map[string]any) map[string]any {
	if ref, ok := s["$ref"].(string); ok {
		return r.root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	return s
}

func (r *reference) group(path string, s map[string]any, order []string) {
	properties := s["properties"].(map[string]any)
	names := make([]string, 0, len(properties))
	for n := range properties {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	fmt.Fprintf(&r.out, "| key | value | default | |\n|---|---|---|---|\n")
	type sub struct {
		path, text string
		schema     map[string]any
	}
	var below []sub
	required, _ := s["required"].([]any)
	for _, n := range names {
		p := properties[n].(map[string]any)
		kind, inner, suffix := r.kind(p)
		text, _ := p["description"].(string)
		if text == "" && inner != nil {
			text, _ = inner["description"].(string)
		}
		if inner != nil {
			below = append(below, sub{strings.TrimPrefix(path+"."+n, ".") + suffix, text, inner})
		}
		byDefault := ""
		if d, ok := p["default"]; ok {
			raw, _ := yaml.Marshal(d)
			if byDefault = strings.TrimSpace(string(raw)); strings.Contains(byDefault, "\n") {
				compact, _ := json.Marshal(d)
				byDefault = string(compact)
			}
			byDefault = "`" + byDefault + "`"
		}
		if slices.Contains(required, any(n)) {
			byDefault = "required"
		}
		fmt.Fprintf(&r.out, "| `%s` | %s | %s | %s |\n", n, kind, byDefault, strings.ReplaceAll(text, "|", "\\|"))
	}
	for _, b := range below {
		fmt.Fprintf(&r.out, "\n## %s\n\n%s\n\n", b.path, b.text)
		r.group(b.path, b.schema, order)
	}
}

// kind names the kind of value, and the group of keys in it with what to write after its key.
func (r *reference) kind(p map[string]any) (kind string, inner map[string]any, suffix string) {
	s := r.resolve(p)
	switch s["type"] {
	case "array":
		kind, inner, suffix = r.kind(s["items"].(map[string]any))
		return "list of " + kind, inner, "[]" + suffix
	case "object":
		if _, ok := s["properties"]; ok {
			return "group", s, ""
		}
		if values, ok := s["additionalProperties"].(map[string]any); ok {
			kind, inner, suffix = r.kind(values)
			return "name → " + kind, inner, ".NAME" + suffix
		}
		return "any", nil, ""
	case "string":
		if enum, ok := s["enum"].([]any); ok {
			return strings.Trim(fmt.Sprint(enum), "[]"), nil, ""
		}
		if pattern, _ := s["pattern"].(string); strings.Contains(pattern, "|ms|") {
			return "duration", nil, ""
		}
		return "text", nil, ""
	case "integer":
		return "number", nil, ""
	case "boolean":
		return "true, false", nil, ""
	}
	return "any", nil, ""
}

// keysInOrder returns the keys of a JSON text as they first come, which is the order of the Go fields.
func keysInOrder(t *testing.T, raw []byte) []string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var keys []string
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 {
				keys = append(keys, c.Value)
			}
			walk(c)
		}
	}
	walk(&doc)
	return keys
}

// TestExample: the example is good, and the schema agrees with the loader about it.
func TestExample(t *testing.T) {
	t.Parallel()
	if _, err := Parse("example.yaml", Example(), nil); err != nil {
		t.Errorf("the example has mistakes:\n%v", err)
	}
	compiled := compileSchema(t)
	for name, tc := range map[string]struct {
		yaml string
		ok   bool
	}{
		"example":     {string(Example()), true},
		"minimal":     {minimal, true},
		"unknown key": {minimal + "isuer: x\n", false},
		"wrong kind":  {minimal + "database: {max_conns: many}\n", false},
		"duration":    {minimal + "session: {inactivity: 5m, absolute: 1h30m}\n", true},
		"no unit":     {minimal + "session: {inactivity: '5'}\n", false},
		"no issuer":   {"listen: :1\n", false},
	} {
		var v any
		if err := yaml.Unmarshal([]byte(tc.yaml), &v); err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(v); (err == nil) != tc.ok {
			t.Errorf("%s: the schema says %v", name, err)
		}
	}
}

func compileSchema(t *testing.T) *validator.Schema {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
