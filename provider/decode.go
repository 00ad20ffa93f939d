package provider

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds values of free form (a plugin's configuration): nothing sensible nests deeper.
const maxDepth = 32

// decoder reads a YAML tree into a struct by its json tags. Unlike the YAML library's it goes on after a mistake, knows
// where each value stands, and takes nothing for something else: no "yes" for true, no number for a text.
type decoder struct {
	file     string
	origin   map[*yaml.Node]string // nodes that came from the environment
	where    map[string]string     // dotted key → where it was written
	mistakes Mistakes
}

// place says where a node was written.
func (d *decoder) place(n *yaml.Node) string {
	if o := d.origin[n]; o != "" {
		return o
	}
	return fmt.Sprintf("%s:%d:%d", d.file, n.Line, n.Column)
}

func (d *decoder) mistake(n *yaml.Node, key, problem, hint string) {
	d.mistakes = append(d.mistakes, Mistake{Where: d.place(n), Key: key, Problem: problem, Hint: hint})
}

// decode reads n into v, which stands at the dotted key. An empty value ("tls:") leaves the default.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, key string) {
	d.where[key] = d.place(n)
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		// A few lines of nested aliases expand to gigabytes; and a reviewer must see the value where it counts.
		d.mistake(n, key, "anchors and aliases are not read", "write the value out")
		return
	}
	if n.ShortTag() == "!!null" {
		return
	}
	switch target := v.Addr().Interface().(type) {
	case *Duration:
		d.duration(n, target, key)
		return
	case *json.RawMessage:
		if x, ok := d.free(n, key, 0); ok {
			*target, _ = json.Marshal(x) // free makes only what JSON has
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		d.decode(n, fresh.Elem(), key)
		v.Set(fresh)
	case reflect.Struct:
		d.object(n, v, key)
	case reflect.Map:
		d.mapping(n, v, key)
	case reflect.Slice:
		d.list(n, v, key)
	case reflect.Interface:
		if x, ok := d.free(n, key, 0); ok && x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		d.scalar(n, v, key)
	}
}

func (d *decoder) is(n *yaml.Node, kind yaml.Kind, key, want string) bool {
	if n.Kind == kind {
		return true
	}
	d.mistake(n, key, "this must be "+want+", not "+kindName(n), "")
	return false
}

func (d *decoder) object(n *yaml.Node, v reflect.Value, key string) {
	if !d.is(n, yaml.MappingNode, key, "a group of keys") {
		return
	}
	if v.Type() == reflect.TypeFor[Policy]() {
		v.SetZero() // half an own policy over half of the default one would be nobody's intention
	}
	fields := fieldsOf(v.Type())
	d.pairs(n, key, func(k *yaml.Node, value *yaml.Node) {
		index, ok := fields[k.Value]
		if !ok {
			d.unknown(k, key, fields)
			return
		}
		d.decode(value, v.FieldByIndex(index), join(key, k.Value))
	})
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, key string) {
	if !d.is(n, yaml.MappingNode, key, "a group of keys") {
		return
	}
	v.Set(reflect.MakeMap(v.Type())) // what is written replaces the default as a whole
	d.pairs(n, key, func(k *yaml.Node, value *yaml.Node) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, item, join(key, k.Value))
		v.SetMapIndex(reflect.ValueOf(k.Value), item)
	})
}

// pairs visits the keys of a mapping once each.
func (d *decoder) pairs(n *yaml.Node, key string, visit func(k, value *yaml.Node)) {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Value == "" {
			d.mistake(k, key, "a key must be a plain word", "")
			continue
		}
		if first := seen[k.Value]; first != nil {
			d.mistake(k, join(key, k.Value), "this key is written twice", "the first is at "+d.place(first))
			continue
		}
		seen[k.Value] = k
		visit(k, n.Content[i+1])
	}
}

func (d *decoder) unknown(k *yaml.Node, key string, fields map[string][]int) {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	d.mistake(k, join(key, k.Value), "there is no such key", suggestion(k.Value, names))
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, key string) {
	if !d.is(n, yaml.SequenceNode, key, "a list") {
		return
	}
	items := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.decode(item, items.Index(i), fmt.Sprintf("%s[%d]", key, i))
	}
	v.Set(items)
}

func (d *decoder) duration(n *yaml.Node, target *Duration, key string) {
	if !d.is(n, yaml.ScalarNode, key, "a duration like 5m") {
		return
	}
	switch v, err := time.ParseDuration(n.Value); {
	case err != nil:
		d.mistake(n, key, strconv.Quote(n.Value)+" is not a duration", "write it like 30s, 5m or 8h")
	case v < 0:
		d.mistake(n, key, "a duration cannot be negative", "")
	default:
		*target = Duration(v)
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, key string) {
	tag := n.ShortTag()
	switch v.Kind() {
	case reflect.String:
		if !d.is(n, yaml.ScalarNode, key, "a text") {
			return
		}
		if tag != "!!str" {
			d.mistake(n, key, "this must be a text, and "+n.Value+" reads as "+kindName(n), `write it in quotes: "`+n.Value+`"`)
			return
		}
		v.SetString(n.Value)
	case reflect.Bool:
		if tag != "!!bool" {
			d.mistake(n, key, "this must be true or false, not "+kindName(n), "")
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, v.Type().Bits())
		if n.Kind != yaml.ScalarNode || tag != "!!int" || err != nil {
			d.mistake(n, key, "this must be a whole number, not "+kindName(n), "")
			return
		}
		v.SetInt(i)
	default:
		panic("provider: the configuration has a field of a kind that cannot be read: " + v.Type().String())
	}
}

// free reads a value whose form somebody else knows: only what JSON has.
func (d *decoder) free(n *yaml.Node, key string, depth int) (any, bool) {
	if depth > maxDepth {
		d.mistake(n, key, "this nests too deep", "")
		return nil, false
	}
	ok := true
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.mistake(n, key, "anchors and aliases are not read", "write the value out")
		return nil, false
	case n.Kind == yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		d.pairs(n, key, func(k, value *yaml.Node) {
			at := join(key, k.Value)
			d.where[at] = d.place(value)
			x, good := d.free(value, at, depth+1)
			m[k.Value], ok = x, ok && good
		})
		return m, ok
	case n.Kind == yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, item := range n.Content {
			at := fmt.Sprintf("%s[%d]", key, i)
			d.where[at] = d.place(item)
			x, good := d.free(item, at, depth+1)
			l[i], ok = x, ok && good
		}
		return l, ok
	}
	switch n.ShortTag() {
	case "!!null":
		return nil, true
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), true
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i, true
		}
	case "!!float":
		// ParseFloat reads "inf" and "nan" too, which JSON has not; YAML writes those with a dot.
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && !strings.ContainsAny(n.Value, "nN") {
			return f, true
		}
	case "!!str":
		return n.Value, true
	}
	d.mistake(n, key, n.Value+" reads as "+kindName(n), "write it in quotes if it is a text")
	return nil, false
}

// kindName names what a value is, for people.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a group of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "a text"
	}
	return "something else"
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
