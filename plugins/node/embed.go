// Package node holds the npm package @varco/plugin for people who write plugins in JavaScript or TypeScript. README.md is
// theirs; to Go it is a set of files, which `varco plugin new --lang node` puts beside the skeleton it writes: so an
// author needs no registry and no checkout, and the helper fits the contract of the program it came from.
//
// This package owns the helper. It does not own the contract, whose .proto files are copied here by
// plugins/sdk/varcopb/generate.sh.
package node

import "embed"

// Files are those of the npm package that an author needs: without its tests.
//
//go:embed package.json README.md *.js *.d.ts lib proto
var Files embed.FS

// Lock pins what the package needs from npm, by digest.
//
//go:embed package-lock.json
var Lock []byte
