#!/bin/sh
# run.sh - the walk of walk.py, ours against ts-mls, which it brings first. Prints TAP.
#
#   tests/interop/mls/run.sh HARNESS [options of walk.py]
#   SOTTO_WALK='--seed 7 --steps 2000'    more options
set -eu
here=$(cd "$(dirname "$0")" && pwd)
harness=$1
shift
command -v node >/dev/null || {
    if [ -n "${CI:-}" ]; then printf '1..1\nnot ok 1 - node is here: make setup-long installs it\n' && exit 1; fi
    echo '1..0 # SKIP no node here; make setup-long installs it'
    exit 0
}
theirs=$("$here/install.sh")
# shellcheck disable=SC2086  # options are words
exec python3 "$here/walk.py" --ours "$harness --restore" --theirs "node $here/ts_mls_client.mjs $theirs" "$@" ${SOTTO_WALK:-}
