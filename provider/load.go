package provider

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxConfig is the most bytes of a configuration file.
const maxConfig = 1 << 20

// source is what a Config remembers of where it came from.
type source struct {
	path    string            // of the file; empty when there was none
	dir     string            // of the file; relative paths start here
	where   map[string]string // dotted key → where it was written
	clear   map[string]bool   // keys written in the file itself rather than the environment
	environ map[string]string
}

// Load reads the configuration from a file and the environment (of the form of os.Environ), fills in defaults and checks all
// of it. An empty path reads the environment alone. What is wrong comes back as Mistakes.
func Load(path string, environ []string) (*Config, error) {
	var data []byte
	if path != "" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		defer f.Close()
		if data, err = io.ReadAll(io.LimitReader(f, maxConfig+1)); err != nil {
			return nil, fmt.Errorf("the configuration cannot be read: %w", err)
		}
	}
	return Parse(path, data, environ)
}

// Parse is Load for a file already read; path names it in mistakes and is where relative paths start.
func Parse(path string, data []byte, environ []string) (*Config, error) {
	if len(data) > maxConfig {
		return nil, Mistakes{{Where: path, Problem: "the configuration is larger than 1 MiB"}}
	}
	d := &decoder{file: filepath.Base(path), origin: map[*yaml.Node]string{}, where: map[string]string{}}
	root, err := document(d.file, data)
	if err != nil {
		return nil, err
	}
	d.overlay(root, environ)
	c := Defaults()
	d.decode(root, reflect.ValueOf(c).Elem(), "")
	c.source = source{path: path, dir: ".", where: d.where, environ: variables(environ), clear: map[string]bool{}}
	if path != "" {
		c.source.dir = filepath.Dir(path)
	}
	for key, where := range d.where {
		c.source.clear[key] = strings.HasPrefix(where, d.file+":")
	}
	mistakes := d.mistakes
	if len(mistakes) == 0 { // a value that was not read is its default here: checking it would accuse the wrong thing
		mistakes = c.Check()
	}
	return c, mistakes.orNil()
}

// document returns the one mapping of a YAML file; an empty file is an empty mapping.
func document(file string, data []byte) (*yaml.Node, error) {
	empty := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return empty, nil
	case err != nil:
		return nil, syntax(file, err)
	}
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, Mistakes{{Where: file, Problem: "the file holds more than one document", Hint: "remove what follows the line ---"}}
	}
	if len(doc.Content) != 1 || doc.Content[0].ShortTag() == "!!null" {
		return empty, nil
	}
	return doc.Content[0], nil
}

var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax turns the YAML library's error into a Mistake.
func syntax(file string, err error) error {
	where, text := file, err.Error()
	if m := syntaxLine.FindStringSubmatch(text); m != nil {
		text = strings.TrimPrefix(text, m[0])
		if m[1] != "" {
			where += ":" + m[1]
		}
	}
	return Mistakes{{Where: where, Problem: "this is not YAML: " + text,
		Hint: "look at the indentation (spaces, no tabs), the colons and the quotes at this line and the one before"}}
}

func variables(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		m[name] = value
	}
	return m
}

// Path resolves a path of the configuration: relative ones start at the file's folder.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.source.dir, p)
}

// ParseClients reads registrations for `varco client apply`: YAML or JSON with the key "clients", as in the configuration
// but without secrets, which the server makes.
func ParseClients(path string, data []byte) ([]RelyingParty, error) {
	d := &decoder{file: filepath.Base(path), origin: map[*yaml.Node]string{}, where: map[string]string{}}
	root, err := document(d.file, data)
	if err != nil {
		return nil, err
	}
	var file struct {
		Clients []RelyingParty `json:"clients"`
	}
	d.decode(root, reflect.ValueOf(&file).Elem(), "")
	if len(d.mistakes) == 0 && len(file.Clients) == 0 {
		return nil, Mistakes{{Where: d.file, Key: "clients", Problem: "there is no relying party", Hint: "write clients: [{client_id: …}]"}}
	}
	return file.Clients, d.mistakes.orNil()
}
