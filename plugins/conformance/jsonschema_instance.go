package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// valid holds an instance against a schema that checkSchema has passed.
func (s *jsonSchema) valid(at string, schema, value any, depth int) error {
	if allowed, ok := schema.(bool); ok || depth > maxDepth {
		if ok && allowed {
			return nil
		}
		return fmt.Errorf("%s: nothing is allowed here", cmpOr(at, "the configuration"))
	}
	members, _ := schema.(map[string]any)
	for _, check := range []func(string, map[string]any, any, int) error{s.validRef, s.validType, s.validNumber, s.validString, s.validList, s.validObject, s.validAll} {
		if err := check(at, members, value, depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *jsonSchema) validRef(at string, schema map[string]any, value any, depth int) error {
	ref, ok := schema["$ref"].(string)
	if !ok {
		return nil
	}
	target, _ := s.resolve(ref)
	return s.valid(at, target, value, depth+1)
}

func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		if isWhole(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func (s *jsonSchema) validType(at string, schema map[string]any, value any, _ int) error {
	kind := typeOf(value)
	fits := func(want any) bool { return want == kind || want == "number" && kind == "integer" }
	switch want := schema["type"].(type) {
	case string:
		if !fits(want) {
			return fmt.Errorf("%s: %s, want %s", cmpOr(at, "the configuration"), kind, want)
		}
	case []any:
		if !slices.ContainsFunc(want, fits) {
			return fmt.Errorf("%s: %s, want one of %v", cmpOr(at, "the configuration"), kind, want)
		}
	}
	if list, ok := schema["enum"].([]any); ok && !slices.ContainsFunc(list, func(v any) bool { return equal(v, value) }) {
		return fmt.Errorf("%s: want one of %v", at, list)
	}
	if want, ok := schema["const"]; ok && !equal(want, value) {
		return fmt.Errorf("%s: want %v", at, want)
	}
	return nil
}

// equal compares values of JSON; 1 and 1.0 are the same.
func equal(a, b any) bool {
	x, ok1 := a.(json.Number)
	y, ok2 := b.(json.Number)
	if ok1 && ok2 {
		return rat(x).Cmp(rat(y)) == 0
	}
	return reflect.DeepEqual(a, b)
}

func rat(n json.Number) *big.Rat {
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return new(big.Rat)
	}
	return r
}

func (s *jsonSchema) validNumber(at string, schema map[string]any, value any, _ int) error {
	n, ok := value.(json.Number)
	if !ok {
		return nil
	}
	for name, holds := range map[string]func(int) bool{
		"minimum": func(c int) bool { return c >= 0 }, "maximum": func(c int) bool { return c <= 0 },
		"exclusiveMinimum": func(c int) bool { return c > 0 }, "exclusiveMaximum": func(c int) bool { return c < 0 },
	} {
		if limit, ok := schema[name].(json.Number); ok && !holds(rat(n).Cmp(rat(limit))) {
			return fmt.Errorf("%s: %s, %s is %s", at, n, name, limit)
		}
	}
	if of, ok := schema["multipleOf"].(json.Number); ok && !new(big.Rat).Quo(rat(n), rat(of)).IsInt() {
		return fmt.Errorf("%s: %s is no multiple of %s", at, n, of)
	}
	return nil
}

// within says whether a count keeps two keywords.
func within(schema map[string]any, n int, lowest, highest string) bool {
	count := new(big.Rat).SetInt64(int64(n))
	low, ok := schema[lowest].(json.Number)
	if ok && count.Cmp(rat(low)) < 0 {
		return false
	}
	high, ok := schema[highest].(json.Number)
	return !ok || count.Cmp(rat(high)) <= 0
}

func (s *jsonSchema) validString(at string, schema map[string]any, value any, _ int) error {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	if !within(schema, utf8.RuneCountInString(text), "minLength", "maxLength") {
		return fmt.Errorf("%s: %d characters", at, utf8.RuneCountInString(text))
	}
	if want, ok := schema["pattern"].(string); ok && !s.matches(want, text) {
		return fmt.Errorf("%s: does not match %s", at, want)
	}
	return nil
}

func (s *jsonSchema) validList(at string, schema map[string]any, value any, depth int) error {
	list, ok := value.([]any)
	if !ok {
		return nil
	}
	if !within(schema, len(list), "minItems", "maxItems") {
		return fmt.Errorf("%s: %d items", at, len(list))
	}
	first, _ := schema["prefixItems"].([]any)
	rest, hasRest := schema["items"]
	unique, _ := schema["uniqueItems"].(bool)
	for i, v := range list {
		if unique && slices.ContainsFunc(list[:i], func(other any) bool { return equal(v, other) }) {
			return fmt.Errorf("%s: an item comes twice", at)
		}
		var of any = true
		if i < len(first) {
			of = first[i]
		} else if hasRest {
			of = rest
		}
		if err := s.valid(fmt.Sprintf("%s/%d", at, i), of, v, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *jsonSchema) validObject(at string, schema map[string]any, value any, depth int) error {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	if !within(schema, len(object), "minProperties", "maxProperties") {
		return fmt.Errorf("%s: %d members", at, len(object))
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := object[name.(string)]; !ok {
			return fmt.Errorf("%s/%s is missing", at, name)
		}
	}
	known, _ := schema["properties"].(map[string]any)
	byPattern, _ := schema["patternProperties"].(map[string]any)
	other, hasOther := schema["additionalProperties"]
	names, hasNames := schema["propertyNames"]
	for _, name := range slices.Sorted(maps.Keys(object)) {
		here := at + "/" + escape.Replace(name)
		of, found := known[name]
		if found {
			if err := s.valid(here, of, object[name], depth+1); err != nil {
				return err
			}
		}
		for want, of := range byPattern {
			if s.matches(want, name) {
				found = true
				if err := s.valid(here, of, object[name], depth+1); err != nil {
					return err
				}
			}
		}
		if !found && hasOther {
			if err := s.valid(here, other, object[name], depth+1); err != nil {
				return err
			}
		}
		if hasNames {
			if err := s.valid(here, names, name, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// validAll holds an instance against the schemas that are combined.
func (s *jsonSchema) validAll(at string, schema map[string]any, value any, depth int) error {
	list := func(name string) (failures []string, n int) {
		all, _ := schema[name].([]any)
		for _, of := range all {
			if err := s.valid(at, of, value, depth+1); err != nil {
				failures = append(failures, err.Error())
			}
		}
		return failures, len(all)
	}
	if wrong, _ := list("allOf"); len(wrong) > 0 {
		return fmt.Errorf("%s", wrong[0])
	}
	if wrong, n := list("anyOf"); n > 0 && len(wrong) == n {
		return fmt.Errorf("%s: none of anyOf fits: %s", at, strings.Join(wrong, "; "))
	}
	if wrong, n := list("oneOf"); n > 0 && len(wrong) != n-1 {
		return fmt.Errorf("%s: %d of oneOf fit", at, n-len(wrong))
	}
	if not, ok := schema["not"]; ok && s.valid(at, not, value, depth+1) == nil {
		return fmt.Errorf("%s: not allowed", at)
	}
	if condition, ok := schema["if"]; ok {
		branch := "then"
		if s.valid(at, condition, value, depth+1) != nil {
			branch = "else"
		}
		if of, ok := schema[branch]; ok {
			return s.valid(at, of, value, depth+1)
		}
	}
	return nil
}
