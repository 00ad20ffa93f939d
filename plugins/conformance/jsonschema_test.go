package conformance

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// judge says what a complete validator makes of a schema and an instance.
func judge(schema, instance string) (validSchema, validInstance bool) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(schema)))
	if err != nil {
		return false, false
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if c.AddResource("mem:schema", document) != nil {
		return false, false
	}
	compiled, err := c.Compile("mem:schema")
	if err != nil {
		return false, false
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(instance)))
	return true, err == nil && compiled.Validate(value) == nil
}

// The kit's own reading of JSON Schema says what a complete validator says.
func TestSchemaAgreesWithAValidator(t *testing.T) {
	t.Parallel()
	instances := []string{`{}`, `[]`, `null`, `true`, `0`, `1`, `1.0`, `-1`, `1.5`, `10`, `""`, `"a"`, `"abc"`, `"é€"`, `{"a":1}`, `{"a":"x"}`, `{"b":1}`,
		`{"a":1,"b":2}`, `[1]`, `[1,1]`, `[1,"a"]`, `["a","b","c"]`, `{"a":{"a":1}}`, `{"x-1":true}`}
	for _, schema := range []string{
		`{}`, `true`, `false`, `[]`, `{"type":"object"}`, `{"type":"objekt"}`, `{"type":["string","null"]}`, `{"type":[]}`, `{"type":"number"}`, `{"type":"integer"}`,
		`{"enum":[1,"a",null]}`, `{"const":1}`, `{"minimum":1}`, `{"minimum":"1"}`, `{"maximum":1,"exclusiveMinimum":-1}`, `{"exclusiveMaximum":1}`, `{"multipleOf":0.5}`,
		`{"multipleOf":0}`, `{"minLength":1,"maxLength":2}`, `{"minLength":-1}`, `{"minLength":1.5}`, `{"minLength":"one"}`, `{"pattern":"^a"}`, `{"pattern":"("}`,
		`{"required":["a"]}`, `{"required":["a","a"]}`, `{"required":"a"}`, `{"properties":{"a":{"type":"integer"}}}`, `{"properties":{"a":7}}`, `{"properties":[]}`,
		`{"properties":{"a":true},"additionalProperties":false}`, `{"patternProperties":{"^x-":{"type":"boolean"}},"additionalProperties":{"type":"integer"}}`,
		`{"propertyNames":{"maxLength":1}}`, `{"minProperties":1,"maxProperties":1}`, `{"items":{"type":"integer"}}`, `{"prefixItems":[{"type":"integer"}],"items":false}`,
		`{"uniqueItems":true,"minItems":1,"maxItems":2}`, `{"uniqueItems":1}`, `{"allOf":[{"type":"object"},{"required":["a"]}]}`, `{"allOf":[]}`, `{"anyOf":[{"type":"string"},{"minimum":1}]}`,
		`{"oneOf":[{"type":"integer"},{"minimum":1}]}`, `{"not":{"type":"object"}}`, `{"if":{"type":"string"},"then":{"minLength":2},"else":{"type":"object"}}`,
		`{"$defs":{"n":{"type":"integer"}},"properties":{"a":{"$ref":"#/$defs/n"}}}`, `{"$ref":"#/$defs/none"}`, `{"$ref":"https://bank.test/x"}`,
		`{"properties":{"a":{"$ref":"#"}},"additionalProperties":false}`, `{"writeOnly":"yes"}`, `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"string"}`,
		`{"examples":1}`, `{"dependentRequired":{"a":"b"}}`, `{"title":1}`, `{"x-unknown":1}`, `{`, `{} {}`,
	} {
		ours, err := readSchema([]byte(schema))
		valid, _ := judge(schema, `0`)
		if (err == nil) != valid {
			t.Errorf("schema %s: %v, and a validator says %t", schema, err, valid)
			continue
		}
		if err != nil {
			continue
		}
		for _, instance := range instances {
			_, want := judge(schema, instance)
			if err := ours.validate([]byte(instance)); (err == nil) != want {
				t.Errorf("%s under %s: %v, and a validator says %t", instance, schema, err, want)
			}
		}
	}
}

// No schema and no configuration that a plugin or a script brings can end the kit.
func FuzzSchema(f *testing.F) {
	f.Add(`{"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}}}`, `{"a":{"a":1}}`)
	f.Add(`{"allOf":[{"$ref":"#"}]}`, `1`)
	f.Fuzz(func(t *testing.T, schema, instance string) {
		if s, err := readSchema([]byte(schema)); err == nil {
			_ = s.validate([]byte(instance))
		}
		properties([]byte(schema)).walk("", func(pointer string, p *property) {
			if !validPointer(pointer) {
				t.Errorf("%q", pointer)
			}
			changed([]byte(instance), pointer, func(holder map[string]any, name string) bool { delete(holder, name); return true })
		})
	})
}

func FuzzHandshake(f *testing.F) {
	f.Add("1|1|unix|/tmp/x|grpc|")
	f.Add("1|1|tcp|127.0.0.1:80|grpc|AAAA")
	f.Fuzz(func(t *testing.T, line string) {
		if h, err := parseHandshake(line); err == nil {
			_ = h.checkAddress("/tmp/dir")
		}
	})
}

func FuzzScript(f *testing.F) {
	f.Add("methods: {a: {right: [{inputs: {code: '{{totp}}'}}], lifetime: 5m}}\n")
	f.Fuzz(func(t *testing.T, raw string) {
		s, err := ParseScript([]byte(raw))
		if err != nil {
			return
		}
		_, _ = fillConfig(s.Config, func(string, string) (string, error) { return "x", nil })
	})
}
