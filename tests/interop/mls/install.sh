#!/bin/sh
# install.sh - brings ts-mls, with what it needs, into the cache and prints its folder. Nothing of it enters the repository.
#
#   tests/interop/mls/install.sh
#   SOTTO_TS_MLS=source|npm      where from; default: its source, and where that cannot be fetched, npm's newest release
#   SOTTO_TS_MLS_GIT=URL         a clone of https://github.com/LukaJCB/ts-mls
#
# The source is of a later day than npm's releases, whose defects keep a group from much of what RFC 9420 demands
# (docs/mls-harness.md). The commit's hash pins it, package-lock.json everything else.
set -eu
export LC_ALL=C
commit=9f4957161f75079c198f23ebf2730239ad84cc80
git=${SOTTO_TS_MLS_GIT:-https://github.com/LukaJCB/ts-mls}
from=${SOTTO_TS_MLS:-}

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sotto/npm
folder=$cache/$(cat "$here/package.json" "$here/package-lock.json" "$here/install.sh" | sha256sum | cut -c 1-32)
mkdir -p "$cache"
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf 'install: %s\n' "$*" >&2; }

# npm's part: as a whole or not at all.
if [ ! -d "$folder" ]; then
    work=$(mktemp -d "$cache/work.XXXXXX")
    cp "$here/package.json" "$here/package-lock.json" "$work/"
    (cd "$work" && npm ci --silent --ignore-scripts --no-audit --no-fund >&2) || {
        say 'npm ci failed'
        exit 1
    }
    mv -T "$work" "$folder" 2>/dev/null || [ -d "$folder" ]
fi

# The source's: it finds its libraries in the folder above it.
source=$folder/source
if [ "$from" != npm ] && [ ! -d "$source" ]; then
    work=$(mktemp -d "$folder/work.XXXXXX")
    if git init -q "$work/git" && timeout 120 git -C "$work/git" fetch -q --depth 1 "$git" "$commit" 2>"$work/log"; then
        git -C "$work/git" archive "$commit" src package.json LICENSE | tar -x -C "$work"
        rm -rf "$work/git"
        "$folder/node_modules/.bin/tsc" --noCheck --target ES2022 --module ESNext --moduleResolution Bundler \
            --rootDir "$work/src" --outDir "$work/dist/src" "$work/src/index.ts" >&2 || {
            say 'tsc failed'
            exit 1
        }
        rm -rf "$work/src" "$work/log"
        mv -T "$work" "$source" 2>/dev/null || [ -d "$source" ]
    else
        say "$git: $(head -n 1 "$work/log")"
        [ "$from" != source ] || exit 1
        say "taking npm's release, which can do less"
    fi
fi
if [ "$from" != npm ] && [ -d "$source" ]; then
    printf '%s\n' "$source"
else
    printf '%s\n' "$folder/node_modules/ts-mls"
fi
