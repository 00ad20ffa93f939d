package provider

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// envPrefix begins the name of every environment variable that overrides the file: VARCO_DATABASE__MAX_CONNS is
// database.max_conns. Two underscores separate the levels.
const envPrefix = "VARCO_"

// notOurs are variables that begin alike and mean something else: the file's own path (read by the command line), and
// those Kubernetes injects into every container beside a Service called "varco".
var notOurs = regexp.MustCompile(`^VARCO_(CONFIG$|(.*_)?(SERVICE_(HOST|PORT)|PORT)(_|$))`)

// overlay writes the variables into the tree as if they stood in the file, so that they pass the same checks. An empty
// variable counts as absent. A value is taken as it is where a text or a duration is wanted, split at commas for a list of texts, read as YAML otherwise.
func (d *decoder) overlay(root *yaml.Node, environ []string) {
	slices.Sort(environ)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || notOurs.MatchString(name) || value == "" {
			continue
		}
		d.override(root, name, value)
	}
}

func (d *decoder) override(root *yaml.Node, name, value string) {
	origin := "environment variable " + name
	at, t, key := root, reflect.TypeFor[Config](), ""
	for _, segment := range strings.Split(strings.ToLower(strings.TrimPrefix(name, envPrefix)), "__") {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		var ok bool
		if segment, t, ok = child(at, t, segment); !ok {
			if at == root && !strings.Contains(name, "__") && nearest(segment, keysOf(t)) == "" {
				return // it only begins alike, and belongs to somebody else
			}
			d.mistakes = append(d.mistakes, Mistake{Where: origin, Key: join(key, segment), Problem: "there is no such key",
				Hint: suggestion(segment, keysOf(t))})
			return
		}
		key = join(key, segment)
		at = d.descend(at, segment, origin)
	}
	d.fill(at, t, value, origin)
}

// child returns the real name and the type of a segment under a value of type t.
func child(at *yaml.Node, t reflect.Type, segment string) (string, reflect.Type, bool) {
	switch t.Kind() {
	case reflect.Struct:
		if index, ok := fieldsOf(t)[segment]; ok {
			return segment, t.FieldByIndex(index).Type, true
		}
	case reflect.Map:
		// Names of instances are written in lower case, with hyphens that a variable's name cannot have.
		for i := 0; i+1 < len(at.Content); i += 2 {
			if strings.EqualFold(strings.ReplaceAll(at.Content[i].Value, "-", "_"), segment) {
				return at.Content[i].Value, t.Elem(), true
			}
		}
		return segment, t.Elem(), segment != ""
	case reflect.Interface: // free form: any key
		return segment, t, segment != ""
	}
	return segment, t, false
}

func keysOf(t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for name := range fieldsOf(t) {
		names = append(names, name)
	}
	return names
}

// descend returns the value of a key, making the mapping and the key where they are missing.
func (d *decoder) descend(at *yaml.Node, key, origin string) *yaml.Node {
	if at.Kind != yaml.MappingNode {
		*at = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		d.origin[at] = origin
	}
	for i := 0; i+1 < len(at.Content); i += 2 {
		if at.Content[i].Value == key {
			return at.Content[i+1]
		}
	}
	k, v := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	d.origin[k], d.origin[v] = origin, origin
	at.Content = append(at.Content, k, v)
	return v
}

// fill writes the value of a variable into a node.
func (d *decoder) fill(at *yaml.Node, t reflect.Type, value, origin string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	text := func(s string) yaml.Node { return yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
	trimmed := strings.TrimSpace(value)
	switch {
	case t.Kind() == reflect.String || t == reflect.TypeFor[Duration]():
		*at = text(value)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && !strings.HasPrefix(trimmed, "["):
		*at = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for item := range strings.SplitSeq(trimmed, ",") {
			if item = strings.TrimSpace(item); item != "" {
				n := text(item)
				at.Content = append(at.Content, &n)
			}
		}
	default:
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(value), &doc); err != nil || len(doc.Content) != 1 {
			d.mistakes = append(d.mistakes, Mistake{Where: origin, Problem: "the value cannot be read as YAML"})
			return
		}
		*at = *doc.Content[0]
	}
	d.mark(at, origin)
}

// mark says that a node and what is under it came from origin.
func (d *decoder) mark(n *yaml.Node, origin string) {
	d.origin[n] = origin
	for _, c := range n.Content {
		d.mark(c, origin)
	}
}
