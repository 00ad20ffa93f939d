package provider

import _ "embed"

// The two files are made from the comments and tags of the Go types; a test says when they are out of date.
//
//go:generate go test -run TestGenerated -update .

//go:embed config.schema.json
var configSchema []byte

//go:embed example.yaml
var configExample []byte

// Schema returns the JSON Schema (2020-12) of the configuration, for editors.
func Schema() []byte { return configSchema }

// Example returns a configuration to begin with.
func Example() []byte { return configExample }
