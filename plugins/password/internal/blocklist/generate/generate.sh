#!/usr/bin/env bash
# Rebuilds ../blocklist.bin from its sources. Needs go, npm, apt-get (Debian bookworm) and dpkg-deb.
# Every source is pinned by version and by the digest of the file taken from it, so the result is the same everywhere;
# SOURCES.md says where each comes from and under which licence.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{zxcvbn,zxcvbn-ts-common,zxcvbn-ts-it,hashcat,fetch}

echo "zxcvbn: the module's own data"
zxcvbn=$(go list -m -f '{{.Dir}}' github.com/trustelem/zxcvbn)
cp "$zxcvbn"/data/*.txt "$work/zxcvbn/"

npm_source() { # package version target
  echo "$1 $2"
  (cd "$work/fetch" && tar xzf "$(npm pack --silent "$1@$2")" && cp package/src/*.json "$work/$3/" && rm -rf package)
}
npm_source @zxcvbn-ts/language-common 4.1.3 zxcvbn-ts-common
npm_source @zxcvbn-ts/language-it 3.0.2 zxcvbn-ts-it

echo "hashcat-data (Debian)"
(cd "$work/fetch" && apt-get download -q hashcat-data && dpkg-deb -x hashcat-data_*.deb . )
cp "$work/fetch/usr/share/doc/hashcat-data/examples/example.dict" "$work/hashcat/"

(cd "$work" && sha256sum --check --quiet -) < sources.sha256
chmod -R u+w "$work"
go run . -sources "$work" -out ../blocklist.bin
