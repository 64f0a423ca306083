#!/bin/sh
# SPDX-License-Identifier: MIT
# From a clean checkout to sound: installs what is missing, builds, runs `backline`.

usage() {
    cat <<'END'
Usage: sh share/start.sh [--build-only] [-- ARGUMENT...]

Installs the packages that are missing, builds Backline into build/release and runs it.
  --build-only     stop after building
  -- ARGUMENT...   arguments for `backline`, as in: sh share/start.sh -- live --help
END
}

run=yes
while [ $# -gt 0 ]; do
    case $1 in
    --build-only) run= ;;
    -h | --help)
        usage
        exit 0
        ;;
    --)
        shift
        break
        ;;
    [!-]*)
        echo "start: found \"$1\"; put -- live before it: sh share/start.sh -- live $1" >&2
        exit 2
        ;;
    *)
        echo "start: there is no option \"$1\"" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
done

# The program's own arguments may name files relative to where the person stands: no cd.
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
build=$root/build/release
log=$root/build/start.log

say() {
    printf 'start: %s\n' "$*" >&2
}

# quietly COMMAND...: shows the output only if it fails.
quietly() {
    "$@" >"$log" 2>&1 && return
    tail -n 40 "$log" >&2
    say "that failed; all of its output is in $log"
    exit 1
}

sh "$root/share/install-packages.sh" build >&2 || exit 1
mkdir -p "$root/build"
if [ ! -f "$build/build.ninja" ]; then
    say "configuring"
    quietly cmake -S "$root" --preset release -DBL_TESTS=OFF
fi
if [ -x "$build/bin/backline" ]; then
    say "building what has changed"
else
    say "building (the first time takes a minute)"
fi
quietly cmake --build "$build"
[ -n "$run" ] || exit 0
exec "$build/bin/backline" "$@"
