#!/bin/sh
# run.sh PROGRAM - shows that the vector runner can fail: made-up files with wrong expected values beside right ones,
# and the line that each must give. Output: TAP.
# shellcheck disable=SC2319  # the condition is what $? is asked for
set -u
runner=$1
here=$(cd "$(dirname "$0")" && pwd)
number=0

# Reads one verdict: 0 is ok.
tell() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        echo "# exit $status, printed: $out"
    fi
}

# expect STATUS LINE NAME FILE...: the runner's exit status, and the one line that it prints for the files.
expect() {
    want_status=$1 want=$2 name=$3
    shift 3
    out=$("$runner" --backend openssl "$@" 2>/dev/null)
    status=$?
    [ "$status" -eq "$want_status" ] && [ "$out" = "$want" ]
    tell $? "$name"
}

# said TEXT NAME FILE: what must stand on stderr.
said() {
    status=0
    out=$("$runner" --backend openssl "$here/$3" 2>&1 >/dev/null)
    case $out in
    *"$1"*) tell 0 "$2" ;;
    *) tell 1 "$2" ;;
    esac
}

expect 1 "aead.json: 3 run, 1 failed, 2 left out (1 key size 192, 1 nonce is not 96 bits)" \
    "a wrong tag fails, and other sizes are left out" "$here/aead.json"
expect 1 "judge.json: 4 run, 3 failed, 0 left out" \
    "a wrong verdict, an unknown verdict and a missing field fail" "$here/judge.json"
expect 1 "hmac.json: 3 run, 1 failed, 0 left out" "a wrong short tag fails" "$here/hmac.json"
expect 1 "hkdf.json: 3 run, 1 failed, 0 left out" "a wrong HKDF output fails" "$here/hkdf.json"
expect 1 "x25519.json: 3 run, 1 failed, 0 left out" \
    "a wrong value of an acceptable case fails" "$here/x25519.json"
expect 1 "x25519_rule.json: 2 run, 2 failed, 0 left out" \
    "an acceptable case against a rule of ours fails" "$here/x25519_rule.json"
expect 1 "ecdh.json: 3 run, 1 failed, 0 left out" "a wrong ECDH secret fails" "$here/ecdh.json"
expect 1 "ecdsa.json: 3 run, 1 failed, 0 left out" "a wrong ECDSA signature fails" "$here/ecdsa.json"
expect 1 "ed25519.json: 3 run, 1 failed, 0 left out" \
    "a good signature that is called invalid fails" "$here/ed25519.json"
expect 1 "hpke.json: 4 run, 2 failed, 3 left out (1 authenticated modes, 1 KEM 0x0040, 1 key schedule with KDF 0x0010)" \
    "a wrong ciphertext and a wrong export fail" "$here/hpke.json"
expect 1 "xwing.json: 2 run, 1 failed, 0 left out" "a wrong X-Wing secret fails" "$here/xwing.json"
expect 1 "acvp.json: 2 run, 1 failed, 0 left out" "a wrong ML-KEM secret fails" "$here/acvp.json"
expect 1 "cpace.json: 8 run, 1 failed, 2 left out (symmetric setting)" "a wrong CPace key fails" "$here/cpace.json"
expect 1 "mls_messages.json: 2 run, 1 failed, 0 left out" "a spare byte behind an MLS structure fails" "$here/mls_messages.json"
expect 1 "mls_deserialization.json: 3 run, 2 failed, 0 left out" "a length of the wrong form or value fails" "$here/mls_deserialization.json"
expect 1 "mls_tree_math.json: 2 run, 1 failed, 0 left out" "a wrong parent in a tree fails" "$here/mls_tree_math.json"
expect 1 "mls_basics.json: 2 run, 1 failed, 0 left out" "a wrong RefHash fails" "$here/mls_basics.json"
expect 1 "mls_psk.json: 2 run, 1 failed, 0 left out" "a wrong psk_secret fails" "$here/mls_psk.json"
expect 1 "mls_key_schedule.json: 2 run, 1 failed, 0 left out" "a wrong external_pub fails" "$here/mls_key_schedule.json"
expect 1 "mls_transcript.json: 2 run, 1 failed, 0 left out" "a wrong transcript hash fails" "$here/mls_transcript.json"
expect 1 "mls_secret_tree.json: 2 run, 1 failed, 0 left out" "a wrong message nonce fails" "$here/mls_secret_tree.json"
expect 1 "mls_protection.json: 2 run, 1 failed, 0 left out" "another text than what was said fails" "$here/mls_protection.json"
expect 1 "mls_welcome.json: 2 run, 1 failed, 0 left out" "a Welcome with another signer fails" "$here/mls_welcome.json"
expect 1 "mls_passive.json: 4 run, 1 failed, 0 left out" "an epoch with another authenticator fails" "$here/mls_passive.json"
expect 1 "identity.json: 20 run, 19 failed, 0 left out" "another id, verdict, order, token or number of an identity fails" "$here/identity.json"
expect 1 "broken.json: 0 run, 1 failed, 0 left out" "a file that is no JSON fails" "$here/broken.json"
expect 0 "right.json.xz: 1 run, 0 failed, 0 left out" "a packed file of right values passes" "$here/right.json.xz"
expect 0 "other_algorithm.json: 0 run, 0 failed, 2 left out (not an algorithm of ours)" \
    "another algorithm is left out" "$here/other_algorithm.json"
