#!/bin/sh
# Writes the generated code again: provider/internal/store/sqlstore/query from its queries.
# With a folder as argument, writes there instead of into the tree (tools/check.sh compares).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
store="$root/provider/internal/store/sqlstore"
bin="${VARCO_TOOLS:-$root/bin/tools}"

# sqlc parses with PostgreSQL's own parser; without cgo it runs that parser as WebAssembly, and needs no C compiler to build.
if ! [ -x "$bin/sqlc" ] || [ "$root/tools/go.mod" -nt "$bin/sqlc" ]; then
    echo "building sqlc (once, about a minute)" >&2
    mkdir -p "$bin"
    (cd "$root/tools" && CGO_ENABLED=0 go build -p 1 -o "$bin/sqlc" github.com/sqlc-dev/sqlc/cmd/sqlc)
fi

out="${1:-$store}"
if [ "$out" != "$store" ]; then
    mkdir -p "$out"
    cp -R "$store/sqlc.yaml" "$store/migrations" "$store/queries" "$out/"
fi
rm -rf "$out/query"
(cd "$out" && "$bin/sqlc" generate)
