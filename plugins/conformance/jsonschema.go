package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// jsonSchema is a JSON Schema (2020-12) whose references stay inside its document. A library would do more, but this
// package is part of the varco binary, which every bundled plugin runs: compiling the meta-schemas costs each of them
// milliseconds and 1.7 MB.
//
// Of an instance it does not check formats, contains, the dependent… and unevaluated… keywords.
type jsonSchema struct {
	document any
	patterns map[string]*regexp.Regexp
}

const draft2020 = "https://json-schema.org/draft/2020-12/schema"

// readSchema reads a schema and checks the shape of every keyword in it.
func readSchema(raw []byte) (*jsonSchema, error) {
	document, err := readJSON(raw)
	if err != nil {
		return nil, err
	}
	s := &jsonSchema{document: document, patterns: map[string]*regexp.Regexp{}}
	return s, s.checkSchema("", document, 0)
}

// readJSON reads one value and keeps numbers as they are written.
func readJSON(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is not JSON: there is more after the value")
	}
	return value, nil
}

const maxDepth = 64

// The keywords by what stands after them.
var (
	schemaKeywords = []string{"items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "not", "if", "then",
		"else", "propertyNames"}
	schemaLists    = []string{"allOf", "anyOf", "oneOf", "prefixItems"}
	schemaMaps     = []string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
	countKeywords  = []string{"maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties", "maxContains", "minContains"}
	numberKeywords = []string{"maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"}
	boolKeywords   = []string{"uniqueItems", "readOnly", "writeOnly", "deprecated"}
	stringKeywords = []string{"$schema", "$id", "$anchor", "$comment", "title", "description", "format", "pattern", "$ref", "contentEncoding", "contentMediaType"}
	jsonTypes      = []string{"null", "boolean", "object", "array", "number", "string", "integer"}
)

// isWhole says whether a number has no fraction.
func isWhole(n json.Number) bool {
	r, ok := new(big.Rat).SetString(string(n))
	return ok && r.IsInt()
}

func (s *jsonSchema) checkSchema(at string, schema any, depth int) error {
	wrong := func(keyword, want string) error {
		return fmt.Errorf("%s/%s: want %s", at, keyword, want)
	}
	if depth > maxDepth {
		return fmt.Errorf("%s: nested too deeply", at)
	}
	if _, ok := schema.(bool); ok {
		return nil
	}
	members, ok := schema.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: a schema is an object or a boolean", cmpOr(at, "the document"))
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := members[name]
		at := at + "/" + escape.Replace(name)
		switch {
		case slices.Contains(schemaKeywords, name):
			if err := s.checkSchema(at, value, depth+1); err != nil {
				return err
			}
		case slices.Contains(schemaLists, name):
			list, ok := value.([]any)
			if !ok || len(list) == 0 {
				return wrong(name, "a list of schemas")
			}
			for i, v := range list {
				if err := s.checkSchema(fmt.Sprintf("%s/%d", at, i), v, depth+1); err != nil {
					return err
				}
			}
		case slices.Contains(schemaMaps, name):
			m, ok := value.(map[string]any)
			if !ok {
				return wrong(name, "an object of schemas")
			}
			for _, key := range slices.Sorted(maps.Keys(m)) {
				if name == "patternProperties" {
					if err := s.compile(key); err != nil {
						return wrong(name, err.Error())
					}
				}
				if err := s.checkSchema(at+"/"+escape.Replace(key), m[key], depth+1); err != nil {
					return err
				}
			}
		default:
			if want := s.keyword(name, value); want != "" {
				return wrong(name, want)
			}
		}
	}
	return nil
}

// keyword says what is wanted after a keyword without subschemas, if something else stands there.
func (s *jsonSchema) keyword(name string, value any) (want string) {
	switch {
	case slices.Contains(countKeywords, name):
		if n, ok := value.(json.Number); !ok || !isWhole(n) || strings.HasPrefix(string(n), "-") {
			return "a whole number, not negative"
		}
	case slices.Contains(numberKeywords, name):
		n, ok := value.(json.Number)
		if r, valid := new(big.Rat).SetString(string(n)); !ok || !valid || name == "multipleOf" && r.Sign() <= 0 {
			return "a number"
		}
	case slices.Contains(boolKeywords, name):
		if _, ok := value.(bool); !ok {
			return "true or false"
		}
	case slices.Contains(stringKeywords, name):
		text, ok := value.(string)
		if !ok {
			return "a string"
		}
		switch name {
		case "$schema":
			if strings.TrimSuffix(text, "#") != draft2020 {
				return draft2020
			}
		case "pattern":
			if err := s.compile(text); err != nil {
				return err.Error()
			}
		case "$ref":
			if _, ok := s.resolve(text); !ok {
				return "a reference (#/$defs/…) inside the document, not " + text
			}
		}
	case name == "type":
		if !validType(value) {
			return "one of " + strings.Join(jsonTypes, ", ") + ", or a list of them"
		}
	case name == "required":
		if !uniqueStrings(value) {
			return "a list of different names"
		}
	case name == "enum":
		if list, ok := value.([]any); !ok || len(list) == 0 {
			return "a list of values"
		}
	case name == "examples":
		if _, ok := value.([]any); !ok {
			return "a list of values"
		}
	case name == "dependentRequired":
		m, ok := value.(map[string]any)
		if !ok {
			return "an object of lists of names"
		}
		for _, list := range m {
			if !uniqueStrings(list) {
				return "an object of lists of names"
			}
		}
	}
	return ""
}

func validType(value any) bool {
	if text, ok := value.(string); ok {
		return slices.Contains(jsonTypes, text)
	}
	list, ok := value.([]any)
	return ok && len(list) > 0 && uniqueStrings(value) && !slices.ContainsFunc(list, func(v any) bool { return !slices.Contains(jsonTypes, v.(string)) })
}

func uniqueStrings(value any) bool {
	list, ok := value.([]any)
	seen := map[string]bool{}
	for _, v := range list {
		text, isText := v.(string)
		if !isText || seen[text] {
			return false
		}
		seen[text] = true
	}
	return ok
}

// compile reads a pattern. JSON Schema means those of ECMA-262; what Go cannot read is taken as matching everything, if
// only its look-around is unknown to Go.
func (s *jsonSchema) compile(text string) error {
	if _, ok := s.patterns[text]; ok {
		return nil
	}
	compiled, err := regexp.Compile(text)
	if err != nil && !strings.Contains(text, "(?") {
		return err
	}
	s.patterns[text] = compiled
	return nil
}

func (s *jsonSchema) matches(text, value string) bool {
	compiled := s.patterns[text]
	return compiled == nil || compiled.MatchString(value)
}

// resolve finds a reference.
func (s *jsonSchema) resolve(ref string) (any, bool) {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok || path != "" && path[0] != '/' {
		return nil, false
	}
	at := s.document
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if path == "" {
			break
		}
		members, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = members[unescape.Replace(name)]; !ok {
			return nil, false
		}
	}
	return at, true
}

// validate says why an instance is not valid.
func (s *jsonSchema) validate(raw []byte) error {
	value, err := readJSON(raw)
	if err != nil {
		return err
	}
	return s.valid("", s.document, value, 0)
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