expect 0 "not_vectors.json: 0 run, 0 failed, 1 left out (no vectors of an algorithm of ours)" \
    "a file of something else is left out" "$here/not_vectors.json"
expect 2 "" "a path that is not there is an error" "$here/nothing"
expect 2 "" "no path is an error"
said "aead.json: tcId 3 (a changed tag, called valid): valid, but refused: E_DECRYPT" \
    "a failing case is named with its reason" aead.json
said "judge.json: tcId 3 (a field is missing): field \"aad\" is not hexadecimal" "so is a broken field" judge.json
said "hpke.json [OpenSSL]: entry 1 (mode 0, KEM 0x0020, KDF 1, AEAD 1): encryption 2: ct differs" \
    "so is a wrong encryption inside an entry" hpke.json

# Every file of the folder is found, also the packed one; what is broken decides the exit status.
out=$("$runner" --backend openssl "$here" 2>/dev/null)
status=$?
[ "$status" -eq 1 ] && [ "$(echo "$out" | grep -c ' run, ')" -eq "$(find "$here" -name '*.json' -o -name '*.json.xz' | wc -l)" ]
tell $? "a folder gives a line for each file"

# A checkout without vectors: all that the README names is skipped, and that is no failure.
unset SOTTO_VECTORS
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
mkdir -p "$empty/sotto/tests/vectors/data"
cp "$here/../data/README.md" "$empty/sotto/tests/vectors/data/"
out=$("$runner" --backend openssl --tap --source "$empty/sotto" 2>/dev/null)
status=$?
named=$(grep -c '^| `' "$here/../data/README.md")
[ "$status" -eq 0 ] && [ "$named" -gt 0 ] && [ "$(echo "$out" | grep -c 'README.md says .* # SKIP')" -eq "$named" ]
tell $? "without vectors each missing file is skipped by name"

# The first place that has files is the one: the folder of the checkout stands before the shared one.
mkdir -p "$empty/shared/vectors"
cp "$here/aead.json" "$empty/shared/vectors/"
out=$("$runner" --backend openssl --source "$empty/sotto" 2>/dev/null | grep -v 'not found')
status=$?
[ "$out" = "aead.json: 3 run, 1 failed, 2 left out (1 key size 192, 1 nonce is not 96 bits)" ]
tell $? "vectors are found in the shared folder"
cp "$here/right.json.xz" "$empty/sotto/tests/vectors/data/"
out=$("$runner" --backend openssl --source "$empty/sotto" 2>/dev/null | grep -v 'not found')
status=$?
[ "$out" = "right.json.xz: 1 run, 0 failed, 0 left out" ]
tell $? "vectors of the checkout go first"
out=$(SOTTO_VECTORS="$here/hmac.json" "$runner" --backend openssl --source "$empty/sotto" 2>/dev/null | grep -v 'not found')
status=$?
[ "$out" = "hmac.json: 3 run, 1 failed, 0 left out" ]
tell $? "SOTTO_VECTORS goes before both"
echo "1..$number"
