#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian and Ubuntu packages that are missing, and does nothing if none is.
# Usage: sh share/install-packages.sh build|test|all...
# Nothing is ever removed, no question asked, no package source, architecture or service added:
# packages that bring a system service are kept out of the list (dbus-x11 stands there so that GTK
# does not pull in systemd where there is none).

# One row: group, then packages. a|b: either will do, a is preferred. ?a: the checks that need it
# are skipped where the package sources lack it.
list() {
    cat <<'END'
build gcc libc6-dev cmake ninja-build pkg-config
build libjack-jackd2-dev|libjack-dev libasound2-dev libsndfile1-dev libyaml-dev libjansson-dev
build libspeexdsp-dev libkissfft-dev libebur128-dev liblo-dev
build dbus-x11|dbus-user-session libgtk-3-dev librsvg2-common adwaita-icon-theme
build jackd2|jackd1
test libcmocka-dev
test xvfb xauth dbus-daemon at-spi2-core
test ?clang-format-14 ?clang-tidy-14 cppcheck shellcheck
all clang ?libclang-rt-dev ?llvm
all ?clang-22 ?libclang-rt-22-dev
all ?gcc-aarch64-linux-gnu ?libc6-dev-arm64-cross ?qemu-user
all ?pipewire ?pipewire-jack ?wireplumber dbus-daemon
all locales ?valgrind ?desktop-file-utils ?appstream
END
}

say() {
    printf 'packages: %s\n' "$*"
}

if [ $# = 0 ]; then
    echo "usage: sh share/install-packages.sh build|test|all..." >&2
    exit 2
fi

wanted=
for group in "$@"; do
    rows=$(list | sed -n "s/^$group //p")
    if [ -z "$rows" ]; then
        echo "packages: there is no group \"$group\"; there are build, test and all" >&2
        exit 2
    fi
    wanted="$wanted $rows"
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is not Debian or Ubuntu; going on with what is installed. Needed, by Debian's names:"
    # shellcheck disable=SC2086 # a list of words
    printf '    %s\n' $wanted
    exit 0
fi

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

available() {
    LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'
}

# The rows of which no alternative is installed.
missing=
for row in $wanted; do
    have=
    for package in $(printf '%s' "${row#\?}" | tr '|' ' '); do
        installed "$package" && have=$package && break
    done
    [ -n "$have" ] || missing="$missing $row"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [ -t 2 ]; }; then
        say "packages are missing and only root can install them. As root, run:"
        # shellcheck disable=SC2086 # a list of words
        printf '    apt-get update && apt-get install --no-install-recommends'
        for row in $missing; do
            name=${row#\?}
            [ "$name" = "$row" ] || available "$name" || continue
            printf ' %s' "${name%%|*}"
        done
        echo
        exit 1
    fi
    root=sudo
fi

say "reading the package lists"
$root apt-get -q update </dev/null >/dev/null ||
    say "apt-get update failed; trying with the lists that are there"

install=
for row in $missing; do
    choice=
    for package in $(printf '%s' "${row#\?}" | tr '|' ' '); do
        available "$package" && choice=$package && break
    done
    if [ -n "$choice" ]; then
        install="$install $choice"
    elif [ "${row#\?}" = "$row" ]; then
        say "no package source of this system has $row"
        exit 1
    else
        say "no package source of this system has ${row#\?}; what needs it is skipped"
    fi
done
[ -n "$install" ] || exit 0

say "installing$install"
log=$(mktemp)
# NEEDRESTART_*: Ubuntu would else restart services or ask which.
# shellcheck disable=SC2086 # lists of words
if ! $root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l NEEDRESTART_SUSPEND=1 \
    apt-get -q -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 \
    install $install </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    say "that failed; put right what the lines above say and run this again"
    exit 1
fi
rm -f "$log"
