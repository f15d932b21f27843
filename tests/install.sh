#!/bin/sh
# install.sh - what `make install` leaves behind works without the tree and the builder's home: programs start, load one libcrypto from
# beside themselves, and other programs build against the library, in C and C++. Prints TAP; wants build-check/ built.
# shellcheck disable=SC2317  # the checks are called by name
set -u
cd "$(dirname "$0")/.." || exit 1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
n=0 bad=0
check() { # NAME COMMAND...
    name=$1
    shift
    n=$((n + 1))
    if said=$("$@" 2>&1); then
        echo "ok $n - install: $name"
    else
        echo "not ok $n - install: $name"
        printf '%s\n' "$said" | tail -n 20 | sed 's/^/# /'
        bad=1
    fi
}
alone() { env -i PATH=/usr/bin:/bin HOME=/nonexistent "$@"; }

put_there() {
    meson configure build-check -Dprefix="$place" && meson install -C build-check --quiet || return 1
    HOME=/nonexistent XDG_CACHE_HOME='' tools/install-private build-check '' # as with sudo: another home than the builder's
}
check 'files are put in their place' put_there
check 'sotto starts' alone "$place/bin/sotto" --version
check 'sottod starts' alone "$place/bin/sottod" --version

by_hand() { said=$(alone "$place/libexec/sotto/sottod-mail" 2>&1); [ $? = 2 ] && [ -z "${said##sottod-mail *by itself}" ]; }
check 'sottod-mail starts' by_hand
finds_mailer() {
    printf '[mail]\nserver = smtp://localhost\nfrom = sotto@example.org\n' >"$place/mail.conf"
    alone "$place/bin/sottod" check-config "$place/mail.conf"
}
check 'sottod finds it' finds_mailer
no_curl() { loaded=$(ldd "$place/bin/sottod") && ! printf '%s\n' "$loaded" | grep 'libcurl\|libldap\|libgnutls'; }
check 'sottod itself has no libcurl' no_curl

one_libcrypto() {
    for program in "$place/bin/sotto" "$place/bin/sottod" "$place/libexec/sotto/sottod-mail"; do
        loaded=$(alone ldd "$program" | grep 'libcrypto\.so\|libssl\.so\|lib25519\|librandombytes')
        [ "$(printf '%s\n' "$loaded" | grep -c libcrypto)" = 1 ] || return 1
        private=$(tools/setup -q prefix)
        [ -z "$private" ] || ! printf '%s\n' "$loaded" | grep -v "=> $place/" || return 1
        ! readelf -d "$program" | grep -E 'RUNPATH|RPATH' | grep -v "\[$place/" | grep . || return 1
    done
}
check 'one libcrypto, from beside the programs' one_libcrypto

cat >"$place/user.c" <<'END'
#include <sotto/sotto.h>
#include <stdio.h>
int main(void)
{
    printf("%s %s\n", sotto_version(), sotto_err_name(SOTTO_E_RATE));
    return sotto_check_libcrypto() == SOTTO_OK ? 0 : 1;
}
END
cp "$place/user.c" "$place/user.cc"
library=$(find "$place" -name 'libsotto.so' | head -n 1)
pc=$(find "$place" -name 'sotto.pc' | head -n 1)
compiles() { # COMPILER SOURCE OUT
    # shellcheck disable=SC2046  # flags are words
    PKG_CONFIG_PATH=${pc%/*} "$1" -Wall -Wextra -Werror -pedantic -D_GNU_SOURCE -o "$3" "$2" \
        $(PKG_CONFIG_PATH=${pc%/*} pkg-config --cflags --libs sotto) -Wl,-rpath,"${library%/*}"
}
builds_against() { # COMPILER SOURCE OUT
    compiles "$@" && alone "$3"
}
check 'a C program builds against it by pkg-config, and runs' builds_against gcc "$place/user.c" "$place/user"
hello() {
    compiles gcc examples/mls_hello.c "$place/mls_hello" && said=$(alone "$place/mls_hello") && printf '%s\n' "$said" &&
        [ "$(printf '%s\n' "$said" | grep -c 'hello, both')" = 2 ] && [ "$(printf '%s\n' "$said" | grep -c 'just us')" = 1 ] &&
        printf '%s\n' "$said" | grep -q '^Carol: epoch .*removed$' && printf '%s\n' "$said" | tail -n 1 | grep -q '^Carol: ('
}
check 'examples/mls_hello.c builds and does what it says' hello
group() {
    compiles gcc examples/mls_group.c "$place/mls_group" && said=$(alone "$place/mls_group" "$place/state") && printf '%s\n' "$said" &&
        printf '%s\n' "$said" | grep -q 'refused: ' && printf '%s\n' "$said" | grep -q 'joins by itself: leaf 2: Carol' &&
        [ "$(printf '%s\n' "$said" | tail -n 1)" = '3 members' ]
}
check 'examples/mls_group.c builds and does what it says' group
check 'the headers are clean in C++' clang++ -fsyntax-only -Wall -Wextra -Werror -pedantic -I"$place/include" "$place/user.cc"
check 'man pages are there' test -f "$place/share/man/man1/sotto.1" -a -f "$place/share/man/man8/sottod.8" -a -f "$place/share/man/man5/sottod.conf.5"
mandoc_silent() { ! mandoc -T lint -W warning "$place/share/man/man1/sotto.1" "$place/share/man/man8/sottod.8" "$place/share/man/man5/sottod.conf.5" | grep .; }
check 'man pages are clean' mandoc_silent
check 'the unit is there' grep -q "ExecStart=$place/bin/sottod serve" "$place/lib/systemd/system/sottod.service"
recipes() {
    printf 'proxy_from = 127.0.0.1\n' >"$place/proxy.conf"
    said=$(alone "$place/bin/sottod" check-config "$place/proxy.conf") && printf '%s\n' "$said" || return 1
    printf '%s\n' "$said" | grep -q "see $place/share/sotto/haproxy.cfg, " || return 1
    for name in haproxy.cfg nginx-stream.conf nginx-gateway.conf; do
        test -f "$place/share/sotto/$name" || return 1
    done
}
check 'recipes for proxies are there, and hints name them' recipes
completions() { [ "$(find "$place/share" -path '*complet*' -type f | wc -l)" -ge 2 ]; }
check 'completions are there' completions
meson configure build-check -Dprefix=/usr/local
echo "1..$n"
exit $bad
