#!/bin/sh
# Fails when the generated code in the tree is not what its sources give.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$root/tools/generate.sh" "$tmp/sqlstore"
if ! diff -ru "$root/provider/internal/store/sqlstore/query" "$tmp/sqlstore/query"; then
    echo "the generated queries are out of date: run make generate and commit the result" >&2
    exit 1
fi
