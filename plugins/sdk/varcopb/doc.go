// Package varcopb is the wire contract between the Varco host and its plugins: the proto package varco.plugin.v1 and
// the Go code generated from it. A plugin in Go never needs it (package sdk has plain structs); a plugin in another
// language generates its own code from the .proto files below varco/plugin/v1.
//
// The proto package, the major version of the contract and go-plugin's application protocol version are one number.
// Inside a major version there are only additions: no field changes its number, type or meaning.
//
// This package owns the wire format; it does not own the Go types plugin authors see, nor what the host checks.
package varcopb

//go:generate ./generate.sh
