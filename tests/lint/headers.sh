#!/bin/sh
# SPDX-License-Identifier: MIT
# Each header compiles alone, as C11 with the project's warnings: with gcc, the public ones with
# clang too. A text that needs its includer is no header; call it *.inc.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"
start_lint "$@"

flags='-std=c11 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion
    -Wstrict-prototypes -Wundef -Werror -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE'

# alone COMPILER HEADER
alone() {
    # shellcheck disable=SC2046,SC2086 # lists of words
    printf '#include "%s"\nextern int bl_lint_nothing;\n' "$2" |
        "$1" $flags $(folders "$2") $libraries -x c - 2>"$message" ||
        found "$2: does not compile alone with $1: $(grep -m 1 error "$message")"
}

# Where a file of that folder finds its includes and which processor it is for, as in CMake.
folders() {
    case $1 in
    engine/rt/kernels/*)
        echo "-Iengine/include -Iengine"
        [ "$(uname -m)" != x86_64 ] || echo "-mavx2 -mfma"
        ;;
    engine/*) echo "-I. -Iengine/include -Iengine" ;;
    *) echo "-I. -Iengine/include -Iengine -I$(dirname "$1") -Iapp -Itests" ;;
    esac
}

libraries=
for library in jack gtk+-3.0 kissfft-float; do
    flag=$(pkg-config --cflags "$library" 2>/dev/null) && libraries="$libraries $flag"
done
# The libraries' own headers are not ours to warn about.
libraries=$(printf '%s' "$libraries" | sed 's/-I/-isystem /g')

message=$(mktemp) || exit 2
trap 'rm -f "$findings" "$message"' EXIT
for header in $(project_files '*.h'); do
    alone gcc "$header"
    case $header in
    engine/include/*) ! command -v clang >/dev/null || alone clang "$header" ;;
    esac
done
end_lint
