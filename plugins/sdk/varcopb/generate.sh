#!/bin/sh
# Generates the Go code of the wire contract. Needs Go, protoc and the well-known types
# (Debian: protobuf-compiler, libprotobuf-dev), and Node.js with npm for the types of the Node.js package.
# The versions are exact, so that everybody generates the same bytes.
set -eu
cd "$(dirname "$0")"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN="$bin" go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN="$bin" go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.1
module=github.com/varco-id/varco/plugins/sdk/varcopb
PATH="$bin:$PATH" protoc --proto_path=. \
  --go_out=. --go_opt=module=$module \
  --go-grpc_out=. --go-grpc_opt=module=$module \
  varco/plugin/v1/*.proto
# The reference page is the files' comments; by the digest a test sees that it is up to date.
protoc --proto_path=. --include_imports --include_source_info --descriptor_set_out="$bin/contract.binpb" varco/plugin/v1/*.proto
go run ./internal/contractpage "$(cat varco/plugin/v1/*.proto | sha256sum | cut -d' ' -f1)" <"$bin/contract.binpb" >"$bin/contract.md"
cp "$bin/contract.md" ../../../docs/plugins/contract.md
# The Node.js package reads the same files at run time.
cp varco/plugin/v1/*.proto ../../node/proto/varco/plugin/v1/
[ -d ../../node/node_modules ] || npm --prefix ../../node ci --ignore-scripts
node ../../node/tools/types.js
# What is new is recorded as part of the contract from now on; what is gone or different fails.
go test -run TestOnlyAdditions . -update
