#!/usr/bin/env bash
# Installs what the tests need, then runs them all. Safe to run again; each part says what it does.
#   tools/test.sh            everything
#   tools/test.sh ./some/... only these packages, with the same servers and browser at hand
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

command -v go >/dev/null || fail "The tests need Go $(sed -n 's/^go //p' go.mod) or newer: install it and run 'make test' again."

say "Debian packages: PostgreSQL, Chromium, Apache with mod_auth_openidc, Node.js, a C compiler for the race detector, Exim"
packages=()
need() { command -v "$1" >/dev/null || [ -e "$1" ] || packages+=("${@:2}"); }
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages+=(postgresql)
need chromium chromium
need apache2 apache2
need /usr/lib/apache2/modules/mod_auth_openidc.so libapache2-mod-auth-openidc
need node nodejs npm
need npm npm
need gcc gcc libc6-dev
need /usr/sbin/exim4 exim4-daemon-light
if [ ${#packages[@]} -gt 0 ]; then
  sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "These Debian packages are missing and only root can install them: ${packages[*]}"
    sudo=(sudo)
  fi
  command -v apt-get >/dev/null || fail "Install these yourself (this machine has no apt-get), then run 'make test' again: ${packages[*]}"
  echo "installing ${packages[*]}"
  # Servers are started by the tests themselves, on ports of their own.
  restore=
  if [ ! -e /usr/sbin/policy-rc.d ] && [ "$(id -u)" -eq 0 ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && restore=1
  fi
  "${sudo[@]}" apt-get update -qq || fail "apt-get update failed: check the network and /etc/apt/sources.list."
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
    fail "apt-get could not install ${packages[*]}: the lines above say why."
  [ -z "$restore" ] || rm -f /usr/sbin/policy-rc.d
fi

clients=provider/internal/e2e/clients
say "npm packages of the test clients ($clients)"
(cd "$clients" && npm ci --no-audit --no-fund --silent) || fail "npm ci failed in $clients: check the network, then run 'make test' again."
for dir in plugins/node examples/authenticator-node; do
  say "npm packages of $dir"
  (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --silent) || fail "npm ci failed in $dir: check the network, then run 'make test' again."
done
export VARCO_AXE="$PWD/$clients/node_modules/axe-core/axe.min.js"

if [ $# -gt 0 ]; then
  say "go test $*"
  exec go test "$@"
fi

say "Formatting, vet, staticcheck"
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || fail "These files are not formatted (run gofmt -w on them): $unformatted"
go vet ./...
go -C tools build -o "$PWD/bin/staticcheck" honnef.co/go/tools/cmd/staticcheck
bin/staticcheck ./...

say "Queries and generated files are current"
tools/check.sh

say "Build without cgo"
CGO_ENABLED=0 go build -trimpath -o bin/varco ./cmd/varco
export VARCO_BIN="$PWD/bin/varco"

say "Tests with the race detector"
# Some start processes and browsers by the dozen and hold them to deadlines: these go one after the other.
crowds='^github.com/varco-id/varco/(cmd/varco|plugins/conformance|plugins/host|provider/internal/e2e)$'
go test -race -timeout 20m $(go list ./... | grep -Ev "$crowds")
go test -race -timeout 20m -p 1 $(go list ./... | grep -E "$crowds")

say "The Node.js package for plugins, and the example on it"
npm --prefix plugins/node test --silent
npm --prefix examples/authenticator-node test --silent

say "The key service plugin, a module of its own"
go -C plugins/kms vet ./...
go -C plugins/kms test -race ./...

say "Done: every test passed."
