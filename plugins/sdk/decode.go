package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// DecodeConfig reads JSON strictly into *into, a struct that holds the defaults: members that raw leaves out keep them, and nothing at
// all (or white space) is an empty object. A member nobody knows is a problem, as is one written with other capitals or with a value of
// another type: a setting that is silently ignored is one that the operator believes in. *into may be changed in part when there are
// problems. No problem quotes a value, which may be a secret.
//
//	config := Config{Digits: 6}
//	if problems := sdk.DecodeConfig(raw, &config); len(problems) > 0 {
//		return problems
//	}
func DecodeConfig(raw []byte, into any) []Problem {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	var found any
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&found); err != nil {
		return []Problem{{Message: "give a JSON object: this is not JSON"}}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return []Problem{{Message: "give one JSON object: there is more after it"}}
	}
	if _, ok := found.(map[string]any); !ok {
		return []Problem{{Message: "give a JSON object"}}
	}
	if problems := unknownMembers(found, reflect.TypeOf(into), ""); len(problems) > 0 {
		return problems
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return []Problem{typeProblem(err, reflect.TypeOf(into))}
	}
	return nil
}

func typeProblem(err error, t reflect.Type) Problem {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return Problem{Message: err.Error()} // of a type's own UnmarshalJSON
	}
	value, _, _ := strings.Cut(wrong.Value, " ") // "number 3.5" quotes the value
	return Problem{Pointer: pointerTo(wrong.Field, t), Message: fmt.Sprintf("give %s instead of %s", jsonName(wrong.Type), value)}
}

// pointerTo turns the path of an error of encoding/json into a pointer. The path names embedded structs too, which JSON does not have.
func pointerTo(path string, t reflect.Type) (pointer string) {
	for part := range strings.SplitSeq(path, ".") {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() == reflect.Struct {
			member, ok := members(t)[part]
			if !ok {
				continue
			}
			t = member
		}
		pointer += "/" + part
	}
	return pointer
}

// jsonName says in JSON's words what a Go type takes.
func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number from 0"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}

// unknownMembers lists what has no place in t, in the order of their pointers (RFC 6901).
func unknownMembers(v any, t reflect.Type, pointer string) (found []Problem) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			switch t.Kind() {
			case reflect.Struct:
				member, ok := members(t)[name]
				if !ok {
					found = append(found, Problem{Pointer: at, Message: "there is no such setting"})
					continue
				}
				found = append(found, unknownMembers(v[name], member, at)...)
			case reflect.Map:
				found = append(found, unknownMembers(v[name], t.Elem(), at)...)
			}
		}
	case []any:
		if t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
			for i, e := range v {
				found = append(found, unknownMembers(e, t.Elem(), pointer+"/"+strconv.Itoa(i))...)
			}
		}
	}
	return found
}

// members are the JSON members of a struct; those of one that is embedded without a name are its own, as for encoding/json.
func members(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range t.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tag == "-":
		case f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct:
			maps.Copy(out, members(f.Type))
		case !f.IsExported():
		case tag != "":
			out[tag] = f.Type
		default:
			out[f.Name] = f.Type
		}
	}
	return out
}
