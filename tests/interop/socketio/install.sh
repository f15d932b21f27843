#!/bin/sh
# install.sh - brings socket.io-client, with what it needs, into the cache and prints the folder of its modules. Nothing of it
# enters the repository; package-lock.json pins every byte.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sotto/npm
folder=$cache/$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c 1-32)
if [ ! -d "$folder" ]; then
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/work.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    cp "$here/package.json" "$here/package-lock.json" "$work/"
    (cd "$work" && timeout 120 npm ci --silent --ignore-scripts --no-audit --no-fund >&2) || {
        echo 'install: npm ci failed' >&2
        exit 1
    }
    mv -T "$work" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
printf '%s\n' "$folder/node_modules"
